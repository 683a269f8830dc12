/** JSONPath over arguments: member paths compiled to direct access, wildcards, slices and recursion by jsonpath-plus. */
import { JSONPath } from 'jsonpath-plus';
import type { Json } from '@gethelio/proxy/plugin';
import type { CompiledPath } from './contract.ts';

type Step = string | number | { readonly every: true } | { readonly below: true } | { readonly slice: string };

/**
 * Strict on purpose: jsonpath-plus takes malformed paths in silence, and a typo must not make a rule that never fires.
 * No filters, no scripts, no unions, no parent or type operators.
 */
const steps =
  /\.\.(?=[\p{L}_$*[])|\.([\p{L}_$][\p{L}\p{N}_$-]*)|(?:\.|(?<=\.\.))(\*)|\[(\*)\]|\[(-?[0-9]{0,9}:-?[0-9]{0,9}(?::[1-9][0-9]{0,8})?)\]|\[(0|[1-9][0-9]{0,8})\]|\['((?:[^'\\]|\\['\\])*)'\]|\["((?:[^"\\]|\\["\\])*)"\]|(?<=\.\.)([\p{L}_$][\p{L}\p{N}_$-]*)/uy;

/** Names that jsonpath-plus would read as operators; plain member paths never reach it. */
const operatorName = /[\^~`@?()'"\\*,[\]]/u;
const maxDepth = 64;

/** @throws TypeError with a sentence that says where the path goes wrong. */
export function compilePath(text: string): CompiledPath {
  const parsed = parse(text);
  if (parsed.every((step) => typeof step === 'string' || typeof step === 'number')) {
    const keys = parsed as readonly (string | number)[];
    const path = memberPathText(keys);
    return { text, single: true, read: (root) => readMember(root, keys, path) };
  }
  for (const step of parsed) {
    if (typeof step === 'string' && operatorName.test(step))
      throw new TypeError(`the member name ${JSON.stringify(step)} cannot stand beside a wildcard`);
  }
  const library = parsed.map(libraryStep).join('');
  return { text, single: false, read: (root) => readMany(root, `$${library}`) };
}

function parse(text: string): readonly Step[] {
  if (!text.startsWith('$')) throw new TypeError(`a path begins with $, for example ${JSON.stringify(`$.${text}`)}`);
  const found: Step[] = [];
  steps.lastIndex = 1;
  while (steps.lastIndex < text.length) {
    const from = steps.lastIndex;
    const match = steps.exec(text);
    if (!match) throw new TypeError(`nothing can be read after ${JSON.stringify(text.slice(0, from))}`);
    found.push(stepOf(match));
  }
  if (found.filter((step) => typeof step === 'object' && 'below' in step).length > 1)
    throw new TypeError('a path may hold `..` once: more would visit every value again and again');
  return found;
}

function stepOf(match: RegExpExecArray): Step {
  const [whole, name, star, bracketStar, slice, index, single, double, bareName] = match;
  if (whole === '..') return { below: true };
  if (star !== undefined || bracketStar !== undefined) return { every: true };
  if (slice !== undefined) return { slice };
  if (index !== undefined) return Number(index);
  return name ?? bareName ?? (single ?? double)!.replace(/\\(.)/gu, '$1');
}

function libraryStep(step: Step): string {
  if (typeof step === 'number') return `[${step}]`;
  if (typeof step === 'string') return `['${step}']`;
  if ('every' in step) return '[*]';
  if ('below' in step) return '..';
  return `[${step.slice}]`;
}

function readMember(root: Json, keys: readonly (string | number)[], path: string): ReturnType<CompiledPath['read']> {
  let value: Json | undefined = root;
  for (const key of keys) {
    value = member(value, key);
    if (value === undefined) return [];
  }
  return [{ value, path }];
}

function member(container: Json, key: string | number): Json | undefined {
  if (typeof container !== 'object' || container === null) return undefined;
  if (Array.isArray(container) !== (typeof key === 'number')) return undefined;
  return Object.hasOwn(container, key) ? (container as Record<string | number, Json>)[key] : undefined;
}

function readMany(root: Json, path: string): ReturnType<CompiledPath['read']> {
  if (typeof root !== 'object' || root === null) return [];
  if (deeperThan(root, maxDepth)) throw new RangeError(`arguments are nested more than ${maxDepth} deep`);
  const found = JSONPath({ path, json: root as object, eval: false, resultType: 'pointer', wrap: true }) as string[];
  return found.map((pointer) => at(root, pointer));
}

/** jsonpath-plus does not escape quotes in its own paths; JSON pointers (RFC 6901) are exact. */
function at(root: Json, pointer: string): { readonly value: Json; readonly path: string } {
  const keys: (string | number)[] = [];
  let value: Json = root;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replace(/~1/g, '/').replace(/~0/g, '~');
    const key = Array.isArray(value) ? Number(name) : name;
    keys.push(key);
    value = (value as unknown as Record<string | number, Json>)[key]!;
  }
  return { value, path: memberPathText(keys) };
}

function deeperThan(value: Json, left: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  for (const item of Array.isArray(value) ? value : Object.values(value)) if (deeperThan(item, left - 1)) return true;
  return false;
}

/** The member path of some keys: `$.items[0]['unit price']`. */
export function memberPathText(keys: readonly (string | number)[]): string {
  let text = '$';
  for (const key of keys) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(key)) text += `.${key}`;
    else text += `['${key.replace(/['\\]/g, '\\$&')}']`;
  }
  return text;
}
