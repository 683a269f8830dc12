/** Which Helio processes share the file, and which of them are gone. */
import type { Database } from '@gethelio/proxy/plugin';
import type { ProcessIdentity } from '../wire.ts';
import { startOf } from '../process-identity.ts';

/** Without a beat for this long a process counts as gone, unless its pid proves otherwise. */
export const silentAfterMs = 30_000;

export function createProcesses(database: Database, self: ProcessIdentity) {
  const beat = database.prepare(
    'INSERT OR REPLACE INTO processes (id, host, pid, started, beat) VALUES (?, ?, ?, ?, ?)',
  );
  const find = database.prepare('SELECT * FROM processes WHERE id = ?');
  const leave = database.prepare('DELETE FROM processes WHERE id = ?');
  const forget = database.prepare('DELETE FROM processes WHERE beat < ?');
  return {
    beat(nowMs: number): void {
      beat.run(self.id, self.host, self.pid, self.started, nowMs);
    },
    leave: () => void leave.run(self.id),
    /** Of the ids, those whose process cannot come back. A process without an entry left it behind or was forgotten. */
    gone(ids: readonly string[], nowMs: number): string[] {
      forget.run(nowMs - 24 * 3_600_000);
      return ids.filter((id) => {
        if (id === self.id) return false;
        const found = find.get<ProcessIdentity & { beat: number }>(id);
        return !found || isGone(found, self, nowMs);
      });
    },
  };
}

/** By pid where pids can be compared, by silence elsewhere. */
export function isGone(
  found: ProcessIdentity & { readonly beat: number },
  self: ProcessIdentity,
  nowMs: number,
): boolean {
  const isSilent = nowMs - found.beat > silentAfterMs;
  if (found.host !== self.host) return isSilent;
  if (found.pid === self.pid) return true; // this process has the pid now
  if (!isRunning(found.pid)) return true;
  if (found.started === '') return isSilent; // the pid may have been given to somebody else
  return startOf(found.pid) !== found.started;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // there, but somebody else's
  }
}
