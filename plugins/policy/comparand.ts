/** What operators compare: a JSON value with the exact text of its number. */
import { compareDecimal, decimalIn, isDecimal, type Json } from '@gethelio/proxy/plugin';
import type { FoundValue, ValueSource } from './contract.ts';

/** True, false, or undefined: it cannot be judged (the value has the wrong type). Kleene's three values. */
export type Truth = boolean | undefined;

export interface Comparand {
  readonly value: Json;
  /** The number's decimal text; undefined when the value is no number, or one too long to compute with. */
  number(): string | undefined;
  /** The members of a list. */
  items(): readonly Comparand[] | undefined;
}

/** A value that stands at a member path. */
export function seenAt(source: ValueSource, path: string, value: Json): Comparand {
  return {
    value,
    number: () => (typeof value === 'number' ? exact(source.decimal(path)) : undefined),
    items: () => (isList(value) ? value.map((item, i) => seenAt(source, `${path}[${i}]`, item)) : undefined),
  };
}

/** A value that a path found. */
export function seenFound(found: FoundValue): Comparand {
  const { value } = found;
  return {
    value,
    number: () => (typeof value === 'number' ? exact(found.decimal()) : undefined),
    items: () => (isList(value) ? value.map((item, i) => seenItem(item, value, i)) : undefined),
  };
}

function seenItem(value: Json, container: Json, key: number): Comparand {
  return seenFound({ value, path: '', decimal: () => decimalIn(container, key) });
}

/** A value that a rule names. */
export function written(value: Json): Comparand {
  const text = typeof value === 'number' ? exact(String(value)) : undefined;
  const items = isList(value) ? value.map(written) : undefined;
  return { value, number: () => text, items: () => items };
}

function exact(text: string | undefined): string | undefined {
  return text !== undefined && isDecimal(text) ? text : undefined;
}

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isScalar(value: unknown): value is null | boolean | number | string {
  return value === null || ['boolean', 'number', 'string'].includes(typeof value);
}

/** Orders two numbers exactly; undefined when one of them is none. */
export function order(a: Comparand, b: Comparand): -1 | 0 | 1 | undefined {
  const [left, right] = [a.number(), b.number()];
  if (left === undefined || right === undefined) return undefined;
  if (typeof a.value === 'number' && typeof b.value === 'number') {
    // Shortest decimal texts order as their doubles do; only a text that a double cannot hold needs big integers.
    if (left === String(a.value) && right === String(b.value)) {
      return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
    }
  }
  return compareDecimal(left, right);
}

/** Same type and same value; numbers exactly. Lists and objects cannot be judged: rules name their members. */
export function same(a: Comparand, b: Comparand): Truth {
  if (!isScalar(a.value) || !isScalar(b.value)) return isScalar(a.value) !== isScalar(b.value) ? false : undefined;
  if (typeof a.value === 'number' && typeof b.value === 'number') {
    const ordered = order(a, b);
    return ordered === undefined ? undefined : ordered === 0;
  }
  return a.value === b.value;
}

/** JSON type names, with `integer` beside `number`. */
export function typesOf(seen: Comparand): readonly string[] {
  const { value } = seen;
  if (value === null) return ['null'];
  if (isList(value)) return ['array'];
  if (typeof value !== 'number') return [typeof value];
  const text = seen.number();
  return text !== undefined && isInteger(text) ? ['number', 'integer'] : ['number'];
}

function isInteger(text: string): boolean {
  if (/^-?[0-9]+$/.test(text)) return true;
  const whole = Number(text);
  return Number.isInteger(whole) && compareDecimal(text, String(whole)) === 0;
}

const mostShown = 60;

/**
 * A value of a call, for people. Whole or not at all: redaction finds a secret by its whole text, and a piece of one would
 * slip through.
 */
export function show(value: Json | undefined): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  if (text.length <= mostShown) return text;
  if (typeof value === 'string') return `text of ${value.length} characters`;
  if (isList(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? `an object of ${Object.keys(value!).length} keys` : 'a long number';
}

/** A value that stands in helio.yaml, for people: cut where it is long. */
export function showWritten(value: Json): string {
  const text = JSON.stringify(value);
  return text.length <= mostShown ? text : `${text.slice(0, mostShown - 3)}...`;
}
