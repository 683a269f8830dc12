/** A clock that moves only when it is told to. */

export interface FakeClock {
  nowMs(): number;
  /** Moves on by so many milliseconds. */
  advance(ms: number): void;
  /** Jumps to an instant (epoch milliseconds). */
  set(ms: number): void;
}

/** Starts at 2026-03-02T10:00:00Z, a Monday, unless told otherwise. */
export function createFakeClock(startMs = Date.UTC(2026, 2, 2, 10)): FakeClock {
  let now = startMs;
  return {
    nowMs: () => now,
    advance: (ms) => void (now += ms),
    set: (ms) => void (now = ms),
  };
}
