/** Sessions that Helio makes itself where the client names none: one per agent and peer address, until it is idle. */
import { randomUUID } from 'node:crypto';

/** At the cap a new one is refused and an active one never evicted: to lose one would refill what it has used up. */
const most = 10_000;

export interface DoorSessions {
  /** Undefined when there are too many. */
  sessionOf(who: string, nowMs: number, idleMs: number): string | undefined;
}

export function createDoorSessions(): DoorSessions {
  const open = new Map<string, { readonly id: string; lastMs: number }>();

  function dropIdle(nowMs: number, idleMs: number): void {
    // In the order of their last call, so the first that is not idle ends it.
    for (const [who, { lastMs }] of open) {
      if (nowMs - lastMs < idleMs) return;
      open.delete(who);
    }
  }

  return {
    sessionOf(who, nowMs, idleMs) {
      dropIdle(nowMs, idleMs);
      const known = open.get(who);
      if (!known && open.size >= most) return undefined;
      const session = known ?? { id: `door-${randomUUID()}`, lastMs: nowMs };
      session.lastMs = nowMs;
      open.delete(who);
      open.set(who, session);
      return session.id;
    },
  };
}
