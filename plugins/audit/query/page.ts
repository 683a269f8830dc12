/** Walks candidates in order and keeps those that meet the rest of the query, within a budget of time. */
import type { Database, SqlValue } from '@gethelio/proxy/plugin';
import type { StoredRow } from '../store/row.ts';
import { conditionOf, findCandidates, type Place } from './candidates.ts';
import { QueryError, type Term } from './language.ts';

/** A query that finds little gives back what it has after this long, with the place to go on from. */
export const budgetMs = 1_500;
const smallestChunk = 100;
const largestChunk = 5_000;

export interface Walk {
  readonly terms: readonly Term[];
  readonly order: 'asc' | 'desc';
  readonly columns: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly budgetMs?: number;
}
export interface Walked {
  readonly rows: readonly StoredRow[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

export function walk(
  database: Database,
  { terms, order, columns, limit, cursor, budgetMs: allowedMs = budgetMs }: Walk,
): Walked {
  const candidates = findCandidates(database, terms, order);
  const conditions = candidates.rest.map(conditionOf);
  const values = conditions.flatMap((condition): readonly SqlValue[] => condition.values);
  const read = database.prepare(
    `SELECT ${columns} FROM rows WHERE seq = ?${conditions.map(({ sql }) => ` AND ${sql}`).join('')}`,
  );
  const rows: StoredRow[] = [];
  const untilMs = Date.now() + allowedMs;
  let after = cursor === undefined ? undefined : readCursor(cursor);
  let chunk = Math.max(smallestChunk, Math.min(limit + 1, largestChunk));
  for (;;) {
    const places = candidates.next(after, chunk);
    for (const [index, place] of places.entries()) {
      const row = read.get<StoredRow>(place.seq, ...values);
      if (row) {
        if (rows.length === limit) return { rows, next: writeCursor(after!) };
        rows.push(row);
      }
      after = place;
      if (index % 64 === 63 && Date.now() > untilMs) return { rows, next: writeCursor(after) };
    }
    if (places.length < chunk) return { rows, next: undefined };
    if (Date.now() > untilMs) return { rows, next: writeCursor(after!) };
    chunk = Math.min(chunk * 4, largestChunk);
  }
}

export function writeCursor({ at, seq }: Place): string {
  return Buffer.from(`${at}.${seq}`).toString('base64url');
}
export function readCursor(cursor: string): Place {
  const found = /^(-?\d+)\.(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (!found) throw new QueryError('the cursor is not one that an earlier page gave');
  return { at: Number(found[1]), seq: Number(found[2]) };
}
