import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '@gethelio/proxy/plugin';
import { redactJson, redactText, type Taken } from '../redact/json-text.ts';
import { createRedact } from '../redact/redact.ts';
import { compileRules, redactRule } from '../redact/rules.ts';
import { finishRow } from '../store/finish.ts';
import { packedRow } from './rows.ts';

const key = () => Buffer.alloc(32, 7);
const rules = (...list: object[]) => list.map((rule) => redactRule.parse(rule));
const redactor = (...list: object[]) => createRedact(rules(...list), key);

test('keys match in any case, anywhere, with globs', () => {
  const redact = redactor({ keys: ['password', '*_token'] });
  expect(redact.value({ Password: 'hunter22', deep: [{ api_token: { a: 1 } }], token: 'stays' })).toEqual({
    Password: '***',
    deep: [{ api_token: '***' }],
    token: 'stays',
  });
});

test('paths name one place, one step or any depth', () => {
  const redact = redactor({ paths: ['/arguments/card', '/arguments/items/*/pin', '/arguments/**/iban'] });
  expect(
    redact.value(
      { card: 1, inner: { card: 2, iban: 'x', more: [{ iban: 'y' }] }, items: [{ pin: 1 }, { pin: 2, other: 3 }] },
      '/arguments',
    ),
  ).toEqual({
    card: '***',
    inner: { card: 2, iban: '***', more: [{ iban: '***' }] },
    items: [{ pin: '***' }, { pin: '***', other: 3 }],
  });
  expect(redact.value({ card: 1 }, '/answer')).toEqual({ card: 1 });
});

test('hash is equal for equal values and cannot be had without the key; drop takes the member away', () => {
  const redact = redactor({ keys: ['card'], mode: 'hash' }, { keys: ['cvc'], mode: 'drop' });
  const [one, two] = [
    redact.value({ card: '4242424242424242', cvc: '123' }),
    redact.value({ card: '4242424242424242' }),
  ];
  expect(one).toEqual(two);
  expect((one as { card: string }).card).toMatch(/^hash:[0-9a-f]{32}$/);
  expect(
    createRedact(rules({ keys: ['card'], mode: 'hash' }), () => randomBytes(32)).value({ card: '4242424242424242' }),
  ).not.toEqual(two);
});

test('what stays keeps its text: exact numbers and unicode', () => {
  const text = '{"amount":10000000000000000.0100,"big":9007199254740993,"e":1E+3,"s":"\\u00e9é","secret":"x"}';
  const out = redactJson(text, compileRules(rules({ keys: ['secret'] }), key()), [], new Map());
  expect(out).toBe('{"amount":10000000000000000.0100,"big":9007199254740993,"e":1E+3,"s":"\\u00e9é","secret":"***"}');
});

test('JSON inside a string is looked through', () => {
  const redact = redactor({ keys: ['password'] });
  const inner = JSON.stringify({ user: 'a', password: 'hunter22' });
  expect(JSON.stringify(redact.value({ content: [{ type: 'text', text: inner }] }))).not.toContain('hunter22');
});

test('a sentence gives a named value away neither as key=value nor as key: value', () => {
  const redact = redactor({ keys: ['password', '*_token'] });
  const sentence = 'login failed, password: "hunter 22" for https://h/?api_token=abc123&x=1 and Password=pw-9.';
  expect(redact.text(sentence, {})).toBe(
    'login failed, password: "***" for https://h/?api_token=***&x=1 and Password=***',
  );
});

test('a value that was taken out of the arguments is taken out of everything else in the row', () => {
  const taken = finishRow(
    packedRow({
      arguments: '{"card":"4242 4242 4242 4242","pin":998877}',
      detail: '{"reason":"card 4242 4242 4242 4242 is known"}',
      error: 'no 4242 4242 4242 4242',
    }),
    {
      kind: 'result',
      size: 1,
      bytes: Buffer.from('{"content":[{"type":"text","text":"charged 4242 4242 4242 4242 with 998877"}],"n":998877}'),
    },
    {
      includeResponses: true,
      maxResponseBytes: 1e6,
      rules: compileRules(rules({ paths: ['/arguments/card', '/arguments/pin'] }), key()),
    },
  );
  const all = JSON.stringify({ ...taken, answer: Buffer.from(taken.answer!).toString() });
  expect(all).not.toContain('4242 4242');
  expect(all).not.toContain('998877');
  expect(JSON.parse(Buffer.from(taken.answer!).toString())).toMatchObject({ n: '***' });
});

test('what cannot be looked through is not kept', () => {
  const deep = '['.repeat(100_000);
  const taken = finishRow(
    packedRow({ arguments: deep }),
    { kind: 'result', size: 1, bytes: Buffer.from('{"password":"hunter22"') },
    { includeResponses: true, maxResponseBytes: 1e6, rules: compileRules(rules({ keys: ['password'] }), key()) },
  );
  expect(taken.arguments).toBe('"(unreadable)"');
  expect(Buffer.from(taken.answer!).toString()).toBe('"(unreadable)"');
});

test('a broken message that names a key before a structure is not kept', () => {
  const compiled = compileRules(rules({ keys: ['password'] }), key());
  expect(redactText('{"params":{"password":{"a":"hunter22"},"password":1', compiled, [], new Map())).toBe(
    '(unreadable)',
  );
  expect(redactText('[note] all is well', compiled, [], new Map())).toBe('[note] all is well');
});

test('a rule without keys and paths is refused, and so is a path that is no pointer', () => {
  expect(redactRule.safeParse({ mode: 'mask' }).success).toBe(false);
  expect(redactRule.safeParse({ paths: ['arguments.card'] }).success).toBe(false);
});

test('hostile text takes linear time', () => {
  const compiled = compileRules(rules({ keys: ['password'] }), key());
  const startedMs = performance.now();
  for (const text of [
    'a'.repeat(300_000),
    'a:"'.repeat(100_000),
    `${'x'.repeat(99)} `.repeat(3_000),
    '{"a":'.repeat(300),
    ' '.repeat(300_000),
  ])
    redactText(text, compiled, [], new Map());
  expect(performance.now() - startedMs).toBeLessThan(20_000); // quadratic would be minutes
});

describe('properties', () => {
  const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
  test('without a match the text comes back with the same meaning', () => {
    const compiled = compileRules(rules({ keys: ['no-such-key-at-all'] }), key());
    fc.assert(
      fc.property(json, (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(redactJson(text, compiled, [], new Map()))).toEqual(JSON.parse(text));
      }),
    );
  });
  test('a secret under a named key is nowhere, however deep, encoded in strings or repeated', () => {
    const compiled = compileRules(rules({ keys: ['secret'] }), key());
    const secret = fc.stringMatching(/^[A-Za-z0-9+/\\" é]{8,20}$/);
    fc.assert(
      fc.property(json, json, secret, fc.nat(3), (around, beside, value, depth) => {
        let inner: Json = { secret: [value], around };
        for (let level = 0; level < depth; level += 1) inner = level % 2 ? [inner] : { text: JSON.stringify(inner) };
        const row = finishRow(
          packedRow({ arguments: JSON.stringify({ inner, beside }), error: `it was ${value}` }),
          undefined,
          {
            includeResponses: true,
            maxResponseBytes: 1e6,
            rules: compiled,
          },
        );
        const strings: string[] = [row.error!];
        JSON.parse(row.arguments!, (_key, each: unknown) => (typeof each === 'string' && strings.push(each), each));
        expect(strings.join('\n').includes(value)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
  test('redacting twice changes nothing more', () => {
    const compiled = compileRules(rules({ keys: ['a*'], mode: 'hash' }, { keys: ['b*'], mode: 'drop' }), key());
    fc.assert(
      fc.property(json, (value) => {
        const once = redactJson(JSON.stringify(value), compiled, [], new Map() as Taken);
        expect(redactJson(once, compiled, [], new Map())).toBe(once);
      }),
    );
  });
});
