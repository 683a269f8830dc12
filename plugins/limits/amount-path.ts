/**
 * Paths to amounts: members, places and wildcards (`$.items[*].price`). Unlike a search, every branch must lead
 * somewhere: an item without a price is a missing amount, not a free item.
 */
import type { Json } from '@gethelio/proxy/plugin';

const step =
  /\.([\p{L}_$][\p{L}\p{N}_$-]*)|(\.\*|\[\*\])|\[(0|[1-9][0-9]{0,8})\]|\['((?:[^'\\]|\\['\\])*)'\]|\["((?:[^"\\]|\\["\\])*)"\]/uy;

type Step = string | number | typeof every;
const every = Symbol('every');
const compiled = new Map<string, readonly Step[]>();

export function isAmountPath(text: string): boolean {
  const steps = parse(text);
  return steps !== undefined && steps.length > 0;
}

function parse(text: string): readonly Step[] | undefined {
  const known = compiled.get(text);
  if (known) return known;
  if (text[0] !== '$') return undefined;
  const steps: Step[] = [];
  step.lastIndex = 1;
  while (step.lastIndex < text.length) {
    const found = step.exec(text);
    if (!found) return undefined;
    const [, name, star, index, single, double] = found;
    if (star !== undefined) steps.push(every);
    else if (index !== undefined) steps.push(Number(index));
    else steps.push(name ?? (single ?? double)!.replace(/\\(.)/gu, '$1'));
  }
  if (compiled.size > 1_000) compiled.clear();
  compiled.set(text, steps);
  return steps;
}

export interface Found {
  /** A member path, without wildcards. */
  readonly path: string;
  readonly value: Json;
}

/** Every value that the path leads to, at most `limit`; `missing` when any branch leads nowhere, or there is none. */
export function expandPath(text: string, root: Json, limit: number): readonly Found[] | 'missing' | 'too many' {
  let found: Found[] = [{ path: '$', value: root }];
  for (const next of parse(text)!) {
    const deeper: Found[] = [];
    for (const { path, value } of found) {
      if (typeof value !== 'object' || value === null) return 'missing';
      const keys = next === every ? keysOf(value) : [next];
      if (next === every && keys.length === 0) return 'missing';
      for (const key of keys) {
        if (Array.isArray(value) !== (typeof key === 'number') || !Object.hasOwn(value, key)) return 'missing';
        deeper.push({ path: `${path}${stepText(key)}`, value: (value as Record<string | number, Json>)[key]! });
        if (deeper.length > limit) return 'too many';
      }
    }
    found = deeper;
  }
  return found;
}

function keysOf(value: Json): readonly (string | number)[] {
  return Array.isArray(value) ? value.map((_item, index) => index) : Object.keys(value as object);
}

function stepText(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  return /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(key) ? `.${key}` : `['${key.replace(/['\\]/g, '\\$&')}']`;
}
