/** Writes strict values: as they were read (`writeJson`), and one text per meaning for digests (`canonical`). */
import { normaliseDecimal } from '../decimal.ts';
import type { Json } from '../plugin.ts';
import { exactText } from './exact.ts';

/**
 * Serialises with the exact texts of numbers.
 * @throws TypeError when a value is no JSON (undefined, a function, a non-finite number), which `JSON.stringify` would
 * drop in silence.
 */
export function writeJson(value: Json): string {
  return write(value, undefined);
}

function write(value: Json, exact: string | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return exact ?? finite(value);
  if (typeof value === 'boolean' || value === null) return String(value);
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} is no JSON value`);
  if (Array.isArray(value)) {
    let text = '[';
    for (let i = 0; i < value.length; i++) {
      if (i > 0) text += ',';
      const item = value[i]!;
      text += write(item, typeof item === 'number' ? exactText(value, i) : undefined);
    }
    return text + ']';
  }
  const object = value as { readonly [key: string]: Json };
  let text = '';
  for (const key of Object.keys(object)) {
    const item = object[key]!;
    text += `${text === '' ? '{' : ','}${JSON.stringify(key)}:${write(item, typeof item === 'number' ? exactText(object, key) : undefined)}`;
  }
  return text === '' ? '{}' : text + '}';
}

function finite(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError('a number that is not finite is no JSON value');
  return Object.is(value, -0) ? '-0' : String(value);
}

/**
 * One text for every value that means the same: keys sorted by code unit, numbers as exact plain decimals (`1`, `1.0`
 * and `1e0` are one; 2^53 and 2^53+1 are two), no white space. What a digest is made of.
 */
export function canonical(value: Json): string {
  return canonicalOf(value, undefined);
}

function canonicalOf(value: Json, exact: string | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (exact === undefined && Number.isSafeInteger(value)) return String(value); // -0 too is '0'
    return normaliseDecimal(exact ?? finite(value));
  }
  if (typeof value === 'boolean' || value === null) return String(value);
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} is no JSON value`);
  if (Array.isArray(value))
    return `[${value.map((item: Json, i) => canonicalOf(item, exactText(value, i))).join(',')}]`;
  const object = value as { readonly [key: string]: Json };
  const members = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalOf(object[key]!, exactText(object, key))}`);
  return `{${members.join(',')}}`;
}
