/** Sessions that called lately, for the sideband: an SDK that names no session means the one that is there. */
import type { SeenSession } from './contract.ts';

const rememberedMs = 600_000; // 10 minutes
const most = 10_000;

export interface Sightings {
  see(session: SeenSession): void;
  recent(nowMs: number): readonly SeenSession[];
}

export function createSightings(): Sightings {
  const seen = new Map<string, SeenSession>();
  return {
    see(session) {
      seen.delete(session.id);
      seen.set(session.id, session);
      if (seen.size > most) seen.delete(seen.keys().next().value!);
    },
    recent(nowMs) {
      const fresh: SeenSession[] = [];
      for (const [id, session] of seen) {
        if (nowMs - session.lastSeenMs >= rememberedMs) seen.delete(id);
        else fresh.push(session);
      }
      return fresh.reverse();
    },
  };
}
