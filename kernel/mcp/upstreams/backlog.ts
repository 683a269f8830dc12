/** What waits for a connection that is being made: bounded, and emptied at once. */
const mostWaiting = 1_000;

export class Backlog<Waiting> {
  #waiting: Waiting[] = [];

  /** False: full. */
  add(one: Waiting): boolean {
    if (this.#waiting.length >= mostWaiting) return false;
    this.#waiting.push(one);
    return true;
  }

  /** Everything, in order; it waits no more. */
  takeAll(): readonly Waiting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}
