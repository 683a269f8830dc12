/** JSONPath over arguments, compiled at load. A small language on purpose: a typo must not make a rule that never fires. */
import type { Json } from '@gethelio/proxy/plugin';
import type { CompiledPath } from './contract.ts';
import { foundAt, walk, type Selector, type Segment } from './path-walk.ts';

/** `..name` has no dot of its own before the name: the look-behind reads it after its two. */
const steps =
  /\.\.(?=[\p{L}_$*[])|\.([\p{L}_$][\p{L}\p{N}_$-]*)|(?:\.|(?<=\.\.))(\*)|\[(\*)\]|\[((?:-?[0-9]{1,9})?:(?:-?[0-9]{1,9})?(?::[1-9][0-9]{0,8})?)\]|\[(0|[1-9][0-9]{0,8})\]|\['((?:[^'\\]|\\['\\])*)'\]|\["((?:[^"\\]|\\["\\])*)"\]|(?<=\.\.)([\p{L}_$][\p{L}\p{N}_$-]*)/uy;

/** What people write because other JSONPaths have it, and what to write here. */
const foreign: readonly (readonly [RegExp, string])[] = [
  [/^\[\s*\?/u, 'filters are not part of paths here: compare the value itself, for example with [*] and an operator'],
  [/^\[\s*\(/u, 'scripts are not part of paths here; the last item of a list is [-1:]'],
  [/^\[-[0-9]+\]/u, 'a place counts from 0; the last item of a list is [-1:]'],
  [/^\[[^\]]*,/u, 'a path leads one way: write one path for each name or place'],
  [/^\[[^\]]*:[^\]]*:(?:0|-)/u, 'the step of a slice is at least 1'],
  [/^[\^~@`]|^\[[\^~@`]/u, 'parents, keys and types are not part of paths here'],
];

/** @throws TypeError with a sentence that says where the path goes wrong. */
export function compilePath(text: string): CompiledPath {
  const parsed = parse(text);
  const keys = parsed.map(({ selector, below }) => (below || selector.kind !== 'key' ? undefined : selector.key));
  return keys.every((key) => key !== undefined)
    ? { text, single: true, read: (root) => readMember(root, keys) }
    : { text, single: false, read: (root) => walk(root, parsed) };
}

function parse(text: string): readonly Segment[] {
  if (!text.startsWith('$')) throw new TypeError(`a path begins with $, for example ${JSON.stringify(`$.${text}`)}`);
  const found: Segment[] = [];
  let below = false;
  steps.lastIndex = 1;
  while (steps.lastIndex < text.length) {
    const from = steps.lastIndex;
    const match = steps.exec(text);
    if (!match) {
      const hint = foreign.find(([pattern]) => pattern.test(text.slice(from)))?.[1];
      throw new TypeError(
        `nothing can be read after ${JSON.stringify(text.slice(0, from))}${hint === undefined ? '' : ` (${hint})`}`,
      );
    }
    if (match[0] === '..') below = true;
    else {
      found.push({ below, selector: selectorOf(match) });
      below = false;
    }
  }
  if (found.filter((segment) => segment.below).length > 1)
    throw new TypeError('a path may hold `..` once: more would visit every value again and again');
  return found;
}

function selectorOf(match: RegExpExecArray): Selector {
  const [, name, star, bracketStar, slice, index, single, double, bareName] = match;
  if (star !== undefined || bracketStar !== undefined) return { kind: 'every' };
  if (index !== undefined) return { kind: 'key', key: Number(index) };
  if (slice === undefined)
    return { kind: 'key', key: name ?? bareName ?? (single ?? double)!.replace(/\\(.)/gu, '$1') };
  const [from, to, step = '1'] = slice.split(':') as [string, string, string?];
  return {
    kind: 'slice',
    from: from === '' ? 0 : Number(from),
    to: to === '' ? Infinity : Number(to),
    step: Number(step),
  };
}

/** Fast path: most paths lead to one member, and walk nothing. */
function readMember(root: Json, keys: readonly (string | number)[]): ReturnType<CompiledPath['read']> {
  let container: Json | undefined;
  let value: Json | undefined = root;
  for (const key of keys) {
    container = value;
    value = member(value, key);
    if (value === undefined) return [];
  }
  return [foundAt(value, container, keys)];
}

function member(container: Json, key: string | number): Json | undefined {
  if (typeof container !== 'object' || container === null) return undefined;
  if (Array.isArray(container) !== (typeof key === 'number')) return undefined;
  return Object.hasOwn(container, key) ? (container as Record<string | number, Json>)[key] : undefined;
}
