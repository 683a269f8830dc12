/** Where each sink is, and which process feeds it. */
import type { Database } from '@gethelio/proxy/plugin';

export interface SinkPlace {
  readonly name: string;
  readonly seq: number;
}

export function createSinkPlaces(database: Database, holder: string) {
  const find = database.prepare('SELECT seq, holder, until FROM sinks WHERE name = ?');
  const write = database.prepare('INSERT OR REPLACE INTO sinks (name, seq, holder, until) VALUES (?, ?, ?, ?)');
  const move = database.prepare('UPDATE sinks SET seq = max(seq, ?), until = ? WHERE name = ? AND holder = ?');
  const release = database.prepare('UPDATE sinks SET holder = NULL, until = 0 WHERE holder = ?');
  const last = database.prepare('SELECT max(seq) AS seq FROM rows');
  return {
    /** The place to go on from; undefined while another process feeds it. */
    hold(name: string, from: 'first' | 'next', nowMs: number, forMs: number): number | undefined {
      return database.transaction(() => {
        const found = find.get<{ seq: number; holder: string | null; until: number }>(name);
        if (found && found.holder !== holder && found.holder !== null && found.until > nowMs) return undefined;
        const seq = found?.seq ?? (from === 'first' ? 0 : (last.get<{ seq: number | null }>()!.seq ?? 0));
        write.run(name, seq, holder, nowMs + forMs);
        return seq;
      });
    },
    /** False: another process took over. */
    move: (name: string, seq: number, nowMs: number, forMs: number): boolean =>
      move.run(seq, nowMs + forMs, name, holder).changes === 1,
    release: () => void release.run(holder),
  };
}
