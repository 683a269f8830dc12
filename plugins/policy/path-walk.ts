/** Walks the paths that lead to several values: wildcards, slices and `..`, never further than a fixed number of values. */
import { decimalIn, type Json } from '@gethelio/proxy/plugin';
import type { FoundValue } from './contract.ts';

/** Which members of a container are meant. Names are for objects, places and slices for lists (RFC 9535). */
export type Selector =
  | { readonly kind: 'key'; readonly key: string | number }
  | { readonly kind: 'every' }
  /** `from` and `to` below 0 count from the end; `to` is Infinity when it was left out. */
  | { readonly kind: 'slice'; readonly from: number; readonly to: number; readonly step: number };
/** One step of a path; `below` is `..`: at every depth from here on. */
export interface Segment {
  readonly below: boolean;
  readonly selector: Selector;
}

/**
 * Values that one path may look at in one call. A body of 4 MiB can hold two million; a rule that wants to see more than
 * this cannot judge the call. Measured: docs/decisions/0009.
 */
export const maxVisited = 250_000;
/** As deep as the strict reader reads. */
export const maxDepth = 64;

type Container = readonly Json[] | { readonly [key: string]: Json };
/** The way to a container: shared by everything below it, so that a value found costs no text. */
interface Trail {
  readonly above: Trail | undefined;
  readonly key: string | number;
  readonly depth: number;
}
interface Walk {
  readonly segments: readonly Segment[];
  readonly found: FoundValue[];
  left: number;
}

/** What the segments lead to, in document order; undefined when the bound was met before the end. */
export function walk(root: Json, segments: readonly Segment[]): readonly FoundValue[] | undefined {
  return walkCounting(root, segments).found;
}

/** The same, and how many values were looked at. */
export function walkCounting(root: Json, segments: readonly Segment[]) {
  const state: Walk = { segments, found: [], left: maxVisited };
  const finished = isContainer(root) ? step(state, 0, root, undefined) : true;
  const visited = maxVisited - Math.max(state.left, 0);
  return { found: finished ? state.found : undefined, visited };
}

/** False as soon as the bound is met; so do all functions below. */
function step(state: Walk, at: number, container: Container, trail: Trail | undefined): boolean {
  if ((trail?.depth ?? 0) >= maxDepth) return false;
  const { below, selector } = state.segments[at]!;
  return select(state, at, selector, container, trail) && (!below || descend(state, at, container, trail));
}

function select(state: Walk, at: number, selector: Selector, container: Container, trail: Trail | undefined): boolean {
  if (selector.kind === 'key') {
    const { key } = selector;
    return isList(container) !== (typeof key === 'number') || !Object.hasOwn(container, key)
      ? true
      : arrive(state, at, container, key, trail);
  }
  if (!isList(container)) {
    if (selector.kind === 'slice') return true;
    for (const key of keysOf(container)) if (!arrive(state, at, container, key, trail)) return false;
    return true;
  }
  const { from, to, step: by } = selector.kind === 'every' ? { from: 0, to: Infinity, step: 1 } : selector;
  const end = place(to, container.length);
  for (let i = place(from, container.length); i < end; i += by)
    if (!arrive(state, at, container, i, trail)) return false;
  return true;
}

function place(written: number, length: number): number {
  return written < 0 ? Math.max(0, length + written) : Math.min(written, length);
}

/** A selected member: what is found, or where the next segment begins. */
function arrive(
  state: Walk,
  at: number,
  container: Container,
  key: string | number,
  trail: Trail | undefined,
): boolean {
  if (--state.left < 0) return false;
  const value = (container as Record<string | number, Json>)[key]!;
  if (at === state.segments.length - 1) {
    state.found.push(new Found(value, container, key, trail));
    return true;
  }
  return isContainer(value) ? step(state, at + 1, value, deeper(trail, key)) : true;
}

function descend(state: Walk, at: number, container: Container, trail: Trail | undefined): boolean {
  const keys = isList(container) ? undefined : keysOf(container);
  const count = keys?.length ?? (container as readonly Json[]).length;
  const isCounted = state.segments[at]!.selector.kind === 'every'; // its selection has looked at each already
  for (let i = 0; i < count; i++) {
    if (!isCounted && --state.left < 0) return false;
    const key = keys ? keys[i]! : i;
    const value = (container as Record<string | number, Json>)[key]!;
    if (isContainer(value) && !step(state, at, value, deeper(trail, key))) return false;
  }
  return true;
}

/** Listing 400,000 keys takes 115 ms, before the first one is looked at: once per call, not once per rule. */
const wide = new WeakMap<object, readonly string[]>();
const wideFrom = 10_000;

function keysOf(container: object): readonly string[] {
  const known = wide.get(container);
  if (known) return known;
  const keys = Object.keys(container);
  if (keys.length > wideFrom && Object.isFrozen(container)) wide.set(container, keys);
  return keys;
}

function deeper(above: Trail | undefined, key: string | number): Trail {
  return { above, key, depth: (above?.depth ?? 0) + 1 };
}

function isContainer(value: Json): value is Container {
  return typeof value === 'object' && value !== null;
}

function isList(value: Container): value is readonly Json[] {
  return Array.isArray(value);
}

/** A class, because a walk makes many: what is rarely asked for is not made. */
class Found implements FoundValue {
  readonly value: Json;
  readonly #container: Container;
  readonly #key: string | number;
  readonly #trail: Trail | undefined;

  constructor(value: Json, container: Container, key: string | number, trail: Trail | undefined) {
    this.value = value;
    this.#container = container;
    this.#key = key;
    this.#trail = trail;
  }

  get path(): string {
    const keys: (string | number)[] = [this.#key];
    for (let at = this.#trail; at; at = at.above) keys.unshift(at.key);
    return memberPathText(keys);
  }

  decimal(): string | undefined {
    return decimalIn(this.#container, this.#key);
  }
}

/** What a member path leads to. `container` is undefined for the root itself. */
export function foundAt(value: Json, container: Json | undefined, keys: readonly (string | number)[]): FoundValue {
  return {
    value,
    get path() {
      return memberPathText(keys);
    },
    decimal: () => (container === undefined ? undefined : decimalIn(container, keys.at(-1)!)),
  };
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
