/** Makes up the HTTP side of an exchange with an upstream that speaks no HTTP. */
import { errorBytes } from '../messages.ts';
import { messageEvent } from '../sse-events.ts';
import type { Headers, Leg, Receiver } from '../upstream.ts';
import { Unread } from './unread.ts';

const jsonHead: Headers = { 'content-type': 'application/json' };
const streamHead: Headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/** Of what is over as soon as it was sent. */
export const idleLeg: Leg = Object.freeze({ abort() {}, pause() {}, resume() {} });

export const keepAliveComment = Buffer.from(': keep-alive\n\n');

/** One request's answer: JSON when the answer is the first thing that comes, else a stream. */
export class Reply {
  readonly #receiver: Receiver;
  #isStream = false;
  readonly #unread = new Unread((event) => this.#receiver.chunk(event));
  isOver = false;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** Something that comes before the answer. */
  say(message: Buffer): void {
    if (this.isOver) return;
    if (!this.#isStream) {
      this.#isStream = true;
      this.#receiver.head(200, { ...streamHead });
    }
    if (this.#unread.add(messageEvent(message))) return;
    this.#unread.drop();
    this.failed('the client does not read what it is told', true);
  }

  /** A comment on a stream that is quiet. */
  keepAlive(): void {
    if (this.#isStream && !this.isOver && !this.#unread.isHeld) this.#receiver.chunk(keepAliveComment);
  }

  answer(status: number, message: Buffer, headers: Headers = {}): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.#isStream) {
      // It is judged and put on record now, whatever the client reads.
      this.#unread.release();
      this.#receiver.chunk(messageEvent(message));
    } else {
      this.#receiver.head(status, { ...jsonHead, ...headers });
      this.#receiver.chunk(message);
    }
    this.#receiver.end();
  }

  /** The client has no room: what comes waits. */
  pause(): void {
    if (this.#isStream && !this.isOver) this.#unread.hold();
  }

  resume(): void {
    this.#unread.flow();
  }

  failed(reason: string, sent: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#receiver.failed(reason, sent);
  }
}

/** A stream of its own (GET). */
export function openStream(receiver: Receiver): void {
  receiver.head(200, { ...streamHead });
}

/** An answer without a message, or with an error. Told later: the caller has not got its leg yet. */
export function plainReply(receiver: Receiver, status: number, body?: Buffer): void {
  queueMicrotask(() => {
    receiver.head(status, body ? { ...jsonHead } : {});
    if (body) receiver.chunk(body);
    receiver.end();
  });
}

export function refusal(receiver: Receiver, status: number, code: number, reason: string): void {
  plainReply(receiver, status, errorBytes('null', code, reason));
}
