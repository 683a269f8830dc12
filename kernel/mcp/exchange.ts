/** One request of a client from the moment it is known to be one until its answer was told. */
import type { Answer } from '../plugin.ts';
import { RequestArrival } from './arrival.ts';
import { askerOf, type OnBehalf } from './ask.ts';
import { couldMean, type CancelFrom } from './cancel.ts';
import { ClientSide } from './client-side.ts';
import type { Subject } from './governed.ts';
import { headerOf } from './headers.ts';
import type { Final, ForwardLeg, Incoming, Landing, Lookup } from './incoming.ts';
import { finalOf, landingOfAnswer, landingOfBody, type Landed } from './landing.ts';
import { idKey } from './messages.ts';
import { needsMirror, paramHeaders, paramMismatch } from './param-headers.ts';
import { outgoingBytes } from './rewrite.ts';
import type { Scanned } from './scan.ts';
import type { OpenRequest } from './sessions.ts';
import type { Setting } from './setting.ts';
import type { SseEvent } from './sse-events.ts';
import { shutdownReason } from '../shutdown.ts';
import type { Outgoing } from './upstream.ts';
import { UpstreamSide } from './upstream-side.ts';

/** After a cancel the upstream may still answer, and often says nothing any more. */
const cancelGraceMs = 5_000;

/** Also the pipeline's view of it, once it is governed. */
export class Exchange implements Incoming, OpenRequest {
  readonly key: string;
  readonly arrival: RequestArrival;
  readonly receivedAtMs = Date.now();
  readonly client: ClientSide;
  isLanded = false;
  isCancelled = false;
  /** Set when it is forwarded. */
  deadlineMs = Infinity;

  readonly #setting: Setting;
  readonly #upstream: UpstreamSide;
  #subject: Subject | undefined;
  #aborter: AbortController | undefined;
  #land: ((landing: Landing) => void) | undefined;
  #isForwarded = false;
  #isFinished = false;
  /** The event that brought the answer, and who waits for the judged one. */
  #carrier: SseEvent | undefined;
  #tell: ((bytes: Buffer | undefined) => void) | undefined;

  constructor(setting: Setting) {
    const { world, request, responder, message, era, session, sessionId } = setting;
    this.#setting = setting;
    this.#upstream = new UpstreamSide(this, setting);
    this.client = new ClientSide(setting);
    this.key = idKey(message.id!);
    this.arrival = new RequestArrival(request, message, era, session, sessionId);
    session.open.set(this.key, this);
    world.open.add(this);
    responder.onGone(() => this.#clientGone());
  }

  // -- What the pipeline sees of it -------------------------------------------------------------------------------

  get kind(): Incoming['kind'] {
    return this.#subject!.kind;
  }
  get method(): string {
    return this.#setting.message.method!;
  }
  get upstream(): string {
    return this.#setting.request.upstream.name;
  }
  get name(): string {
    return this.#subject!.name;
  }
  get arguments(): Incoming['arguments'] {
    return this.#subject!.arguments;
  }
  get signal(): AbortSignal {
    this.#aborter ??= new AbortController();
    return this.#aborter.signal;
  }
  get isAborted(): boolean {
    return this.#aborter?.signal.aborted ?? false;
  }
  get isGone(): boolean {
    return this.isAborted && (this.isCancelled || this.#setting.responder.isGone);
  }

  definition(): Lookup | Promise<Lookup> {
    if (this.#subject?.kind !== 'tool') return { found: undefined };
    const { world, request } = this.#setting;
    const asker = askerOf(request.upstream, this.#onBehalf(), (refusal) => void (this.client.refusal = refusal));
    return world.catalogueOf(request.upstream.name).lookup(this.#subject.name, asker);
  }

  waiting(message: string): void {
    if (!this.#isFinished) this.client.waiting(message);
  }

  forward(leg: ForwardLeg): Promise<Landing> {
    return new Promise((resolve) => {
      this.#land = resolve;
      const unwritten = ({ message: reason }: Error) =>
        this.land({ landing: { kind: 'not_sent', reason }, isReplaced: false });
      if (leg.arguments || needsMirror(this.#setting, this.#subject!.kind))
        return void this.#sendMirrored(leg.arguments, leg.headers).catch(unwritten);
      this.#send(outgoingBytes(this.#setting.message, undefined), leg.headers.size > 0 ? leg.headers : undefined);
    });
  }

  // -- Its way to the upstream ------------------------------------------------------------------------------------

  /** Goes through the pipeline. */
  govern(subject: Subject): void {
    this.#subject = subject;
    void this.#setting.world
      .gate()
      .call(this)
      .then((final) => this.#finish(final));
  }

  /** Goes on as it is. */
  pass(): void {
    this.#send(this.#setting.message.bytes, undefined);
  }

  /** Where Helio is the HTTP server: a sentence part when `Mcp-Param-*` and the arguments differ. */
  async checkParamHeaders(subject: Subject): Promise<string | undefined> {
    this.#subject = subject;
    const found = await this.definition();
    if (!('found' in found) || !found.found) return undefined;
    const { headers } = this.#setting.request;
    return paramMismatch(found.found.inputSchema, subject.arguments, (name) => headerOf(headers, name));
  }

  /** It was refused before anybody judged it. */
  abandon(): void {
    this.#isFinished = true;
    this.#setting.world.open.delete(this);
    this.#setting.session.open.delete(this.key);
  }

  /** A modern upstream compares the arguments with the headers that mirror them, so these are rewritten too. */
  async #sendMirrored(args: ForwardLeg['arguments'], headers: ForwardLeg['headers']): Promise<void> {
    const { era, message } = this.#setting;
    const extra = new Map<string, string | undefined>(headers);
    if (era === 'modern' && this.#subject?.kind === 'tool') {
      const found = await this.definition();
      const schema = 'found' in found ? found.found?.inputSchema : undefined;
      for (const [name, value] of paramHeaders(schema, args ?? this.#subject.arguments)) extra.set(name, value);
    }
    this.#send(outgoingBytes(message, args), extra);
  }

  #send(bytes: Uint8Array, extra: ReadonlyMap<string, string | undefined> | undefined): void {
    const { request, message, era, sessionId } = this.#setting;
    const { upstream, headers } = request;
    this.#isForwarded = true;
    this.client.forwarded();
    // A subscription is open for as long as both sides want.
    if (message.method !== 'subscriptions/listen') this.deadlineMs = Date.now() + upstream.timeoutMs;
    const plain = { verb: 'POST', era, headers, bytes, message, session: sessionId } as const;
    const outgoing: Outgoing = extra === undefined ? plain : { ...plain, extra };
    this.#upstream.leg = upstream.exchange(outgoing, this.#upstream);
  }

  #onBehalf(): OnBehalf {
    const { request, era, sessionId } = this.#setting;
    return { era, headers: request.headers, session: sessionId, meta: this.arrival.meta };
  }

  // -- The answer -------------------------------------------------------------------------------------------------

  landOnEvent(event: SseEvent, scanned: Scanned): Buffer | Promise<Buffer | undefined> | undefined {
    if (this.isLanded || !this.#isForwarded) return undefined;
    return this.#landOnCarrier(event, { landing: landingOfAnswer(scanned, 200), isReplaced: false });
  }

  /** An answer without an id on the request's own stream: the caller learns that, under its own id. */
  landWithoutId(event: SseEvent): Buffer | Promise<Buffer | undefined> | undefined {
    return this.#landOnCarrier(event, landingOfBody(200, event.data!, this.#setting.message.id!));
  }

  #landOnCarrier(event: SseEvent, landed: Landed): Promise<Buffer | undefined> | Buffer | undefined {
    this.#carrier = event;
    let told: Buffer | undefined;
    let isTold = false;
    let resolve: ((bytes: Buffer | undefined) => void) | undefined;
    this.#tell = (bytes) => {
      told = bytes;
      isTold = true;
      resolve?.(bytes);
    };
    this.land(landed);
    if (isTold) return told;
    return new Promise((done) => (resolve = done));
  }

  /** How it ended on the upstream's side; only the first time counts. */
  land(landed: Landed): void {
    if (this.isLanded) return;
    this.isLanded = true;
    const { world, request } = this.#setting;
    const { landing } = landed;
    if (landed.fault !== undefined) {
      world.log.warn('an upstream broke the protocol', {
        upstream: request.upstream.name,
        method: this.method,
        fault: landed.fault,
      });
    }
    if (landed.isReplaced && landing.kind === 'answer') this.client.replacement = landing.answer;
    if (this.method === 'tools/list' && landing.kind === 'answer') this.#learn(landing.answer);
    if (this.#land) return this.#land(landing);
    this.#finish(this.#finalOfPassed(landing));
  }

  #learn(answer: Answer): void {
    const { world, request, message } = this.#setting;
    const { cursor } = message.params;
    const { viewKey } = askerOf(request.upstream, this.#onBehalf());
    const catalogue = world.catalogueOf(request.upstream.name);
    catalogue.learn(viewKey, typeof cursor === 'string' ? cursor : undefined, answer);
  }

  /** What the pipeline would say of a request that it did not see. */
  #finalOfPassed(landing: Landing): Final {
    let error: string | undefined;
    if (landing.kind !== 'answer') error = landing.reason;
    else if (landing.answer.kind === 'error') error = 'the upstream answered with an error';
    const seen = { method: this.method, upstream: this.upstream, arrival: this.arrival, isNotification: false };
    this.#setting.world.gate().passed(error === undefined ? seen : { ...seen, error });
    return finalOf(landing);
  }

  #finish(final: Final): void {
    const { world, request, session, sessionId } = this.#setting;
    this.#isFinished = true;
    this.client.stopWaiting();
    world.open.delete(this);
    if (session.open.get(this.key) === this) session.open.delete(this.key);
    const carrier = this.#carrier;
    if (carrier === undefined || this.#tell === undefined) {
      this.client.respond(final, this.#upstream, this.#isForwarded);
    } else {
      const isUntouched = final.kind === 'as_landed' && this.client.replacement === undefined;
      const bytes = isUntouched ? carrier.raw : this.client.eventOf(final, carrier.id);
      if (carrier.id !== undefined && sessionId !== undefined)
        session.remember(carrier.id, isUntouched ? undefined : bytes);
      this.#tell(bytes);
    }
    world.sessions.release(request.upstream.name, sessionId, session);
  }

  // -- Its end by other means -------------------------------------------------------------------------------------

  cancel(): boolean {
    this.isCancelled = true;
    if (!this.#isForwarded) {
      this.#abort();
      return true;
    }
    this.deadlineMs = Math.min(this.deadlineMs, Date.now() + cancelGraceMs);
    return false;
  }

  /** A cancel that names no session, and could mean this. It is answered all the same: it may have meant another. */
  dismiss(from: CancelFrom, key: string): boolean {
    if (this.key !== key || this.#isForwarded || !couldMean(this.#setting, from)) return false;
    this.#abort();
    return true;
  }

  /** Called when `deadlineMs` is over. */
  expire(): void {
    const reason = this.isCancelled ? 'the client cancelled the call' : 'no answer came in time (upstream timeout)';
    this.land({ landing: { kind: 'unknown', reason }, isReplaced: false });
    this.#upstream.leg?.abort('timeout');
  }

  /** The proxy stops: nothing goes on waiting for a person, or for a client that may never resume. */
  drain(): void {
    if (!this.#isForwarded) this.#abort(shutdownReason());
    else if (this.#setting.responder.isGone) this.expire();
  }

  /** Modern: the end of the stream is the cancel. Legacy: it is none, but nobody waits for a person any more. */
  #clientGone(): void {
    const isModern = this.#setting.era === 'modern';
    if (!this.#isForwarded || isModern) this.#abort();
    this.#upstream.leg?.abort(isModern ? 'cancelled' : 'disconnected');
  }

  #abort(reason?: Error): void {
    this.#aborter ??= new AbortController();
    this.#aborter.abort(reason);
  }
}
