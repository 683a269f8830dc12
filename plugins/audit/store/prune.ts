/** Retention: whole segments leave, oldest first, in small steps; a signed stub stays so that the rest still verifies. */
import type { Database } from '@gethelio/proxy/plugin';
import type { SigningKey } from './keys.ts';
import type { NewRow } from './row.ts';
import { closeSegment, writeSegment, type Segment } from './seal.ts';
import { countTallies } from './tallies.ts';
import { wordsMark } from './words.ts';

export interface Limits {
  readonly ageMs: number | undefined;
  readonly sizeBytes: number | undefined;
}

const rowsPerStep = 50;
const pagesPerStep = 100;
/** Looking for something to prune costs a query: not more often than this. */
const lookEveryMs = 60_000;

/** Each call does one step; true: there is more to prune. `force` looks at once. */
export function createPruner(database: Database, key: SigningKey) {
  const rowsOf = database.prepare('SELECT * FROM rows WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?');
  const remove = database.prepare('DELETE FROM rows WHERE seq BETWEEN ? AND ?');
  const unindex = database.prepare('DELETE FROM words WHERE rowid = ?');
  const indexed = database.prepare('SELECT value FROM marks WHERE name = ?');
  const firstRow = database.prepare('SELECT min(seq) AS seq FROM rows');
  const holding = database.prepare(
    "SELECT * FROM segments WHERE state = 'pruned' AND last_seq >= ? ORDER BY number LIMIT 1",
  );
  const oldest = database.prepare("SELECT * FROM segments WHERE state = 'closed' ORDER BY number LIMIT 1");
  const tally = countTallies(database);
  let lookedAtMs = 0;

  /** Deletes some rows of a segment that is marked as pruned. */
  function deleteSome(): boolean {
    const first = firstRow.get<{ seq: number | null }>()!.seq;
    if (first === null) return false;
    const segment = holding.get<Segment>(first);
    if (!segment || segment.first_seq > first) return false;
    database.transaction(() => {
      const rows = rowsOf.all<NewRow & { seq: number }>(first, segment.last_seq, rowsPerStep);
      const mark = indexed.get<{ value: number }>(wordsMark)?.value ?? 0;
      for (const { seq } of rows) if (seq <= mark) unindex.run(seq);
      remove.run(first, rows.at(-1)?.seq ?? first);
      tally(rows, -1);
    });
    return true;
  }

  function mark(segment: Segment): void {
    database.transaction(() => writeSegment(database, { ...segment, state: 'pruned' }, key));
  }

  /** Gives free pages back once they are a quarter of the file. */
  function shrink(): boolean {
    const { pages, free } = sizes(database);
    if (free * 4 < pages || free < pagesPerStep) return false;
    database.exec(`PRAGMA incremental_vacuum(${pagesPerStep})`);
    return sizes(database).free < free;
  }

  return function prune(limits: Limits, nowMs: number, force = false): boolean {
    if (deleteSome()) return true;
    if (!force && nowMs - lookedAtMs < lookEveryMs) return false;
    if (shrink()) return true;
    const segment = oldest.get<Segment>();
    const tooLarge = limits.sizeBytes !== undefined && usedBytes(database) > limits.sizeBytes;
    const tooOld = limits.ageMs !== undefined && segment !== undefined && segment.last_at < nowMs - limits.ageMs;
    if (segment && (tooOld || tooLarge)) {
      mark(segment);
      return true;
    }
    if (tooLarge && closeSegment(database, key, nowMs, 0)) return true;
    lookedAtMs = nowMs;
    return false;
  };
}

/** What the rows and indexes take, without pages that wait to be used again. */
export function usedBytes(database: Database): number {
  const { pages, free, pageBytes } = sizes(database);
  return (pages - free) * pageBytes;
}

function sizes(database: Database) {
  const read = (name: string) =>
    Object.values(database.prepare(`PRAGMA ${name}`).get<{ [name: string]: number }>()!)[0]!;
  return { pages: read('page_count'), free: read('freelist_count'), pageBytes: read('page_size') };
}
