/** Passes on what has no answer of its own: notifications, the client's responses, GET streams and DELETE. */
import type { ClientRequest, Responder } from './door.ts';
import type { Era } from './era.ts';
import { EventPipe } from './event-pipe.ts';
import { headerOf, mediaType, responseHeaders } from './headers.ts';
import { errorBytes, rpcCode, type Message } from './messages.ts';
import type { RelayWorld } from './setting.ts';
import { onStreamEvent } from './stream-events.ts';
import type { Headers, Leg, Receiver } from './upstream.ts';

const jsonHeaders: Headers = Object.freeze({ 'content-type': 'application/json' });
const largestPlainBytes = 16 * 1024 * 1024;

/** A notification or response: the upstream's own status goes back, 202 as a rule. */
export function passPlain(
  world: RelayWorld,
  request: ClientRequest,
  responder: Responder,
  message: Message,
  era: Era,
  sessionId: string | undefined,
): void {
  const { upstream, headers } = request;
  let leg = undefined as Leg | undefined; // a receiver may be told before the leg is there
  // A notification is not taken back when its sender leaves: it was sent.
  const receiver = new PlainReceiver(world, request, responder, sessionId, () => leg);
  leg = upstream.exchange({ verb: 'POST', era, headers, bytes: message.bytes, message, session: sessionId }, receiver);
}

/** GET (the stream of unsolicited messages, or a resumed one) and DELETE. */
export function passStream(world: RelayWorld, request: ClientRequest, responder: Responder): void {
  const { upstream, headers, verb } = request;
  const sessionId = headerOf(headers, 'mcp-session-id');
  let leg = undefined as Leg | undefined; // a receiver may be told before the leg is there
  const receiver = new PlainReceiver(world, request, responder, sessionId, () => leg);
  responder.onGone(() => leg?.abort('disconnected'));
  leg = upstream.exchange({ verb, era: 'legacy', headers, session: sessionId }, receiver);
}

class PlainReceiver implements Receiver {
  readonly #world: RelayWorld;
  readonly #request: ClientRequest;
  readonly #responder: Responder;
  readonly #sessionId: string | undefined;
  readonly #leg: () => Leg | undefined;
  #status = 0;
  #headers: Headers = {};
  #pipe: EventPipe | undefined;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(
    world: RelayWorld,
    request: ClientRequest,
    responder: Responder,
    sessionId: string | undefined,
    leg: () => Leg | undefined,
  ) {
    this.#world = world;
    this.#request = request;
    this.#responder = responder;
    this.#sessionId = sessionId;
    this.#leg = leg;
  }

  head(status: number, headers: Headers): void {
    this.#status = status;
    this.#headers = headers;
    this.#watchSession(status);
    if (status >= 300 || mediaType(headers) !== 'text/event-stream') return;
    const { sessions, log } = this.#world;
    const upstream = this.#request.upstream.name;
    const session = sessions.of(upstream, this.#sessionId);
    const stream = { session, catalogue: this.#world.catalogueOf(upstream), upstream, log, own: undefined };
    this.#pipe = new EventPipe(
      this.#responder,
      this.#leg,
      (event) => onStreamEvent(event, stream),
      () => this.#responder.end(),
    );
    if (!this.#responder.isGone) this.#responder.begin(status, responseHeaders(headers));
  }

  chunk(bytes: Buffer): void {
    if (this.#pipe) {
      try {
        this.#pipe.push(bytes);
      } catch {
        this.#leg()?.abort('disconnected');
      }
      return;
    }
    this.#size += bytes.length;
    if (this.#size > largestPlainBytes) this.#leg()?.abort('disconnected');
    else this.#chunks.push(bytes);
  }

  end(): void {
    if (this.#pipe) return this.#pipe.end();
    if (this.#responder.isGone) return;
    const body = this.#chunks.length > 0 ? Buffer.concat(this.#chunks) : undefined;
    const { upstream, publicUrl } = this.#request;
    this.#responder.answer(
      this.#status,
      this.#world.oauth.challenge(upstream, responseHeaders(this.#headers), publicUrl),
      body,
    );
  }

  failed(reason: string): void {
    if (this.#pipe) return this.#pipe.end();
    if (this.#responder.isGone) return;
    this.#responder.answer(
      502,
      jsonHeaders,
      errorBytes('null', rpcCode.internalError, `The upstream gave no answer: ${reason}.`),
    );
  }

  #watchSession(status: number): void {
    if (this.#sessionId === undefined) return;
    const isOver = status === 404 || (this.#request.verb === 'DELETE' && status < 300);
    if (isOver) this.#world.sessions.drop(this.#request.upstream.name, this.#sessionId);
  }
}
