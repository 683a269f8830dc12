/** Events for a client that has no room at the moment: a bounded number waits, for the connection behind is read on. */

const mostEvents = 1_000;
const largestBytes = 8 * 1024 * 1024;

export class Unread {
  readonly #write: (event: Buffer) => void;
  #events: Buffer[] = [];
  #bytes = 0;
  #isHeld: boolean;

  constructor(write: (event: Buffer) => void, isHeld = false) {
    this.#write = write;
    this.#isHeld = isHeld;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Writes it, or keeps it in its place. False: there is too much already. */
  add(event: Buffer): boolean {
    if (!this.#isHeld && this.#events.length === 0) {
      this.#write(event);
      return true;
    }
    const isTooMuch = this.#events.length >= mostEvents || this.#bytes + event.length > largestBytes;
    if (isTooMuch && this.#events.length > 0) return false;
    this.#events.push(event);
    this.#bytes += event.length;
    return true;
  }

  hold(): void {
    this.#isHeld = true;
  }

  /** There is room: until `hold` is called again. */
  flow(): void {
    this.#isHeld = false;
    while (!this.#isHeld && this.#events.length > 0) {
      const event = this.#events.shift()!;
      this.#bytes -= event.length;
      this.#write(event);
    }
  }

  /** Everything now, room or not. */
  release(): void {
    const events = this.#events;
    this.drop();
    for (const event of events) this.#write(event);
  }

  drop(): void {
    this.#events = [];
    this.#bytes = 0;
  }
}
