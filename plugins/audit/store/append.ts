/** Writes rows at the end of the chain, in one transaction with the head they continue. */
import type { Database } from '@gethelio/proxy/plugin';
import { chainHash, columns, genesis, type NewRow } from './row.ts';
import { countTallies } from './tallies.ts';

/** A place in the chain: the row with this number has this hash. */
export interface ChainPlace {
  readonly seq: number;
  readonly hash: Uint8Array;
}
export const beginning: ChainPlace = { seq: 0, hash: genesis };

export interface Appended {
  readonly head: ChainPlace;
  /** Rows that were new; an id that is there already is passed over. */
  readonly written: number;
}

/**
 * `floor` is the last place that this process knows of, signed or written by itself. When rows behind it are gone the
 * chain goes on from there, so that the hole stays visible for ever.
 */
export function createAppender(database: Database, floor: ChainPlace) {
  const last = database.prepare('SELECT seq, hash FROM rows ORDER BY seq DESC LIMIT 1');
  const stub = database.prepare('SELECT last_seq AS seq, last AS hash FROM segments ORDER BY number DESC LIMIT 1');
  const insert = database.prepare(
    `INSERT INTO rows (seq, ${columns.join(', ')}, hash) VALUES (?, ${columns.map(() => '?').join(', ')}, ?) ON CONFLICT (id) DO NOTHING`,
  );
  const tally = countTallies(database);
  let known = floor;

  /** All or none. Throws what SQLite throws. */
  return function append(rows: readonly NewRow[]): Appended {
    const appended = database.transaction((): Appended => {
      const found = last.get<ChainPlace>() ?? stub.get<ChainPlace>() ?? beginning;
      let head = found.seq < known.seq ? known : found;
      const before = head.seq;
      const counted: NewRow[] = [];
      for (const row of rows) {
        const seq = head.seq + 1;
        const hash = chainHash(head.hash, seq, row);
        if (insert.run(seq, ...columns.map((column) => row[column]), hash).changes === 0) continue;
        head = { seq, hash };
        counted.push(row);
      }
      tally(counted, 1);
      return { head, written: head.seq - before };
    });
    known = appended.head; // only once it is committed
    return appended;
  };
}
