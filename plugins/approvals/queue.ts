/** Calls of this process that wait for the same thing, oldest first: one yes lets the oldest go that is still there. */

export interface Place {
  readonly callId: string;
  isFirst(): boolean;
  /** Counts what happened to the subject: read it before you look, hand it to `change`. */
  seen(): number;
  /** Resolves when something happened after `seen`, when the time is over, or when the caller is gone. */
  change(seen: number, waitMs: number, signal: AbortSignal): Promise<'changed' | 'over' | 'gone'>;
  leave(): void;
}

interface Waiter {
  readonly callId: string;
  readonly receivedAtMs: number;
  wake: (() => void) | undefined;
}
interface Line {
  readonly waiters: Waiter[];
  changes: number;
}

export function createQueue() {
  const lines = new Map<string, Line>();
  const byCall = new Map<string, () => void>();

  function touch(subject: string): void {
    const line = lines.get(subject);
    if (line === undefined) return;
    line.changes++;
    for (const waiter of [...line.waiters]) waiter.wake?.();
  }

  return {
    join(subject: string, call: { readonly id: string; readonly receivedAtMs: number }): Place {
      const line = lines.get(subject) ?? { waiters: [], changes: 0 };
      lines.set(subject, line);
      const waiter: Waiter = { callId: call.id, receivedAtMs: call.receivedAtMs, wake: undefined };
      const before = line.waiters.findIndex(({ receivedAtMs }) => receivedAtMs > waiter.receivedAtMs);
      line.waiters.splice(before < 0 ? line.waiters.length : before, 0, waiter);

      const leave = (): void => {
        const at = line.waiters.indexOf(waiter);
        if (at < 0) return;
        line.waiters.splice(at, 1);
        byCall.delete(call.id);
        if (line.waiters.length === 0) lines.delete(subject);
        else touch(subject);
      };
      byCall.set(call.id, leave);
      return {
        callId: call.id,
        isFirst: () => line.waiters[0] === waiter,
        seen: () => line.changes,
        change(seen, waitMs, signal) {
          if (signal.aborted) return Promise.resolve('gone');
          if (line.changes !== seen) return Promise.resolve('changed');
          if (waitMs <= 0) return Promise.resolve('over');
          return new Promise((resolve) => {
            const done = (why: 'changed' | 'over' | 'gone') => (): void => {
              clearTimeout(timer);
              signal.removeEventListener('abort', gone);
              waiter.wake = undefined;
              resolve(why);
            };
            const gone = done('gone');
            const timer = setTimeout(done('over'), waitMs);
            signal.addEventListener('abort', gone, { once: true });
            waiter.wake = done('changed');
          });
        },
        leave,
      };
    },
    touch,
    touchAll(): void {
      for (const subject of [...lines.keys()]) touch(subject);
    },
    /** A call is over, whatever became of it. */
    leave(callId: string): void {
      byCall.get(callId)?.();
    },
    /** Calls that wait now. */
    size: () => byCall.size,
    subjects: () => [...lines.keys()],
  };
}
export type Queue = ReturnType<typeof createQueue>;
