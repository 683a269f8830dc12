/** Everything that is asked of the trail, on a read-only connection: reading never changes the database. */
import type { Database, JsonObject } from '@gethelio/proxy/plugin';
import type { AuditFacets, AuditPage, AuditQuery, AuditRow, AuditSummary } from './contract.ts';
import { writingOf, type Format } from './export/formats.ts';
import { countFacets } from './query/facets.ts';
import { parseQuery } from './query/language.ts';
import { walk } from './query/page.ts';
import { readPublicKeys } from './store/keys.ts';
import { usedBytes } from './store/prune.ts';
import type { StoredRow } from './store/row.ts';
import { auditRow, auditSummary, summaryColumns } from './store/show.ts';
import { verifyTrail, type Verification } from './store/verify.ts';

export interface ExportPart {
  readonly text: string;
  readonly rows: number;
  /** Undefined: this was the last part. */
  readonly next: string | undefined;
}
export interface ReaderOperations {
  query(query: AuditQuery, nowMs: number): AuditPage;
  row(id: string): AuditRow | undefined;
  facets(query: AuditQuery, nowMs: number): AuditFacets;
  stats(): JsonObject;
  verify(stateDir: string): Verification;
  /** Rows after a place, oldest first. */
  after(seq: number, limit: number): readonly AuditRow[];
  summariesAfter(seq: number, limit: number): readonly AuditSummary[];
  lastSeq(): number;
  /** A piece of an export of a few hundred kilobytes; `done` rows were written before it. */
  part(query: AuditQuery, format: Format, done: number, nowMs: number): ExportPart;
}
export type ReaderCall = {
  [K in keyof ReaderOperations]: { readonly ask: K; readonly with: Parameters<ReaderOperations[K]> };
}[keyof ReaderOperations];

const defaultLimit = 50;
const maxLimit = 1_000;
const partRows = 500;

export function createReaderOperations(database: Database): ReaderOperations {
  const byId = database.prepare('SELECT * FROM rows WHERE id = ?');
  const after = database.prepare('SELECT * FROM rows WHERE seq > ? ORDER BY seq LIMIT ?');
  const summaries = database.prepare(`SELECT ${summaryColumns} FROM rows WHERE seq > ? ORDER BY seq LIMIT ?`);
  const ends = database.prepare(
    'SELECT (SELECT min(seq) FROM rows) AS first, (SELECT max(seq) FROM rows) AS last, (SELECT min(at) FROM rows) AS oldest, (SELECT max(at) FROM rows) AS newest',
  );
  const mark = database.prepare("SELECT value FROM marks WHERE name = 'words'");
  const unindexed = () =>
    Math.max(0, (ends.get<{ last: number | null }>()!.last ?? 0) - (mark.get<{ value: number }>()?.value ?? 0));
  return {
    query(query, nowMs) {
      const { rows, next } = walk(database, {
        terms: parseQuery(query.q ?? '', nowMs),
        order: query.order ?? 'desc',
        columns: summaryColumns,
        limit: Math.max(1, Math.min(query.limit ?? defaultLimit, maxLimit)),
        ...(query.cursor !== undefined && { cursor: query.cursor }),
      });
      return { rows: rows.map(auditSummary), ...(next !== undefined && { next }), unindexed: unindexed() };
    },
    row(id) {
      const row = byId.get<StoredRow>(id);
      return row && auditRow(row);
    },
    facets: (query, nowMs) => countFacets(database, parseQuery(query.q ?? '', nowMs)),
    stats() {
      const { first, last, oldest, newest } = ends.get<{
        first: number | null;
        last: number | null;
        oldest: number;
        newest: number;
      }>()!;
      const sinks = database
        .prepare('SELECT name, seq, until FROM sinks ORDER BY name')
        .all<{ name: string; seq: number; until: number }>();
      const segments = database
        .prepare('SELECT state, count(*) AS count FROM segments GROUP BY state')
        .all<{ state: string; count: number }>();
      return {
        rows: first === null ? 0 : last! - first + 1,
        first_seq: first,
        last_seq: last,
        oldest: first === null ? null : new Date(oldest).toISOString(),
        newest: first === null ? null : new Date(newest).toISOString(),
        bytes: usedBytes(database),
        unindexed: unindexed(),
        segments: Object.fromEntries(segments.map(({ state, count }) => [state, count])),
        sinks: sinks.map(({ name, seq }) => ({ name, seq, behind: Math.max(0, (last ?? 0) - seq) })),
      };
    },
    verify: (stateDir) => verifyTrail(database, readPublicKeys(stateDir)),
    after: (seq, limit) => after.all<StoredRow>(seq, limit).map(auditRow),
    summariesAfter: (seq, limit) => summaries.all<StoredRow>(seq, limit).map(auditSummary),
    lastSeq: () => ends.get<{ last: number | null }>()!.last ?? 0,
    part(query, format, done, nowMs) {
      const writing = writingOf(format);
      const asked = query.limit === undefined ? Infinity : query.limit - done;
      const { rows, next } = walk(database, {
        terms: parseQuery(query.q ?? '', nowMs),
        order: query.order ?? 'asc',
        columns: '*',
        limit: Math.max(1, Math.min(partRows, asked)),
        ...(query.cursor !== undefined && { cursor: query.cursor }),
      });
      const isFirst = query.cursor === undefined;
      let text = isFirst ? writing.begin : '';
      rows.forEach((row, index) => (text += writing.row(row, done + index)));
      const isLast = next === undefined || asked <= rows.length;
      return { text: isLast ? text + writing.end : text, rows: rows.length, next: isLast ? undefined : next };
    },
  };
}
