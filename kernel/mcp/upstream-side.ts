/** The upstream's side of one exchange: collects a body, or cuts a stream into events, until the answer is there. */
import { EventPipe } from './event-pipe.ts';
import type { Exchange } from './exchange.ts';
import { headerOf, mediaType, responseHeaders } from './headers.ts';
import { landingOfBody } from './landing.ts';
import type { Setting } from './setting.ts';
import type { SseEvent } from './sse-events.ts';
import { onStreamEvent } from './stream-events.ts';
import type { Headers, Leg, Receiver } from './upstream.ts';

const largestAnswerBytes = 64 * 1024 * 1024;

export class UpstreamSide implements Receiver {
  readonly #exchange: Exchange;
  readonly #setting: Setting;
  status = 0;
  headers: Headers = {};
  /** The whole body, unless it was a stream. */
  body: Buffer | undefined;
  /** Set when the request was sent. */
  leg: Leg | undefined;

  #pipe: EventPipe | undefined;
  #first: Buffer | undefined;
  #more: Buffer[] | undefined;
  #size = 0;
  #isResumable = false;

  constructor(exchange: Exchange, setting: Setting) {
    this.#exchange = exchange;
    this.#setting = setting;
  }

  head(status: number, headers: Headers): void {
    this.status = status;
    this.headers = headers;
    const isOk = status >= 200 && status < 300;
    if (this.#setting.era === 'legacy') this.#watchSession(status, headers);
    if (!isOk || mediaType(headers) !== 'text/event-stream') return;
    this.#pipe = new EventPipe(
      this.#setting.responder,
      () => this.leg,
      (event) => this.#onEvent(event),
      () => this.#streamEnded('the stream ended before the answer came'),
    );
    this.#exchange.client.commit(status, responseHeaders(headers));
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
    if (this.#first === undefined) this.#first = bytes;
    else (this.#more ??= [this.#first]).push(bytes);
    this.#size += bytes.length;
    if (this.#size > largestAnswerBytes) this.#tooLarge();
  }

  end(): void {
    if (this.#pipe) return this.#pipe.end();
    this.body = this.#more ? Buffer.concat(this.#more) : (this.#first ?? Buffer.alloc(0));
    this.#exchange.land(landingOfBody(this.status, this.body, this.#setting.message.id!));
  }

  failed(reason: string, sent: boolean): void {
    const exchange = this.#exchange;
    if (this.#pipe) return exchange.isLanded ? this.#pipe.end() : this.#streamEnded(reason);
    exchange.land({ landing: sent ? { kind: 'unknown', reason } : { kind: 'not_sent', reason }, isReplaced: false });
  }

  #tooLarge(): void {
    this.#exchange.land({
      landing: { kind: 'unknown', reason: 'the answer is larger than 64 MiB' },
      isReplaced: false,
    });
    this.leg?.abort('timeout');
  }

  #onEvent(event: SseEvent): Buffer | Promise<Buffer | undefined> | undefined {
    const { world, request, session, sessionId } = this.#setting;
    if (event.id !== undefined && sessionId !== undefined) this.#isResumable = true;
    const upstream = request.upstream.name;
    const catalogue = world.catalogueOf(upstream);
    return onStreamEvent(event, { session, catalogue, upstream, log: world.log, own: this.#exchange });
  }

  #streamEnded(reason: string): void {
    const { responder, era } = this.#setting;
    if (this.#exchange.isLanded) return responder.end();
    if (this.#isResumable && era === 'legacy' && !this.#exchange.isCancelled) {
      // SEP-1699: the server may close the stream; the answer comes on a GET with Last-Event-ID.
      responder.end();
      return;
    }
    this.#exchange.land({ landing: { kind: 'unknown', reason }, isReplaced: false });
  }

  #watchSession(status: number, headers: Headers): void {
    const { world, request, message, session, sessionId } = this.#setting;
    if (message.method === 'initialize' && status < 300) {
      const given = headerOf(headers, 'mcp-session-id');
      session.introduce(message.params);
      if (given !== undefined) world.sessions.add(request.upstream.name, given, session);
    } else if (status === 404 && sessionId !== undefined) {
      world.sessions.drop(request.upstream.name, sessionId);
    }
  }
}
