/** The client's side of one exchange: keeps it company while it waits, and tells it how the request ended. */
import type { Answer } from '../plugin.ts';
import { errorAnswer } from '../answer.ts';
import type { HttpRefusal } from './ask.ts';
import { mediaType, responseHeaders } from './headers.ts';
import type { Final } from './incoming.ts';
import { KeepAlive } from './keep-alive.ts';
import { messageBytes } from './landing.ts';
import { rpcCode } from './messages.ts';
import type { Setting } from './setting.ts';
import { messageEvent, type SseEvent } from './sse-events.ts';
import type { Headers } from './upstream.ts';
import type { UpstreamSide } from './upstream-side.ts';

const jsonHeaders: Headers = Object.freeze({ 'content-type': 'application/json' });
const streamHeaders: Headers = Object.freeze({
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
});

export class ClientSide {
  readonly #setting: Setting;
  /** The upstream's HTTP refusal of a list that was fetched for this call. */
  refusal: HttpRefusal | undefined;
  /** Told in place of an answer that broke the protocol. */
  replacement: Answer | undefined;
  #isCommitted = false;
  #keepAlive: KeepAlive | undefined;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** A person is being asked. */
  waiting(message: string): void {
    const { responder } = this.#setting;
    if (!responder.takesStreams) return;
    this.#keepAlive ??= new KeepAlive(this.#setting.message.params, (bytes) => {
      if (responder.isGone) return;
      this.commit(200, streamHeaders);
      responder.write(bytes);
    });
    this.#keepAlive.say(message);
  }

  forwarded(): void {
    this.#keepAlive?.forwarded();
  }

  stopWaiting(): void {
    this.#keepAlive?.stop();
  }

  /** The upstream's own progress goes on above what Helio said while it waited. */
  shiftProgress(event: SseEvent): Buffer {
    return this.#keepAlive?.shift(event) ?? event.raw;
  }

  /** Begins a stream, once. */
  commit(status: number, headers: Headers): void {
    if (this.#isCommitted) return;
    this.#isCommitted = true;
    const { responder } = this.#setting;
    if (!responder.isGone) responder.begin(status, headers);
  }

  /** Undefined: what landed is told as it is. */
  eventOf(final: Final, id?: string): Buffer | undefined {
    const message = this.#messageOf(final);
    return message && messageEvent(message, id);
  }

  /** The whole answer, or what is left to say in a stream that has begun. */
  respond(final: Final, upstream: UpstreamSide, wasForwarded: boolean): void {
    const { responder } = this.#setting;
    if (responder.isGone) return;
    if (this.#isCommitted) return this.#respondInStream(final, upstream);
    if (final.kind === 'gone') {
      this.commit(200, streamHeaders);
      return responder.end();
    }
    const { refusal } = this;
    if (refusal && !wasForwarded)
      return responder.answer(refusal.status, this.#told(refusal.headers, true), refusal.body);
    const { status, headers, body } = upstream;
    const isChallenge = status === 401 || status === 403;
    const message = this.#messageOf(final);
    if (message === undefined) return responder.answer(status, this.#told(headers, isChallenge), body);
    const hasUsableHead =
      status >= 200 && status < 300 && body !== undefined && mediaType(headers) === 'application/json';
    if (hasUsableHead) responder.answer(status, this.#told(headers, false), message);
    else responder.answer(200, jsonHeaders, message);
  }

  #messageOf(final: Final): Buffer | undefined {
    const { text } = this.#setting.message.id!;
    if (final.kind === 'answer') return messageBytes(text, final.answer);
    if (this.replacement && final.kind === 'as_landed') return messageBytes(text, this.replacement);
    return undefined;
  }

  #told(headers: Headers, isChallenge: boolean): Headers {
    const { world, request } = this.#setting;
    const own = responseHeaders(headers);
    return isChallenge || this.refusal ? world.oauth.challenge(request.upstream, own, request.publicUrl) : own;
  }

  /** The status has left already: whatever came is told as an event with the caller's id. */
  #respondInStream(final: Final, { status, body }: UpstreamSide): void {
    const { responder, message } = this.#setting;
    let bytes = this.eventOf(final);
    if (bytes === undefined && final.kind === 'as_landed' && body && status < 300) bytes = messageEvent(body);
    if (bytes === undefined && final.kind !== 'gone') {
      const error = errorAnswer({
        code: rpcCode.internalError,
        message: `The upstream refused with HTTP ${status}.`,
        data: { status },
      });
      bytes = messageEvent(messageBytes(message.id!.text, error));
    }
    if (bytes) responder.write(bytes);
    responder.end();
  }
}
