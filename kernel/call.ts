/** Makes calls: deep-frozen, with exact decimals and a digest. */
import { createHash } from 'node:crypto';
import { bareObject, canonical, decimalAt, deepFreeze, type StrictObject } from './mcp/json.ts';
import { exactText, setExactText } from './mcp/exact.ts';
import type { Arrival, Call, Json } from './plugin.ts';
import { uuidv7 } from './uuid.ts';

/** Makes a call of what a door read; gives it its id. Freezes the arguments in place. */
export function makeCall(read: {
  readonly kind: Call['kind'];
  readonly upstream: string;
  readonly name: string;
  readonly arguments: StrictObject;
  readonly arrival: Arrival;
  readonly receivedAtMs: number;
}): Call {
  const { kind, upstream, name, arrival, receivedAtMs } = read;
  return assemble(
    { id: uuidv7(receivedAtMs), kind, upstream, name, receivedAtMs, arrival },
    deepFreeze(read.arguments),
  );
}

/**
 * The same call with other arguments (a rewrite in onRequest). They are copied. A number that stands unchanged at its
 * place keeps its exact text, also when a plugin's spread lost it.
 * @throws TypeError when they are not JSON, or deeper than 64.
 */
export function withArguments(call: Call, next: Call['arguments']): Call {
  if (typeof next !== 'object' || next === null || Array.isArray(next))
    throw new TypeError('arguments must be an object');
  const copied = copy(next, call.arguments, 0) as StrictObject;
  return assemble(call, deepFreeze(copied));
}

type Identity = Pick<Call, 'id' | 'kind' | 'upstream' | 'name' | 'receivedAtMs' | 'arrival'>;

function assemble({ id, kind, upstream, name, receivedAtMs, arrival }: Identity, args: StrictObject): Call {
  let digest: string | undefined;
  return Object.freeze({
    id,
    kind,
    upstream,
    name,
    arguments: args,
    receivedAtMs,
    arrival: freezeArrival(arrival),
    decimal: (path: string) => decimalAt(args, path),
    digest: () =>
      (digest ??= createHash('sha256')
        .update(`${JSON.stringify([kind, upstream, name])}${canonical(args)}`)
        .digest('hex')),
  });
}

function freezeArrival(arrival: Arrival): Arrival {
  if (Object.isFrozen(arrival)) return arrival;
  deepFreeze(arrival.meta);
  deepFreeze(arrival.client);
  deepFreeze(arrival.clientCapabilities);
  deepFreeze(arrival.inputResponses);
  return Object.freeze(arrival);
}

const maxDepth = 64;

function copy(value: Json, before: Json | undefined, depth: number): Json {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new TypeError('a number that is not finite is no JSON value');
    if (typeof value === 'string' && /\p{Surrogate}/u.test(value))
      throw new TypeError('a lone surrogate is no character');
    if (!['string', 'number', 'boolean', 'object'].includes(typeof value))
      throw new TypeError(`a ${typeof value} is no JSON value`);
    return value;
  }
  if (depth >= maxDepth) throw new TypeError(`arguments are nested more than ${maxDepth} deep`);
  if (!isPlain(value)) throw new TypeError('only plain objects and arrays are JSON values');
  const target: any = Array.isArray(value) ? [] : bareObject();
  const source = value as any;
  const old =
    typeof before === 'object' && before !== null && Array.isArray(before) === Array.isArray(value)
      ? (before as any)
      : undefined;
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  for (const key of keys) {
    const oldItem = old !== undefined && Object.hasOwn(old, key) ? old[key] : undefined;
    const item = (target[key] = copy(source[key], oldItem, depth + 1));
    if (typeof item !== 'number') continue;
    const text = exactText(source, key) ?? (Object.is(item, oldItem) ? exactText(old, key) : undefined);
    if (text !== undefined) setExactText(target, key, text);
  }
  return target;
}

/** Objects of any realm and those of the strict reader; not dates, maps or instances of classes. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
