/** Strict objects, and the exact texts of numbers that stand beside them. */
import type { Json, JsonObject } from '../plugin.ts';

/** An object that the reader made: nothing inherited, an own `__proto__` possible, exact number texts on the side. */
export type StrictObject = JsonObject;

/**
 * Objects are instances of a function whose prototype is empty: nothing is inherited and `__proto__` is an ordinary key,
 * as with `Object.create(null)`, which V8 keeps in slow dictionary mode.
 */
const Bare = function () {} as unknown as new () => Record<string, Json>;
Bare.prototype = Object.freeze(Object.create(null));

/** A new empty object of the kind that the reader makes. */
export function bareObject(): Record<string, Json> {
  return new Bare();
}

/** Source texts of numbers that `String(number)` would write differently, by their container and key. */
const texts = new WeakMap<object, Map<string | number, string>>();

/**
 * The source text of the number at `container[key]`, where `String(number)` would write it differently (`1.0`, `1e3`,
 * 2^53+1); else undefined. Array indices are numbers.
 */
export function exactText(container: object, key: string | number): string | undefined {
  return texts.get(container)?.get(key);
}

export function setExactText(container: object, key: string | number, text: string): void {
  const known = texts.get(container);
  if (known) known.set(key, text);
  else texts.set(container, new Map([[key, text]]));
}

/** Freezes a JSON value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) for (const item of value) deepFreeze(item);
  else for (const key in value) deepFreeze(value[key]);
  return Object.freeze(value);
}
