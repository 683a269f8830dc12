/** Passes an event stream on, event by event and in order, also while one of them is still being judged. */
import type { Responder } from './door.ts';
import { SseCutter, type SseEvent } from './sse-events.ts';
import type { Leg } from './upstream.ts';

/** The bytes to write for an event; undefined drops it; a promise holds up everything behind it. */
export type OnEvent = (event: SseEvent) => Buffer | Promise<Buffer | undefined> | undefined;

export class EventPipe {
  readonly #responder: Responder;
  readonly #leg: () => Leg | undefined;
  readonly #onEvent: OnEvent;
  readonly #onEnd: () => void;
  readonly #cutter: SseCutter;
  #queue: SseEvent[] = [];
  #isHeld = false;
  #isFull = false;
  #hasEnded = false;

  constructor(responder: Responder, leg: () => Leg | undefined, onEvent: OnEvent, onEnd: () => void) {
    this.#responder = responder;
    this.#leg = leg;
    this.#onEvent = onEvent;
    this.#onEnd = onEnd;
    this.#cutter = new SseCutter((event) => this.#take(event));
    responder.onDrain(() => {
      this.#isFull = false;
      this.#flow();
    });
  }

  /** @throws RangeError when an event is too large. */
  push(chunk: Uint8Array): void {
    this.#cutter.push(chunk);
  }

  end(): void {
    this.#hasEnded = true;
    if (!this.#isHeld) this.#finish();
  }

  #take(event: SseEvent): void {
    if (this.#isHeld) this.#queue.push(event);
    else this.#handle(event);
  }

  #handle(event: SseEvent): void {
    const told = this.#onEvent(event);
    if (told instanceof Promise) {
      this.#isHeld = true;
      this.#flow();
      void told.then((bytes) => {
        this.#isHeld = false;
        if (bytes) this.#write(bytes);
        this.#drainQueue();
      });
    } else if (told) this.#write(told);
  }

  #drainQueue(): void {
    while (!this.#isHeld && this.#queue.length > 0) this.#handle(this.#queue.shift()!);
    if (this.#isHeld) return;
    this.#flow();
    if (this.#hasEnded) this.#finish();
  }

  #write(bytes: Buffer): void {
    if (this.#responder.isGone) return;
    if (this.#responder.write(bytes)) return;
    this.#isFull = true;
    this.#flow();
  }

  #flow(): void {
    if (this.#isHeld || this.#isFull) this.#leg()?.pause();
    else this.#leg()?.resume();
  }

  #finish(): void {
    const rest = this.#cutter.rest();
    // Half an event: a client ignores it, but a comment or `retry:` may stand there.
    if (rest.length > 0 && !rest.includes('data')) this.#write(rest);
    this.#onEnd();
  }
}
