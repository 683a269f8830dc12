/** The operators of `input:` and its kin, one row each: what they compare, and when they cannot judge. */
import { RE2JS } from 're2js';
import { isDecimal, type Json } from '@gethelio/proxy/plugin';
import { isList, isScalar, order, same, typesOf, written, type Comparand, type Truth } from './comparand.ts';

export interface Operator {
  readonly summary: string;
  readonly example: string;
  /** What the rule may write: a sentence for errors and docs. */
  readonly takes: string;
  /** Undefined when the operand is a mistake. */
  prepare(operand: Json): ((seen: Comparand) => Truth) | undefined;
  /** With an operand that comes from the call (`*_input`); left out where that makes no sense. */
  compare?(seen: Comparand, operand: Comparand): Truth;
}

export const operators: Readonly<Record<string, Operator>> = {
  eq: {
    summary: 'is exactly this value; numbers are compared as exact decimals',
    example: "eq: 'GBP'",
    takes: 'text, a number, true, false or null',
    prepare: (operand) => (isScalar(operand) ? withOperand(same, operand) : undefined),
    compare: same,
  },
  neq: {
    summary: 'is another value',
    example: "neq: 'GBP'",
    takes: 'text, a number, true, false or null',
    prepare: (operand) => (isScalar(operand) ? withOperand(differs, operand) : undefined),
    compare: differs,
  },
  gt: ordering('is a number greater than this', 'gt: 1000', (o) => o > 0),
  gte: ordering('is a number of at least this', 'gte: 1000', (o) => o >= 0),
  lt: ordering('is a number less than this', 'lt: 0.5', (o) => o < 0),
  lte: ordering('is a number of at most this', 'lte: 1000', (o) => o <= 0),
  in: {
    summary: 'is one of these values',
    example: "in: ['GBP', 'EUR']",
    takes: 'a list of text, numbers, true, false or null, with at least one entry',
    prepare: (operand) => (isScalarList(operand) ? withOperand(isIn, operand) : undefined),
    compare: isIn,
  },
  not_in: {
    summary: 'is none of these values',
    example: "not_in: ['prod', 'staging']",
    takes: 'a list of text, numbers, true, false or null, with at least one entry',
    prepare: (operand) => (isScalarList(operand) ? withOperand((s, o) => not(isIn(s, o)), operand) : undefined),
    compare: (seen, operand) => not(isIn(seen, operand)),
  },
  contains: {
    summary: 'is text with this inside, or a list with this member',
    example: "contains: 'DROP TABLE'",
    takes: 'text, a number, true, false or null',
    prepare: (operand) => (isScalar(operand) && operand !== '' ? withOperand(contains, operand) : undefined),
    compare: contains,
  },
  starts_with: textual('is text that begins with this', "starts_with: '/etc/'", (text, part) => text.startsWith(part)),
  ends_with: textual('is text that ends with this', "ends_with: '.internal'", (text, part) => text.endsWith(part)),
  regex: {
    summary: 'is text in which this regular expression finds something (RE2 syntax, linear time; anchor with ^ and $)',
    example: "regex: '^[A-Z]{2}-[0-9]+$'",
    takes: 'a regular expression in RE2 syntax, without look-around and back-references',
    prepare: (operand) => (typeof operand === 'string' && operand !== '' ? regex(operand) : undefined),
  },
  exists: {
    summary: 'true: something stands there, null included; false: nothing does',
    example: 'exists: false',
    takes: 'true or false',
    // What is judged here stands there; the missing case is the path's, in comparison.ts.
    prepare: (operand) => (typeof operand === 'boolean' ? () => operand : undefined),
  },
  length: {
    summary: 'the number of characters (code points) of text, of members of a list, of keys of an object',
    example: 'length: { gt: 100 }',
    takes: 'a whole number, or an object of gt, gte, lt, lte, eq, neq with whole numbers',
    prepare: lengthOf,
  },
  type: {
    summary: 'the JSON type: string, number, integer, boolean, null, array, object',
    example: "type: 'number'",
    takes: 'string, number, integer, boolean, null, array or object, or a list of these',
    prepare(operand) {
      const names = (isList(operand) ? operand : [operand]) as readonly Json[];
      if (names.length === 0 || !names.every((name) => typeNames.includes(name as string))) return undefined;
      return (seen) => typesOf(seen).some((type) => names.includes(type));
    },
  },
};

/** Words that mean the same. */
export const operatorAliases: Readonly<Record<string, string>> = { equals: 'eq', equals_input: 'eq_input' };

/** Operators that order numbers: on a path whose schema is text they can never judge. */
export const numericOperators: ReadonlySet<string> = new Set(['gt', 'gte', 'lt', 'lte']);

const typeNames = ['string', 'number', 'integer', 'boolean', 'null', 'array', 'object'];

function withOperand(compare: (seen: Comparand, operand: Comparand) => Truth, operand: Json) {
  const fixed = written(operand);
  return (seen: Comparand) => compare(seen, fixed);
}

function not(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth;
}

function differs(seen: Comparand, operand: Comparand): Truth {
  return not(same(seen, operand));
}

function isIn(seen: Comparand, operand: Comparand): Truth {
  const members = operand.items();
  if (!members) return undefined;
  let result: Truth = false;
  for (const member of members) {
    const equal = same(seen, member);
    if (equal) return true;
    if (equal === undefined) result = undefined;
  }
  return result;
}

function contains(seen: Comparand, operand: Comparand): Truth {
  if (typeof seen.value === 'string')
    return typeof operand.value === 'string' ? seen.value.includes(operand.value) : undefined;
  return seen.items() ? isIn(operand, seen) : undefined;
}

function ordering(summary: string, example: string, holds: (order: number) => boolean): Operator {
  const compare = (seen: Comparand, operand: Comparand): Truth => {
    if (typeof seen.value !== 'number') return undefined;
    const ordered = order(seen, operand);
    return ordered === undefined ? undefined : holds(ordered);
  };
  return {
    summary,
    example,
    takes: 'a number; one that needs more than 15 digits as quoted text',
    prepare(operand) {
      const text = decimalOperand(operand);
      if (text === undefined) return undefined;
      const limit: Comparand = { value: Number(text), number: () => text, items: () => undefined };
      return (seen) => compare(seen, limit);
    },
    compare: (seen, operand) => (typeof operand.value === 'number' ? compare(seen, operand) : undefined),
  };
}

/** A number's text; undefined for what is none, and for what YAML could not keep exactly. */
function decimalOperand(operand: Json): string | undefined {
  if (typeof operand === 'string') return isDecimal(operand) ? operand : undefined;
  if (typeof operand !== 'number' || !Number.isFinite(operand) || Math.abs(operand) > Number.MAX_SAFE_INTEGER)
    return undefined;
  return String(operand);
}

function textual(summary: string, example: string, test: (text: string, part: string) => boolean): Operator {
  const compare = (seen: Comparand, { value }: Comparand): Truth =>
    typeof seen.value === 'string' && typeof value === 'string' ? test(seen.value, value) : undefined;
  return {
    summary,
    example,
    takes: 'text of at least one character',
    prepare: (operand) => (typeof operand === 'string' && operand !== '' ? withOperand(compare, operand) : undefined),
    compare,
  };
}

/** @throws Error with RE2's own sentence when the expression is malformed or needs look-around. */
function regex(pattern: string): (seen: Comparand) => Truth {
  const compiled = RE2JS.compile(pattern);
  return ({ value }) => (typeof value === 'string' ? compiled.test(value) : undefined);
}

function isScalarList(operand: Json): boolean {
  return isList(operand) && operand.length > 0 && operand.every(isScalar);
}

const lengthOperators = ['eq', 'neq', 'gt', 'gte', 'lt', 'lte'];

function lengthOf(operand: Json): ((seen: Comparand) => Truth) | undefined {
  const wanted = typeof operand === 'number' ? { eq: operand } : operand;
  if (typeof wanted !== 'object' || wanted === null || isList(wanted)) return undefined;
  const entries = Object.entries(wanted);
  const fine = ([name, n]: [string, Json]) =>
    lengthOperators.includes(name) && Number.isSafeInteger(n) && Number(n) >= 0;
  if (entries.length === 0 || !entries.every(fine)) return undefined;
  const tests = entries.map(([name, n]) => operators[name]!.prepare(n)!);
  return ({ value }) => {
    const count = countOf(value);
    if (count === undefined) return undefined;
    const seen = written(count);
    return tests.every((test) => test(seen) === true);
  };
}

function countOf(value: Json): number | undefined {
  if (typeof value === 'string') {
    let count = 0;
    for (const _ of value) count++;
    return count;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  return isList(value) ? value.length : Object.keys(value).length;
}
