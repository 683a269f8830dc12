import fc from 'fast-check';
import { expect, it } from 'vitest';
import { makeCall, withArguments } from '../../kernel/call.ts';
import { readStrictText, writeJson, type StrictObject } from '../../kernel/mcp/json.ts';
import type { Arrival, Json } from '../../kernel/plugin.ts';
import { uuidv7 } from '../../kernel/uuid.ts';

const arrival = (): Arrival => ({
  door: 'http',
  era: 'modern',
  header: () => undefined,
  mcpSession: undefined,
  peer: '127.0.0.1',
  meta: { progressToken: 1, nested: { deep: [1] } },
  client: { name: 'test', version: '1' },
  clientCapabilities: {},
  requestState: undefined,
  inputResponses: undefined,
});
const args = (text: string): StrictObject => {
  const read = readStrictText(text);
  if (!read.ok) throw new Error(read.reason);
  return read.value as StrictObject;
};
const call = (text: string, more: { kind?: 'tool' | 'prompt'; upstream?: string; name?: string } = {}) =>
  makeCall({
    kind: 'tool',
    upstream: 'shop',
    name: 'create_payment',
    arguments: args(text),
    arrival: arrival(),
    receivedAtMs: 1_700_000_000_000,
    ...more,
  });

it('a call is frozen all the way down', () => {
  const made = call('{"a":[{"b":1}]}') as any;
  for (const change of [
    () => (made.name = 'x'),
    () => (made.arguments.a[0].b = 2),
    () => made.arguments.a.push(1),
    () => (made.arrival.peer = 'x'),
    () => made.arrival.meta.nested.deep.push(2),
  ]) {
    expect(change).toThrow(TypeError);
  }
});

it('reads exact decimals by path', () => {
  expect(call('{"amount":10.10}').decimal('$.amount')).toBe('10.10');
  expect(call('{"amount":"10.10"}').decimal('$.amount')).toBeUndefined();
  expect(() => call('{}').decimal('amount')).toThrow(TypeError);
});

it('has the same digest for the same meaning, another for any other', () => {
  const digest = call('{"a":1,"b":{"c":2}}').digest();
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(call('{ "b":{"c":2.0}, "\\u0061":1e0 }').digest()).toBe(digest);
  const others = [
    call('{"a":1,"b":{"c":3}}'),
    call('{"a":1,"b":{"c":2}}', { name: 'other' }),
    call('{"a":1,"b":{"c":2}}', { upstream: 'other' }),
    call('{"a":1,"b":{"c":2}}', { kind: 'prompt' }),
    call('{"a":1}'),
  ];
  expect(new Set([digest, ...others.map((other) => other.digest())]).size).toBe(6);
  expect(call('{"n":9007199254740992}').digest()).not.toBe(call('{"n":9007199254740993}').digest());
});

it('cannot be confused by moving text between upstream and name', () => {
  expect(call('{}', { upstream: 'a', name: 'b","c' }).digest()).not.toBe(
    call('{}', { upstream: 'a","b', name: 'c' }).digest(),
  );
});

it('keeps the exact text of an untouched number through a rewrite', () => {
  const before = call('{"amount":10.10,"big":9007199254740993,"items":[1.0,2.50],"note":"x"}');
  const after = withArguments(before, {
    ...before.arguments,
    note: 'y',
    items: [...(before.arguments['items'] as Json[]), 3],
  });
  expect(writeJson(after.arguments)).toBe('{"amount":10.10,"big":9007199254740993,"items":[1.0,2.50,3],"note":"y"}');
  expect(after.id).toBe(before.id);
  expect(after.digest()).not.toBe(before.digest());
  expect(withArguments(before, { ...before.arguments }).digest()).toBe(before.digest());
});

it('takes a changed number as it is', () => {
  const before = call('{"amount":9007199254740993}');
  expect(withArguments(before, { amount: 5 }).decimal('$.amount')).toBe('5');
  expect(writeJson(withArguments(before, { amount: 9007199254740994 }).arguments)).toBe('{"amount":9007199254740994}');
});

it('copies a rewrite, so that the plugin cannot change it later', () => {
  const next = { list: [1] };
  const after = withArguments(call('{}'), next);
  next.list.push(2);
  expect(after.arguments).toEqual({ list: [1] });
  expect(Object.isFrozen(after.arguments['list'])).toBe(true);
});

it.each([
  ['undefined', { a: undefined }],
  ['a function', { a: () => 1 }],
  ['NaN', { a: NaN }],
  ['a bigint', { a: 1n }],
  ['a date', { a: new Date(0) }],
  ['a map', { a: new Map() }],
  ['a hole', { a: Array(2) }],
  ['a lone surrogate', { a: '\ud800' }],
  ['an array', []],
  ['null', null],
])('refuses a rewrite with %s', (_, next) => {
  expect(() => withArguments(call('{}'), next as never)).toThrow(TypeError);
});

it('refuses a rewrite that loops', () => {
  const next: Record<string, unknown> = {};
  next['self'] = next;
  expect(() => withArguments(call('{}'), next as never)).toThrow(/nested/);
});

it('a rewrite to `__proto__` pollutes nothing', () => {
  const next = JSON.parse('{"__proto__":{"polluted":1}}');
  expect(writeJson(withArguments(call('{}'), next).arguments)).toBe('{"__proto__":{"polluted":1}}');
  expect(({} as any).polluted).toBeUndefined();
});

it('an identical copy of any arguments has the same digest', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const made = call(JSON.stringify(object));
      expect(withArguments(made, structuredClone(made.arguments)).digest()).toBe(made.digest());
    }),
  );
});

it('ids are UUIDv7, sort by time, and are unique within one millisecond', () => {
  const ids = Array.from({ length: 20_000 }, (_, i) => uuidv7(1_800_000_000_000 + Math.floor(i / 10_000)));
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  expect(parseInt(ids[0]!.replace('-', '').slice(0, 12), 16)).toBe(1_800_000_000_000);
});

it('ids keep their order when the clock is set back by a little', () => {
  const first = uuidv7(1_900_000_000_000);
  expect(uuidv7(1_899_999_999_000) > first).toBe(true);
});
