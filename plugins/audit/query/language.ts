/** The query language: `tool:stripe_* outcome:denied amount>100 since:24h "a phrase" -agent:test`. */
import { durationMs } from '@gethelio/proxy/plugin';

export type Comparison = '=' | '!=' | '>' | '>=' | '<' | '<=' | '~';
/** Columns that `name:value` looks at. Any other name is a path in the arguments. */
export const textFields = [
  'id', 'kind', 'method', 'tool', 'upstream', 'session', 'agent', 'client', 'door', 'peer', 'effect', 'outcome', 'code', 'rule', 'plugin', 'process',
] as const; // prettier-ignore
export type TextField = (typeof textFields)[number];
export const timeFields = { latency: 'total_us', total_ms: 'total_us', helio_ms: 'helio_us', waited_ms: 'waited_us', upstream_ms: 'upstream_us' } as const; // prettier-ignore
export type LatencyColumn = (typeof timeFields)[keyof typeof timeFields];

export type Term =
  | { readonly type: 'field'; readonly field: TextField; readonly globs: readonly string[]; readonly not: boolean }
  | { readonly type: 'time'; readonly fromMs?: number; readonly toMs?: number }
  | { readonly type: 'latency'; readonly column: LatencyColumn; readonly op: Comparison; readonly us: number }
  | { readonly type: 'failed'; readonly not: boolean }
  | { readonly type: 'flag'; readonly flag: string; readonly not: boolean }
  | {
      readonly type: 'argument';
      readonly path: readonly string[];
      readonly op: Comparison;
      readonly value: string;
      readonly quoted: boolean;
      readonly not: boolean;
    }
  | { readonly type: 'words'; readonly text: string; readonly not: boolean };

export class QueryError extends Error {
  readonly code = 'HELIO_AUDIT_QUERY';
}

const token = /(-)?(?:([\p{L}_$][\p{L}\p{N}_.$[\]-]*?)(:|>=|<=|!=|=|>|<|~))?("(?:[^"\\]|\\.)*"|[^\s"]*)/uy;
const aliases: { readonly [field: string]: { readonly [word: string]: string } } = {
  outcome: { deny: 'denied', allow: 'forwarded', allowed: 'forwarded', forward: 'forwarded', simulate: 'simulated', answer: 'answered', hold: 'pending' },
  effect: { denied: 'deny', allowed: 'allow', held: 'hold', simulated: 'simulate' },
}; // prettier-ignore
const renamed: { readonly [name: string]: TextField } = { name: 'tool', reason: 'code', source: 'door' };

/** Reads a query. @throws QueryError that says what cannot be read. */
export function parseQuery(text: string, nowMs: number): readonly Term[] {
  const terms: Term[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && /\s/.test(text[at]!)) at += 1;
    if (at >= text.length) return terms;
    token.lastIndex = at;
    const found = token.exec(text);
    if (!found || found[0] === '') throw new QueryError(`cannot read the query from here: ${text.slice(at, at + 30)}`);
    at = token.lastIndex;
    const [, minus, name, op, value] = found;
    terms.push(termOf(name, op as Comparison | ':' | undefined, value ?? '', minus === '-', nowMs));
  }
}

function termOf(
  name: string | undefined,
  op: Comparison | ':' | undefined,
  raw: string,
  not: boolean,
  nowMs: number,
): Term {
  const quoted = raw.startsWith('"');
  const value = quoted ? raw.slice(1, -1).replace(/\\(.)/g, '$1') : raw;
  if (name === undefined || op === undefined) {
    if (value.trim() === '') throw new QueryError('there is an empty phrase, or a "-" that stands alone');
    return { type: 'words', text: value, not };
  }
  if (value === '' && !quoted) throw new QueryError(`${name}${op} has no value`);
  const field = renamed[name] ?? name;
  if (field in timeFields) {
    const us = microseconds(value);
    if (us === undefined || op === '~' || op === '!=')
      throw new QueryError(`${name} wants a comparison such as ${name}>500 or ${name}>2s`);
    return { type: 'latency', column: timeFields[field as keyof typeof timeFields], op: op === ':' ? '=' : op, us };
  }
  if (op === ':' || ((op === '=' || op === '!=') && isTextField(field))) {
    const negated = not !== (op === '!=');
    if (field === 'since') return { type: 'time', fromMs: nowMs - (durationMs(value) ?? badTime(value)) };
    if (field === 'after') return { type: 'time', fromMs: instant(value) };
    if (field === 'before') return { type: 'time', toMs: instant(value) - 1 };
    if (field === 'error' || field === 'is_error')
      return { type: 'failed', not: negated !== /^(false|no|0)$/.test(value) };
    if (field === 'flag') return { type: 'flag', flag: value, not: negated };
    if (isTextField(field)) {
      const words = quoted ? [value] : value.split(',').filter((word) => word !== '');
      return { type: 'field', field, globs: words.map((word) => aliases[field]?.[word] ?? word), not: negated };
    }
  }
  return { type: 'argument', path: pathOf(name), op: op === ':' ? '=' : op, value, quoted, not };
}

function isTextField(name: string): name is TextField {
  return (textFields as readonly string[]).includes(name);
}

/** `amount`, `$.amount`, `arguments.customer.id`, `items[0].price` */
function pathOf(name: string): string[] {
  const path = name
    .replace(/^(\$\.?|arguments\.|args\.)/, '')
    .replace(/\[(\d+)\]/g, '.$1')
    .split('.')
    .filter((step) => step !== '');
  if (path.length === 0 || path.some((step) => /[[\]]/.test(step)))
    throw new QueryError(`${name} is no path in the arguments`);
  return path;
}

function microseconds(text: string): number | undefined {
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) : durationMs(text);
  return ms === undefined ? undefined : Math.round(ms * 1000);
}

function instant(text: string): number {
  const ms = /^\d{12,}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(ms) ? badTime(text) : ms;
}
function badTime(text: string): never {
  throw new QueryError(`"${text}" is no time: write since:24h, after:2026-01-31 or before:2026-01-31T12:00:00Z`);
}
