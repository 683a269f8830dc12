/** One pinned definition, and what an observation makes of it. Pure: the book writes it down. */
import { createHash } from 'node:crypto';
import { canonical, type Json, type JsonObject } from '@gethelio/proxy/plugin';
import type { PinState, PinView } from './contract.ts';

/** As it stands in the store. */
export interface Pin {
  readonly upstream: string;
  readonly name: string;
  readonly hash: string;
  readonly definition: JsonObject;
  readonly pinnedAtMs: number;
  /** Who accepted it; null: it was there at the baseline, or it is new. */
  readonly acceptedBy: string | null;
  readonly isNew: boolean;
  /** The latest other definition seen. It stays, whatever the upstream says later, until a person accepts. */
  readonly drift: { readonly hash: string; readonly definition: JsonObject | null; readonly atMs: number } | null;
  /** What the upstream said last: `removed` when it was missing from a whole list. */
  readonly isListed: boolean;
}

const hashes = new WeakMap<object, string>(); // a definition is judged on every call and changes almost never

/** sha256 (hex) over the whole definition in canonical form: order of keys and white space mean nothing, all else does. */
export function hashOf(definition: JsonObject): string {
  const known = hashes.get(definition);
  if (known !== undefined) return known;
  const hash = createHash('sha256')
    .update(canonical(definition as never))
    .digest('hex');
  hashes.set(definition, hash);
  return hash;
}

export function firstPin(upstream: string, name: string, definition: JsonObject, nowMs: number, isNew: boolean): Pin {
  return {
    upstream,
    name,
    hash: hashOf(definition),
    definition,
    pinnedAtMs: nowMs,
    acceptedBy: null,
    isNew,
    drift: null,
    isListed: true,
  };
}

/** The pin after its tool was seen with this definition (null: missing from a whole list). The same object when nothing is new. */
export function observed(pin: Pin, definition: JsonObject | null, nowMs: number): Pin {
  if (definition === null) return pin.isListed ? { ...pin, isListed: false } : pin;
  const hash = hashOf(definition);
  const isKnownDrift = hash === pin.hash || pin.drift?.hash === hash;
  if (isKnownDrift) return pin.isListed ? pin : { ...pin, isListed: true };
  return { ...pin, isListed: true, drift: { hash, definition, atMs: nowMs } };
}

/** What a person's yes makes of it: the definition that he saw (by its hash) is the one that counts. */
export function accepted(pin: Pin, definition: JsonObject, by: string, nowMs: number): Pin {
  return { ...firstPin(pin.upstream, pin.name, definition, nowMs, false), acceptedBy: by };
}

export function stateOf(pin: Pin): PinState {
  if (pin.drift !== null) return 'changed';
  if (!pin.isListed) return 'removed';
  return pin.isNew ? 'new' : 'pinned';
}

export function viewOf(pin: Pin): PinView {
  const { upstream, name, hash, definition, pinnedAtMs, acceptedBy, drift } = pin;
  return {
    upstream,
    name,
    state: stateOf(pin),
    pinnedHash: hash,
    currentHash: pin.isListed ? (drift?.hash ?? hash) : null,
    pinned: definition,
    current: pin.isListed ? (drift?.definition ?? definition) : null,
    pinnedAtMs,
    acceptedBy,
    changedAtMs: drift?.atMs ?? null,
  };
}

/** The members of two definitions that differ, by path, for people. */
export function differences(
  before: Json,
  after: Json,
  path = '',
): readonly { readonly path: string; readonly before: Json | undefined; readonly after: Json | undefined }[] {
  if (canonical(before as never) === canonical(after as never)) return [];
  if (!isObject(before) || !isObject(after)) return [{ path: path || '.', before, after }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((key) => {
    const at = `${path}/${key}`;
    const [one, other] = [before[key], after[key]];
    return one === undefined || other === undefined
      ? [{ path: at, before: one, after: other }]
      : differences(one, other, at);
  });
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
