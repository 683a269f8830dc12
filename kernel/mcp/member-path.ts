/** Member paths into JSON: `$.order.items[0]['unit price']`. No wildcards: one path, at most one value. */
import type { Json } from '../plugin.ts';
import { exactText } from './exact.ts';

const step =
  /\.([\p{L}_$][\p{L}\p{N}_$-]*)|\[(0|[1-9][0-9]{0,8})\]|\['((?:[^'\\]|\\['\\])*)'\]|\["((?:[^"\\]|\\["\\])*)"\]/uy;

/** The keys of a member path; undefined when it is malformed. `$` alone is the root. */
export function memberPath(path: string): readonly (string | number)[] | undefined {
  if (path[0] !== '$') return undefined;
  const keys: (string | number)[] = [];
  step.lastIndex = 1;
  while (step.lastIndex < path.length) {
    const found = step.exec(path);
    if (!found) return undefined;
    const [, name, index, single, double] = found;
    keys.push(index !== undefined ? Number(index) : (name ?? (single ?? double)!.replace(/\\(.)/gu, '$1')));
  }
  return keys;
}

const compiled = new Map<string, readonly (string | number)[]>();

function compile(path: string): readonly (string | number)[] {
  const known = compiled.get(path);
  if (known) return known;
  const keys = memberPath(path);
  // Thrown, never "nothing there": a mistyped path must not become a rule that never fires.
  if (!keys)
    throw new TypeError(
      `not a member path: ${JSON.stringify(path.slice(0, 80))} (expected for example $.amount or $.items[0].price)`,
    );
  if (compiled.size >= 1000) compiled.clear();
  compiled.set(path, keys);
  return keys;
}

/**
 * The exact decimal text of the number at a member path, as it was written; undefined when no number stands there.
 * @throws TypeError when the path is malformed.
 */
export function decimalAt(root: Json, path: string): string | undefined {
  let container: Json | undefined;
  let key: string | number = '';
  let value: Json | undefined = root;
  for (const next of compile(path)) {
    container = value;
    key = next;
    value = member(container, key);
    if (value === undefined) return undefined;
  }
  return container === undefined ? undefined : decimalIn(container, key);
}

/**
 * The exact decimal text of the number that is this very member of an object or list; undefined when none stands there.
 * For who has walked there: it reads no path.
 */
export function decimalIn(container: Json, key: string | number): string | undefined {
  const value = member(container, key);
  return typeof value === 'number' ? (exactText(container as object, key) ?? String(value)) : undefined;
}

function member(container: Json, key: string | number): Json | undefined {
  if (typeof container !== 'object' || container === null) return undefined;
  if (Array.isArray(container) !== (typeof key === 'number')) return undefined;
  return Object.hasOwn(container, key) ? (container as Record<string | number, Json>)[key] : undefined;
}
