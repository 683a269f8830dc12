/** The GET of one legacy session: what its server says of itself, kept for a while when nobody reads it. */
import type { Log } from '../../plugin.ts';
import { messageEvent } from '../sse-events.ts';
import type { Leg, Receiver } from '../upstream.ts';
import { keepAliveComment, openStream } from './reply.ts';
import { Unread } from './unread.ts';

export class BridgeStream {
  readonly #upstream: string;
  readonly #log: Log;
  readonly #unread = new Unread((event) => this.#receiver!.chunk(event), true);
  #receiver: Receiver | undefined;
  #isOverflowing = false;

  constructor(upstream: string, log: Log) {
    this.#upstream = upstream;
    this.#log = log;
  }

  get isOpen(): boolean {
    return this.#receiver !== undefined;
  }

  open(receiver: Receiver): Leg {
    this.#receiver?.end(); // the client came back before its old stream was missed
    this.#receiver = receiver;
    this.#unread.hold();
    const ifOwn = (run: () => void) => () => {
      if (this.#receiver === receiver) run();
    };
    queueMicrotask(
      ifOwn(() => {
        openStream(receiver);
        this.#unread.flow();
      }),
    );
    return {
      abort: ifOwn(() => {
        this.#receiver = undefined;
        this.#unread.hold();
      }),
      pause: ifOwn(() => this.#unread.hold()),
      resume: ifOwn(() => this.#unread.flow()),
    };
  }

  say(message: Buffer): void {
    const isKept = this.#unread.add(messageEvent(message));
    if (!isKept && !this.#isOverflowing) {
      this.#log.warn('a client does not read its stream; what it is told is dropped', { upstream: this.#upstream });
    }
    this.#isOverflowing = !isKept;
  }

  /** A comment, so that nobody between here and the client takes a quiet stream for a dead one. */
  keepAlive(): void {
    if (!this.#unread.isHeld) this.#receiver?.chunk(keepAliveComment);
  }

  end(): void {
    this.#receiver?.end();
    this.#receiver = undefined;
    this.#unread.hold();
  }
}
