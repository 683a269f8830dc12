/** Finds the smallest change of a refused call's arguments that these rules would let through, and proves it by judging. */
import { randomUUID } from 'node:crypto';
import {
  compareDecimal,
  decimalAt,
  isDecimal,
  readStrictText,
  writeJson,
  type Call,
  type Effect,
  type Json,
  type JsonObject,
  type Verdict,
} from '@gethelio/proxy/plugin';
import { isScalar, seenFound, show } from './comparand.ts';
import type { Part } from './comparison.ts';
import type { InputComparison } from './conditions/built-in.ts';
import { holds, judge, type Judgement } from './judge.ts';
import type { CompiledPolicy } from './policy.ts';
import type { CompiledRule } from './rule.ts';
import type { Tried } from './trial.ts';

/** One argument that would have to be another. */
export interface Edit {
  /** A member path. */
  readonly path: string;
  /** Left out: take the argument out. */
  readonly value?: Json;
  /** The exact text, for numbers. */
  readonly number?: string;
  /** `1000 or less`, `"GBP"`, `left out`. */
  readonly wish: string;
}
export interface Change {
  readonly edits: readonly Edit[];
  /** What these rules would then say. */
  readonly effect: Effect;
  /** `with $.amount 1000 or less (now 2500)` */
  readonly sentence: string;
}

const mostTries = 24;
/** Names, values and characters together: above it the search would cost more than it is worth, and an agent could ask for it. */
const mostArgumentsSize = 50_000;

/** Undefined when nothing is refused, or when no change of arguments is known to help. */
export function smallestChange(policy: CompiledPolicy, seen: Tried, judgement: Judgement): Change | undefined {
  if (effectOf(judgement) !== 'deny' || sizeLeft(seen.call.arguments, mostArgumentsSize) < 0) return undefined;
  const options = candidates(policy, seen, judgement);
  for (const edits of options.slice(0, mostTries)) {
    const effect = effectWith(policy, seen, edits);
    if (effect !== undefined && effect !== 'deny') return { edits, effect, sentence: sentenceOf(edits, seen.call) };
  }
  return undefined;
}

/** Denies say what to change where the policy knows it, and that a retry is no use where nothing would help. */
export function withAdvice(policy: CompiledPolicy, seen: Tried, judgement: Judgement): readonly Verdict[] {
  const { verdicts } = judgement;
  if (!verdicts.some(({ effect, shadow }) => effect === 'deny' && !shadow)) return verdicts;
  const change = smallestChange(policy, seen, judgement);
  const then =
    change?.effect === 'hold'
      ? 'a person would be asked'
      : change?.effect === 'simulate'
        ? 'it would be a dry run'
        : 'it would be allowed';
  const advice = change
    ? { retry: { allowed: true }, suggestion: `Call ${seen.call.name} again ${change.sentence}: ${then}.` }
    : { retry: { allowed: false } };
  return verdicts.map((verdict) => (verdict.effect === 'deny' ? { ...verdict, ...advice } : verdict));
}

const rank: Readonly<Record<Effect, number>> = { allow: 0, hold: 1, simulate: 2, deny: 3 };

function effectOf({ verdicts }: Judgement): Effect {
  return verdicts
    .filter(({ shadow }) => !shadow)
    .reduce<Effect>((strictest, { effect }) => (rank[effect] > rank[strictest] ? effect : strictest), 'allow');
}

/** Stops counting when nothing is left. */
function sizeLeft(value: Json, left: number): number {
  if (typeof value === 'string') return left - 1 - value.length;
  if (typeof value !== 'object' || value === null) return left - 1;
  let rest = left - 1;
  for (const [key, item] of Object.entries(value)) {
    if (rest < 0) return rest;
    rest = sizeLeft(item as Json, rest - key.length);
  }
  return rest;
}

/** Single edits first, then one per denying rule together. */
function candidates(policy: CompiledPolicy, seen: Tried, judgement: Judgement): readonly (readonly Edit[])[] {
  const denying = judgement.tried.filter(
    (one) => holds(one) && one.rule.speaks?.effect === 'deny' && one.rule.view.mode === 'enforce',
  );
  if (denying.length === 0) return openings(policy, seen, judgement);
  const perRule = denying.map(({ rule }) => rule.comparisons.flatMap((one) => editsFor(one, seen.call, !one.positive)));
  const singles = perRule.flat().map((edit) => [edit]);
  const together =
    perRule.every((edits) => edits.length > 0) && perRule.length > 1 ? [perRule.map((edits) => edits[0]!)] : [];
  const opened = openings(policy, seen, judgement).flatMap((edits) => [
    ...singles.map((single) => [...single, ...edits]),
  ]);
  return [...singles, ...together, ...opened];
}

/** What would make a rule that allows (or asks) match: all of its comparisons that fail now. */
function openings(policy: CompiledPolicy, seen: Tried, judgement: Judgement): readonly (readonly Edit[])[] {
  const failed = (rule: CompiledRule) => !judgement.tried.some((one) => one.rule === rule && holds(one));
  return policy.index
    .about(seen.call)
    .filter(
      (rule) =>
        rule.speaks !== undefined && rule.speaks.effect !== 'deny' && rule.view.mode === 'enforce' && failed(rule),
    )
    .map((rule) => rule.comparisons.map((one) => editsFor(one, seen.call, one.positive)[0]))
    .filter((edits): edits is Edit[] => edits.length > 0 && edits.some((edit) => edit !== undefined))
    .map((edits) => edits.filter((edit) => edit !== undefined));
}

/** Edits that turn a comparison to `wanted`; none when it is so already or no value is known. */
function editsFor({ path, parts }: InputComparison, call: Call, wanted: boolean): readonly Edit[] {
  const source = { root: call.arguments as Json, decimal: (at: string) => call.decimal(at) };
  const found = path.read(source.root) ?? [];
  if (found.length === 0)
    return path.single && wanted ? parts.flatMap((part) => editsOf(part, path.text, call, wanted)) : [];
  return found.flatMap((one) =>
    parts
      .filter((part) => part.test(seenFound(one), source) !== wanted)
      .flatMap((part) => editsOf(part, one.path, call, wanted)),
  );
}

function editsOf({ operator, operand }: Part, path: string, call: Call, wanted: boolean): readonly Edit[] {
  if (operator.endsWith('_input')) {
    const number = call.decimal(operand as string);
    const fixed = operator.replace(/_input$/, '');
    return number === undefined ? [] : numeric(fixed, number, path, wanted, ` (${String(operand)})`);
  }
  const text = typeof operand === 'number' ? String(operand) : operand;
  if (['gt', 'gte', 'lt', 'lte'].includes(operator)) {
    return typeof text === 'string' && isDecimal(text) ? numeric(operator, text, path, wanted, '') : [];
  }
  const equals = (operator === 'eq' || operator === 'equals') === wanted;
  if (['eq', 'equals', 'neq'].includes(operator)) return equals ? [literal(path, operand)] : [];
  const inside = (operator === 'in') === wanted;
  if (operator === 'in' || operator === 'not_in')
    return inside ? (operand as readonly Json[]).map((one) => literal(path, one)) : [];
  if (operator === 'exists') return (operand === true) === wanted ? [] : [{ path, wish: 'left out' }];
  return [];
}

function literal(path: string, value: Json): Edit {
  return { path, value, wish: JSON.stringify(value), ...(typeof value === 'number' && { number: String(value) }) };
}

function numeric(operator: string, limit: string, path: string, wanted: boolean, of: string): readonly Edit[] {
  const opposite: Record<string, string> = { gt: 'lte', gte: 'lt', lt: 'gte', lte: 'gt' };
  const need = wanted ? operator : opposite[operator];
  const at = (number: string, wish: string): readonly Edit[] => [
    { path, value: Number(number), number, wish: `${wish}${of}` },
  ];
  if (need === 'lte') return at(limit, `${limit} or less`);
  if (need === 'gte') return at(limit, `${limit} or more`);
  // Just beyond a border there is no nearest number: a whole step is proof enough that the direction is right.
  if (need === 'lt') return at(step(limit, -1), `less than ${limit}`);
  if (need === 'gt') return at(step(limit, 1), `more than ${limit}`);
  if (operator === 'eq' && wanted) return at(limit, limit);
  return [];
}

function step(limit: string, by: 1 | -1): string {
  const near = String(Number(limit) + by);
  const smaller = String(Number(limit) / 2);
  if (by < 0 && compareDecimal(limit, '1') <= 0 && compareDecimal(limit, '0') > 0 && isDecimal(smaller)) return smaller;
  return isDecimal(near) ? near : limit;
}

function effectWith(policy: CompiledPolicy, seen: Tried, edits: readonly Edit[]): Effect | undefined {
  const call = edited(seen.call, edits);
  const judged = judge(policy, { ...seen, call });
  return judged instanceof Promise ? undefined : effectOf(judged);
}

/** The same call with other arguments, exact as a client's are: numbers are put in as texts, and all of it is read again. */
function edited(call: Call, edits: readonly Edit[]): Call {
  const args = strict(writeJson(call.arguments));
  const numbers = new Map<string, string>();
  for (const edit of edits) {
    const mark = edit.number === undefined ? undefined : randomUUID();
    if (mark !== undefined) numbers.set(`"${mark}"`, edit.number!);
    put(args, mark === undefined ? edit : { ...edit, value: mark });
  }
  let text = writeJson(args);
  for (const [mark, number] of numbers) text = text.replace(mark, number);
  const next = strict(text);
  return { ...call, arguments: next, decimal: (path) => decimalAt(next, path) };
}

function strict(text: string): Record<string, Json> {
  const read = readStrictText(text);
  if (!read.ok) throw new TypeError(`arguments cannot be read again: ${read.reason}`);
  return read.value as Record<string, Json>;
}

function put(root: Record<string, Json>, { path, value }: Edit): void {
  const keys = keysOf(path);
  let at: any = root;
  for (const key of keys.slice(0, -1)) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return;
    at = at[key];
  }
  if (typeof at !== 'object' || at === null) return;
  const last = keys.at(-1)!;
  if (value === undefined) delete at[last];
  else Object.defineProperty(at, last, { value, enumerable: true, configurable: true, writable: true });
}

/** The keys of a member path that `memberPathText` wrote, or that a rule did. */
function keysOf(path: string): readonly (string | number)[] {
  const keys: (string | number)[] = [];
  for (const [, name, index, single, double] of path.matchAll(
    /\.([\p{L}_$][\p{L}\p{N}_$-]*)|\[([0-9]+)\]|\['((?:[^'\\]|\\['\\])*)'\]|\["((?:[^"\\]|\\["\\])*)"\]/gu,
  ))
    keys.push(index !== undefined ? Number(index) : (name ?? (single ?? double)!.replace(/\\(.)/gu, '$1')));
  return keys;
}

function sentenceOf(edits: readonly Edit[], call: Call): string {
  const said = edits.map(({ path, wish }) => {
    const now = call.decimal(path) ?? show(valueAt(call.arguments, path));
    return `${path} ${wish === 'left out' ? wish : `${wish}`} (now ${now})`;
  });
  return `with ${said.join(' and ')}`;
}

function valueAt(root: JsonObject, path: string): Json | undefined {
  let at: any = root;
  for (const key of keysOf(path))
    at = at !== null && typeof at === 'object' && Object.hasOwn(at, key) ? at[key] : undefined;
  return isScalar(at) || typeof at === 'object' ? at : undefined;
}
