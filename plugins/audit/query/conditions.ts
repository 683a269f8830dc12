/** One term of a query as SQL over one row. */
import type { SqlValue } from '@gethelio/proxy/plugin';
import type { Term } from './language.ts';

export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export function conditionOf(term: Term): Condition {
  switch (term.type) {
    case 'field': {
      const each = term.globs.map((glob) => (glob.includes('*') ? `${term.field} GLOB ?` : `${term.field} = ?`));
      const values = term.globs.map((glob) => (glob.includes('*') ? sqlGlob(glob) : glob));
      const any = each.length === 0 ? 'false' : `(${each.join(' OR ')})`;
      return { sql: term.not ? `NOT coalesce(${any}, false)` : any, values };
    }
    case 'time': {
      const parts: Condition[] = [];
      if (term.fromMs !== undefined) parts.push({ sql: 'at >= ?', values: [term.fromMs] });
      if (term.toMs !== undefined) parts.push({ sql: 'at <= ?', values: [term.toMs] });
      return {
        sql: parts.map(({ sql }) => sql).join(' AND ') || 'true',
        values: parts.flatMap(({ values }) => values),
      };
    }
    case 'latency':
      return { sql: `${term.column} ${term.op} ?`, values: [term.us] };
    case 'failed':
      return { sql: `is_error = ?`, values: [term.not ? 0 : 1] };
    case 'flag':
      return {
        sql: `${term.not ? 'NOT ' : ''}EXISTS (SELECT 1 FROM json_each(detail, '$.flags') AS flag WHERE flag.value = ?)`,
        values: [term.flag],
      };
    case 'argument':
      return argumentCondition(term);
    case 'words':
      return {
        sql: `${term.not ? 'NOT ' : ''}EXISTS (SELECT 1 FROM words WHERE words MATCH ? AND rowid = rows.seq)`,
        values: [ftsQuery([term.text])],
      };
  }
}

/** Numbers compare with numbers, texts with texts; a missing path matches nothing, also not `!=`. */
function argumentCondition(term: Term & { readonly type: 'argument' }): Condition {
  const path = `$${term.path.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `."${step.replaceAll('"', '')}"`)).join('')}`;
  const value = 'json_extract(arguments, ?)';
  const type = 'json_type(arguments, ?)';
  const number = term.quoted || !/^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(term.value) ? undefined : Number(term.value);
  const not = term.not ? 'NOT ' : '';
  if (term.op === '~') {
    return {
      sql: `${not}coalesce(instr(lower(CAST(${value} AS TEXT)), lower(?)) > 0, false)`,
      values: [path, term.value],
    };
  }
  if (term.op === '=' || term.op === '!=') {
    const text =
      term.value.includes('*') && !term.quoted ? `CAST(${value} AS TEXT) GLOB ?` : `CAST(${value} AS TEXT) = ?`;
    const wanted = term.value.includes('*') && !term.quoted ? sqlGlob(term.value) : literal(term.value);
    const same = number === undefined ? text : `(${text} OR (${type} IN ('integer', 'real') AND ${value} = ?))`;
    const values = number === undefined ? [path, wanted] : [path, wanted, path, path, number];
    const isThere =
      term.op === '!=' ? `(${type} IS NOT NULL AND NOT coalesce(${same}, false))` : `coalesce(${same}, false)`;
    return { sql: `${not}${isThere}`, values: term.op === '!=' ? [path, ...values] : values };
  }
  const types = number === undefined ? "= 'text'" : "IN ('integer', 'real')";
  return {
    sql: `${not}coalesce(${type} ${types} AND ${value} ${term.op} ?, false)`,
    values: [path, path, number ?? term.value],
  };
}

/** json_extract gives 1 and 0 for true and false. */
function literal(text: string): string {
  return text === 'true' ? '1' : text === 'false' ? '0' : text;
}

/** Our only special character is `*`; SQLite's GLOB knows `?` and `[` too. */
export function sqlGlob(glob: string): string {
  return glob.replace(/[?[]/g, '[$&]');
}

/** Phrases for FTS5: everything is quoted, a final `*` is a prefix. No operator of the index's own reaches it. */
export function ftsQuery(phrases: readonly string[], column?: string): string {
  const quoted = phrases.map((phrase) => {
    const isPrefix = phrase.endsWith('*');
    const text = (isPrefix ? phrase.slice(0, -1) : phrase).replaceAll('"', '""').replaceAll('\0', ' ');
    return `"${text}"${isPrefix ? ' *' : ''}`;
  });
  return `${column ? `${column} : ` : ''}(${quoted.join(' AND ')})`;
}
