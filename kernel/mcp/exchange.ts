/** One request of a client from the moment it is known to be one until its answer was told. */
import type { Answer, Log } from '../plugin.ts';
import { errorAnswer } from '../answer.ts';
import { RequestArrival } from './arrival.ts';
import { askerOf } from './ask.ts';
import type { Catalogue } from './catalogue.ts';
import type { ClientRequest, Responder } from './door.ts';
import type { Era } from './era.ts';
import { EventPipe } from './event-pipe.ts';
import type { Subject } from './governed.ts';
import { headerOf, mediaType, responseHeaders } from './headers.ts';
import type { Final, ForwardLeg, Gate, Incoming, Landing, Lookup } from './incoming.ts';
import { KeepAlive } from './keep-alive.ts';
import type { OAuthMetadata } from './oauth-metadata.ts';
import { landingOfAnswer, landingOfBody, messageBytes, type Landed } from './landing.ts';
import { idKey, rpcCode, type Message, type RpcId } from './messages.ts';
import { paramHeaders, paramMismatch } from './param-headers.ts';
import { outgoingBytes } from './rewrite.ts';
import type { Scanned } from './scan.ts';
import type { ClientSession, OpenRequest, Sessions } from './sessions.ts';
import { messageEvent, type SseEvent } from './sse-events.ts';
import { onStreamEvent } from './stream-events.ts';
import type { Headers, Leg, Outgoing, Receiver } from './upstream.ts';

/** What all exchanges share. */
export interface RelayWorld {
  gate(): Gate;
  catalogueOf(upstream: string): Catalogue;
  readonly sessions: Sessions;
  readonly log: Log;
  readonly oauth: OAuthMetadata;
  /** Every exchange whose answer was not told yet, for deadlines and the drain. */
  readonly open: Set<Exchange>;
}

const largestAnswerBytes = 64 * 1024 * 1024;
/** After a cancel the upstream may still answer, and often says nothing any more. */
const cancelGraceMs = 5_000;
const jsonHeaders: Headers = Object.freeze({ 'content-type': 'application/json' });
const streamHeaders: Headers = Object.freeze({
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
});

export class Exchange implements Receiver, OpenRequest {
  readonly key: string;
  readonly arrival: RequestArrival;
  readonly receivedAtMs = Date.now();
  isLanded = false;
  /** Set when it is forwarded. */
  deadlineMs = Infinity;

  readonly #world: RelayWorld;
  readonly #request: ClientRequest;
  readonly #responder: Responder;
  readonly #message: Message;
  readonly #id: RpcId;
  readonly #era: Era;
  readonly #session: ClientSession;
  readonly #sessionId: string | undefined;

  #subject: Subject | undefined;
  #aborter: AbortController | undefined;
  #land: ((landing: Landing) => void) | undefined;
  #leg: Leg | undefined;
  #isForwarded = false;
  #isCancelled = false;
  #isFinished = false;
  #status = 0;
  #headers: Headers = {};
  #pipe: EventPipe | undefined;
  #chunks: Buffer[] = [];
  #size = 0;
  #body: Buffer | undefined;
  /** The event that brought the answer, and who waits for the judged one. */
  #carrier: SseEvent | undefined;
  #tell: ((bytes: Buffer | undefined) => void) | undefined;
  /** Told in place of an answer that broke the protocol. */
  #replacement: Answer | undefined;
  #isCommitted = false;
  #isResumable = false;
  #keepAlive: KeepAlive | undefined;
  /** The upstream's HTTP refusal of a list that was fetched for this call. */
  #refusal: { readonly status: number; readonly headers: Headers; readonly body: Buffer } | undefined;

  constructor(
    world: RelayWorld,
    request: ClientRequest,
    responder: Responder,
    message: Message,
    era: Era,
    session: ClientSession,
    sessionId: string | undefined,
  ) {
    this.#world = world;
    this.#request = request;
    this.#responder = responder;
    this.#message = message;
    this.#id = message.id!;
    this.key = idKey(message.id!);
    this.#era = era;
    this.#session = session;
    this.#sessionId = sessionId;
    this.arrival = new RequestArrival(request, message, era, session, sessionId);
    session.open.set(this.key, this);
    world.open.add(this);
    responder.onGone(() => this.#clientGone());
  }

  /** Goes through the pipeline. */
  govern(subject: Subject): void {
    this.#subject = subject;
    const gate = this.#world.gate();
    void gate
      .call(new ExchangeIncoming(this, subject, this.#request.upstream.name))
      .then((final) => this.#finish(final));
  }

  /** Where Helio is the HTTP server: a sentence part when `Mcp-Param-*` and the arguments differ. */
  async checkParamHeaders(subject: Subject): Promise<string | undefined> {
    this.#subject = subject;
    const found = await this.lookup();
    if (!('found' in found) || !found.found) return undefined;
    return paramMismatch(found.found.inputSchema, subject.arguments, (name) => headerOf(this.#request.headers, name));
  }

  /** It was refused before anybody judged it. */
  abandon(): void {
    this.#isFinished = true;
    this.#world.open.delete(this);
    this.#session.open.delete(this.key);
  }

  /** Goes on as it is. */
  pass(): void {
    this.#send(this.#message.bytes, undefined);
  }

  get signal(): AbortSignal {
    this.#aborter ??= new AbortController();
    return this.#aborter.signal;
  }

  get method(): string {
    return this.#message.method!;
  }

  forward(leg: ForwardLeg): Promise<Landing> {
    return new Promise((resolve) => {
      this.#land = resolve;
      const { door, upstream } = this.#request;
      // A stdio client has no headers; an HTTP upstream of the modern era wants the arguments mirrored.
      const needsMirror =
        door === 'stdio' && this.#era === 'modern' && upstream.transport === 'http' && this.#subject!.kind === 'tool';
      if (leg.arguments || needsMirror) return void this.#sendMirrored(leg.arguments, leg.headers);
      this.#send(outgoingBytes(this.#message, undefined), leg.headers.size > 0 ? leg.headers : undefined);
    });
  }

  lookup(): Lookup | Promise<Lookup> {
    if (this.#subject?.kind !== 'tool') return { found: undefined };
    const { upstream, headers } = this.#request;
    const asker = askerOf(
      upstream,
      { era: this.#era, headers, session: this.#sessionId, meta: this.arrival.meta },
      (refusal) => {
        this.#refusal = refusal;
      },
    );
    return this.#world.catalogueOf(upstream.name).lookup(this.#subject.name, asker);
  }

  waiting(message: string): void {
    if (this.#isFinished || !this.#responder.takesStreams) return;
    this.#keepAlive ??= new KeepAlive(this.#message.params, (bytes) => {
      if (this.#responder.isGone) return;
      if (!this.#isCommitted) this.#commit(200, streamHeaders);
      this.#responder.write(bytes);
    });
    this.#keepAlive.say(message);
  }

  /** The proxy stops: nothing goes on waiting for a person, or for a client that may never resume. */
  drain(): void {
    if (!this.#isForwarded) this.#abort();
    else if (this.#responder.isGone) this.expire();
  }

  /** A modern upstream compares the arguments with the headers that mirror them, so these are rewritten too. */
  async #sendMirrored(args: ForwardLeg['arguments'], headers: ForwardLeg['headers']): Promise<void> {
    const extra = new Map<string, string | undefined>(headers);
    if (this.#era === 'modern' && this.#subject?.kind === 'tool') {
      const found = await this.lookup();
      const schema = 'found' in found ? found.found?.inputSchema : undefined;
      for (const [name, value] of paramHeaders(schema, args ?? this.#subject.arguments)) extra.set(name, value);
    }
    this.#send(outgoingBytes(this.#message, args), extra);
  }

  #abort(): void {
    this.#aborter ??= new AbortController();
    this.#aborter.abort();
  }

  #send(bytes: Uint8Array, extra: ReadonlyMap<string, string | undefined> | undefined): void {
    const { upstream, headers } = this.#request;
    this.#isForwarded = true;
    this.#keepAlive?.forwarded();
    // A subscription is open for as long as both sides want.
    if (this.method !== 'subscriptions/listen') this.deadlineMs = Date.now() + upstream.timeoutMs;
    const outgoing: Outgoing = {
      verb: 'POST',
      era: this.#era,
      headers,
      bytes,
      message: this.#message,
      session: this.#sessionId,
      ...(extra && { extra }),
    };
    this.#leg = upstream.exchange(outgoing, this);
  }

  // -- The upstream's side ----------------------------------------------------------------------------------------

  head(status: number, headers: Headers): void {
    this.#status = status;
    this.#headers = headers;
    const isOk = status >= 200 && status < 300;
    if (this.#era === 'legacy') this.#watchSession(status, headers);
    if (!isOk || mediaType(headers) !== 'text/event-stream') return;
    this.#pipe = new EventPipe(
      this.#responder,
      () => this.#leg,
      (event) => this.#onEvent(event),
      () => this.#streamEnded('the stream ended before the answer came'),
    );
    if (!this.#isCommitted) this.#commit(status, responseHeaders(headers));
  }

  chunk(bytes: Buffer): void {
    if (this.#pipe) {
      try {
        this.#pipe.push(bytes);
      } catch {
        this.#tooLarge();
      }
      return;
    }
    this.#chunks.push(bytes);
    this.#size += bytes.length;
    if (this.#size > largestAnswerBytes) this.#tooLarge();
  }

  end(): void {
    if (this.#pipe) return this.#pipe.end();
    this.#body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#landOnce(landingOfBody(this.#status, this.#body, this.#id));
  }

  failed(reason: string, sent: boolean): void {
    if (this.#pipe) return this.isLanded ? this.#pipe.end() : this.#streamEnded(reason);
    this.#landOnce({ landing: sent ? { kind: 'unknown', reason } : { kind: 'not_sent', reason }, isReplaced: false });
  }

  #tooLarge(): void {
    this.#landOnce({ landing: { kind: 'unknown', reason: 'the answer is larger than 64 MiB' }, isReplaced: false });
    this.#leg?.abort('timeout');
  }

  #onEvent(event: SseEvent): Buffer | Promise<Buffer | undefined> | undefined {
    if (event.id !== undefined && this.#sessionId !== undefined) this.#isResumable = true;
    return onStreamEvent(event, {
      session: this.#session,
      catalogue: this.#world.catalogueOf(this.#request.upstream.name),
      upstream: this.#request.upstream.name,
      log: this.#world.log,
      own: this,
    });
  }

  #streamEnded(reason: string): void {
    if (this.isLanded) return this.#responder.end();
    if (this.#isResumable && this.#era === 'legacy' && !this.#isCancelled) {
      // SEP-1699: the server may close the stream; the answer comes on a GET with Last-Event-ID.
      this.#responder.end();
      return;
    }
    this.#landOnce({ landing: { kind: 'unknown', reason }, isReplaced: false });
  }

  #watchSession(status: number, headers: Headers): void {
    if (this.method === 'initialize' && status < 300) {
      const given = headerOf(headers, 'mcp-session-id');
      this.#session.introduce(this.#message.params);
      if (given !== undefined) this.#world.sessions.add(this.#request.upstream.name, given, this.#session);
    } else if (status === 404 && this.#sessionId !== undefined) {
      this.#world.sessions.drop(this.#request.upstream.name, this.#sessionId);
    }
  }

  // -- The answer -------------------------------------------------------------------------------------------------

  landOnEvent(event: SseEvent, scanned: Scanned): Buffer | Promise<Buffer | undefined> | undefined {
    if (this.isLanded || !this.#isForwarded) return undefined;
    this.#carrier = event;
    return this.#landOnCarrier({ landing: landingOfAnswer(scanned, 200), isReplaced: false });
  }

  /** An answer without an id on the request's own stream: the caller learns that, under its own id. */
  landWithoutId(event: SseEvent): Buffer | Promise<Buffer | undefined> | undefined {
    this.#carrier = event;
    return this.#landOnCarrier(landingOfBody(200, event.data!, this.#id));
  }

  #landOnCarrier(landed: Landed): Promise<Buffer | undefined> | Buffer | undefined {
    let told: Buffer | undefined;
    let isTold = false;
    let resolve: ((bytes: Buffer | undefined) => void) | undefined;
    this.#tell = (bytes) => {
      told = bytes;
      isTold = true;
      resolve?.(bytes);
    };
    this.#landOnce(landed);
    if (isTold) return told;
    return new Promise((done) => (resolve = done));
  }

  #landOnce(landed: Landed): void {
    if (this.isLanded) return;
    this.isLanded = true;
    const { landing } = landed;
    if (landed.fault !== undefined) {
      this.#world.log.warn('an upstream broke the protocol', {
        upstream: this.#request.upstream.name,
        method: this.method,
        fault: landed.fault,
      });
    }
    if (landed.isReplaced && landing.kind === 'answer') this.#replacement = landing.answer;
    if (this.method === 'tools/list' && landing.kind === 'answer') this.#learn(landing.answer);
    if (this.#land) return this.#land(landing);
    this.#finish(this.#finalOfPassed(landing));
  }

  #learn(answer: Answer): void {
    const { upstream, headers } = this.#request;
    const { cursor } = this.#message.params;
    const { viewKey } = askerOf(upstream, {
      era: this.#era,
      headers,
      session: this.#sessionId,
      meta: this.arrival.meta,
    });
    this.#world.catalogueOf(upstream.name).learn(viewKey, typeof cursor === 'string' ? cursor : undefined, answer);
  }

  /** What the pipeline would say of a request that it did not see. */
  #finalOfPassed(landing: Landing): Final {
    const { upstream } = this.#request;
    let error: string | undefined;
    if (landing.kind !== 'answer') error = landing.reason;
    else if (landing.answer.kind === 'error') error = 'the upstream answered with an error';
    const seen = { method: this.method, upstream: upstream.name, arrival: this.arrival, isNotification: false };
    this.#world.gate().passed(error === undefined ? seen : { ...seen, error });
    if (landing.kind === 'answer') return { kind: 'as_landed' };
    if (landing.kind === 'not_sent' && landing.passThrough) return { kind: 'pass_through' };
    return {
      kind: 'answer',
      answer: errorAnswer({ code: rpcCode.internalError, message: `The upstream gave no answer: ${landing.reason}.` }),
    };
  }

  #finish(final: Final): void {
    this.#isFinished = true;
    this.#keepAlive?.stop();
    this.#world.open.delete(this);
    const { session } = this;
    if (session.open.get(this.key) === this) session.open.delete(this.key);
    const carrier = this.#carrier;
    if (carrier === undefined || this.#tell === undefined) {
      this.#respond(final);
    } else {
      const isUntouched = final.kind === 'as_landed' && this.#replacement === undefined;
      const bytes = isUntouched ? carrier.raw : this.#eventOf(final, carrier.id);
      if (carrier.id !== undefined && this.#sessionId !== undefined)
        session.remember(carrier.id, isUntouched ? undefined : bytes);
      this.#tell(bytes);
    }
    this.#world.sessions.release(this.#request.upstream.name, this.#sessionId, session);
  }

  get session(): ClientSession {
    return this.#session;
  }

  #messageOf(final: Final): Buffer | undefined {
    if (final.kind === 'answer') return messageBytes(this.#id.text, final.answer);
    if (this.#replacement && final.kind === 'as_landed') return messageBytes(this.#id.text, this.#replacement);
    return undefined;
  }

  #eventOf(final: Final, id?: string): Buffer | undefined {
    const message = this.#messageOf(final);
    return message && messageEvent(message, id);
  }

  #respond(final: Final): void {
    const responder = this.#responder;
    if (responder.isGone) return;
    if (this.#isCommitted) return this.#respondInStream(final);
    if (final.kind === 'gone') {
      this.#commit(200, streamHeaders);
      return responder.end();
    }
    const refusal = this.#refusal;
    if (refusal && !this.#isForwarded)
      return responder.answer(refusal.status, this.#told(refusal.headers), refusal.body);
    const message = this.#messageOf(final);
    if (message === undefined) return responder.answer(this.#status, this.#told(this.#headers), this.#body);
    const hasUsableHead =
      this.#status >= 200 &&
      this.#status < 300 &&
      this.#body !== undefined &&
      mediaType(this.#headers) === 'application/json';
    if (hasUsableHead) responder.answer(this.#status, this.#told(this.#headers), message);
    else responder.answer(200, jsonHeaders, message);
  }

  #told(headers: Headers): Headers {
    const { upstream, publicUrl } = this.#request;
    return this.#status === 401 || this.#status === 403 || this.#refusal
      ? this.#world.oauth.challenge(upstream, responseHeaders(headers), publicUrl)
      : responseHeaders(headers);
  }

  /** The status has left already: whatever came is told as an event with the caller's id. */
  #respondInStream(final: Final): void {
    const responder = this.#responder;
    let bytes = this.#eventOf(final);
    if (bytes === undefined && final.kind === 'as_landed' && this.#body && this.#status < 300)
      bytes = messageEvent(this.#body);
    if (bytes === undefined && final.kind !== 'gone') {
      const error = errorAnswer({
        code: rpcCode.internalError,
        message: `The upstream refused with HTTP ${this.#status}.`,
        data: { status: this.#status },
      });
      bytes = messageEvent(messageBytes(this.#id.text, error));
    }
    if (bytes) responder.write(bytes);
    responder.end();
  }

  #commit(status: number, headers: Headers): void {
    this.#isCommitted = true;
    if (!this.#responder.isGone) this.#responder.begin(status, headers);
  }

  /** The upstream's own progress goes on above what Helio said while it waited. */
  shiftProgress(event: SseEvent): Buffer {
    return this.#keepAlive?.shift(event) ?? event.raw;
  }

  // -- The client's side ------------------------------------------------------------------------------------------

  cancel(): boolean {
    this.#isCancelled = true;
    if (!this.#isForwarded) {
      this.#abort();
      return true;
    }
    this.deadlineMs = Math.min(this.deadlineMs, Date.now() + cancelGraceMs);
    return false;
  }

  /** Modern: the end of the stream is the cancel. Legacy: it is none, but nobody waits for a person any more. */
  #clientGone(): void {
    if (!this.#isForwarded || this.#era === 'modern') this.#abort();
    this.#leg?.abort(this.#era === 'modern' ? 'cancelled' : 'disconnected');
  }

  /** Called when `deadlineMs` is over. */
  expire(): void {
    const reason = this.#isCancelled ? 'the client cancelled the call' : 'no answer came in time (upstream timeout)';
    const leg = this.#leg;
    this.#landOnce({ landing: { kind: 'unknown', reason }, isReplaced: false });
    leg?.abort('timeout');
  }
}

/** The pipeline's view of an exchange. */
class ExchangeIncoming implements Incoming {
  readonly #exchange: Exchange;
  readonly kind: Incoming['kind'];
  readonly upstream: string;
  readonly name: string;
  readonly arguments: Incoming['arguments'];

  constructor(exchange: Exchange, subject: Subject, upstream: string) {
    this.#exchange = exchange;
    this.kind = subject.kind;
    this.upstream = upstream;
    this.name = subject.name;
    this.arguments = subject.arguments;
  }
  get method() {
    return this.#exchange.method;
  }
  get arrival() {
    return this.#exchange.arrival;
  }
  get receivedAtMs() {
    return this.#exchange.receivedAtMs;
  }
  get signal() {
    return this.#exchange.signal;
  }
  definition() {
    return this.#exchange.lookup();
  }
  waiting(message: string) {
    this.#exchange.waiting(message);
  }
  forward(leg: ForwardLeg) {
    return this.#exchange.forward(leg);
  }
}
