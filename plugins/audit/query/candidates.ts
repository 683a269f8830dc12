/** Where to look first: rows in time order from one index, so that no query walks the table. */
import type { Database, SqlValue } from '@gethelio/proxy/plugin';
import { conditionOf, ftsQuery, sqlGlob } from './conditions.ts';
import type { Term } from './language.ts';

/** A place between two rows: newest first by time, then by number. */
export interface Place {
  readonly at: number;
  readonly seq: number;
}
export interface Candidates {
  /** The statement that fetches them, for `EXPLAIN QUERY PLAN`. */
  readonly sql: string;
  /** The terms that a candidate still has to meet. */
  readonly rest: readonly Term[];
  /** The next ones after a place, in order; fewer than `limit` only at the end. */
  next(after: Place | undefined, limit: number): readonly Place[];
}

/** Columns with an index on (column, at), the most selective first. */
const indexed = ['session', 'rule', 'agent', 'tool', 'outcome'] as const;
/** More values than this behind a glob: time order and a check per row cost less. */
const maxValues = 40;
const slowUs = 1_000_000;
const forever = 8_640_000_000_000_000;

export function findCandidates(database: Database, terms: readonly Term[], order: 'asc' | 'desc'): Candidates {
  const words = terms.filter((term) => term.type === 'words' && !term.not);
  if (words.length > 0)
    return byWords(
      database,
      terms,
      words.map((term) => (term as { text: string }).text),
      order,
    );

  const { fromMs, toMs } = timeSpan(terms);
  const rest = terms.filter((term) => term.type !== 'time');
  const make = (of: readonly (readonly [condition: string, ...values: SqlValue[]])[], drop?: Term): Candidates => {
    const compare = order === 'desc' ? ['at <= ?', '<'] : ['at >= ?', '>'];
    const one = (condition: string) =>
      `SELECT at, seq FROM rows WHERE ${condition}${condition ? ' AND ' : ''}at BETWEEN ? AND ? AND ${compare[0]} AND (at ${compare[1]} ? OR seq ${compare[1]} ?) ORDER BY at ${order}, seq ${order} LIMIT ?`;
    const sql =
      of.length === 1
        ? one(of[0]![0])
        : `SELECT at, seq FROM (${of.map(([condition]) => `SELECT * FROM (${one(condition)})`).join(' UNION ALL ')}) ORDER BY at ${order}, seq ${order} LIMIT ?`;
    const statement = database.prepare(sql);
    return {
      sql,
      rest: rest.filter((term) => term !== drop),
      next(after, limit) {
        const from =
          after ?? (order === 'desc' ? { at: forever, seq: Number.MAX_SAFE_INTEGER } : { at: -forever, seq: -1 });
        const each = of.flatMap(([, ...values]) => [...values, fromMs, toMs, from.at, from.at, from.seq, limit]);
        return statement.all<Place>(...each, ...(of.length === 1 ? [] : [limit]));
      },
    };
  };

  const id = rest.find(
    (term) =>
      term.type === 'field' && term.field === 'id' && !term.not && !term.globs.some((glob) => glob.includes('*')),
  );
  if (id?.type === 'field')
    return make(
      id.globs.map((value) => ['id = ?', value] as const),
      id,
    );

  for (const field of indexed) {
    const term = rest.find((candidate) => candidate.type === 'field' && candidate.field === field && !candidate.not);
    if (term?.type !== 'field') continue;
    const values = valuesOf(database, field, term.globs);
    if (values === undefined) continue;
    if (values.length === 0) return { sql: '', rest: [], next: () => [] };
    return make(
      values.map((value) => [`${field} = ?`, value] as const),
      term,
    );
  }
  const slow = rest.some(
    (term) =>
      term.type === 'latency' &&
      term.column === 'total_us' &&
      /[>=]/.test(term.op) &&
      term.op !== '<=' &&
      term.us >= slowUs,
  );
  if (slow) return make([[`total_us >= ${slowUs}`]]);
  const argument = rest.find(
    (term) => term.type === 'argument' && !term.not && term.path.some((step) => /\p{L}/u.test(step)),
  );
  if (argument?.type === 'argument') {
    // the names on the way to the value are words of the index
    return byWords(
      database,
      terms,
      argument.path.filter((step) => /\p{L}/u.test(step)),
      order,
      'arguments',
    );
  }
  return make([['']]);
}

/** By the text index, in the order of the rows' numbers; with `column`, rows that are not indexed yet come too. */
function byWords(
  database: Database,
  terms: readonly Term[],
  phrases: readonly string[],
  order: 'asc' | 'desc',
  column?: string,
): Candidates {
  const query = ftsQuery(phrases, column);
  const beyond = order === 'desc' ? '<' : '>';
  const sql = `SELECT rowid AS seq FROM words WHERE words MATCH ? AND rowid ${beyond} ? ORDER BY rowid ${order} LIMIT ?`;
  const matching = database.prepare(sql);
  const tail = database.prepare(`SELECT seq FROM rows WHERE seq > ? AND seq ${beyond} ? ORDER BY seq ${order} LIMIT ?`);
  const mark = database.prepare("SELECT value FROM marks WHERE name = 'words'").get<{ value: number }>()?.value ?? 0;
  const places = (rows: readonly { seq: number }[]) => rows.map(({ seq }) => ({ at: 0, seq }));
  return {
    sql,
    rest: column ? terms : terms.filter((term) => term.type !== 'words' || term.not),
    next(after, limit) {
      const seq = after?.seq ?? (order === 'desc' ? Number.MAX_SAFE_INTEGER : -1);
      const unindexed = column ? places(tail.all<{ seq: number }>(mark, seq, limit)) : [];
      if (unindexed.length >= limit && order === 'desc') return unindexed;
      const found = places(matching.all<{ seq: number }>(query, seq, limit));
      return (order === 'desc' ? [...unindexed, ...found] : [...found, ...unindexed]).slice(0, limit);
    },
  };
}

export function timeSpan(terms: readonly Term[]): { readonly fromMs: number; readonly toMs: number } {
  let [fromMs, toMs] = [-forever, forever];
  for (const term of terms) {
    if (term.type !== 'time') continue;
    fromMs = Math.max(fromMs, term.fromMs ?? -forever);
    toMs = Math.min(toMs, term.toMs ?? forever);
  }
  return { fromMs, toMs };
}

/** The values that the globs match, by hopping through the index; undefined: too many. */
function valuesOf(database: Database, field: string, globs: readonly string[]): string[] | undefined {
  const values = new Set<string>();
  for (const glob of globs) {
    const star = glob.indexOf('*');
    if (star < 0) {
      values.add(glob);
      continue;
    }
    const prefix = glob.slice(0, star);
    const hop = database.prepare(`SELECT min(${field}) AS value FROM rows WHERE ${field} > ?`);
    const first = database.prepare(`SELECT min(${field}) AS value FROM rows WHERE ${field} >= ?`);
    const matches = database.prepare('SELECT ? GLOB ? AS yes');
    let value = first.get<{ value: string | null }>(prefix)!.value;
    for (let hops = 0; value !== null && value.startsWith(prefix); hops += 1) {
      if (matches.get<{ yes: number }>(value, sqlGlob(glob))!.yes === 1) values.add(value);
      if (values.size > maxValues || hops > 1_000) return undefined;
      value = hop.get<{ value: string | null }>(value)!.value;
    }
  }
  return values.size > maxValues ? undefined : [...values];
}

export { conditionOf };
