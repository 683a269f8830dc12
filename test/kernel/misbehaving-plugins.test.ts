/** Plugins that fail in every hook: calls are refused, the reason names the plugin, and others go on. */
import { definePlugin, resultAnswer, type HookName, type Verdict } from '@gethelio/proxy/plugin';
import { testPlugin } from '@gethelio/proxy/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const config = z.strictObject({}).default({});
const allow: Verdict = { effect: 'allow', code: 'allowed', reason: 'it is allowed' };
const voucher = definePlugin({
  name: 'voucher',
  apiVersion: 1,
  config,
  taps: ['evaluate'],
  register: ({ hooks }) => hooks.evaluate.tap(() => allow),
});

/** Misbehaves for the tool `bad` only. */
function bad<H extends HookName>(hook: H, run: (...given: any[]) => unknown) {
  return definePlugin({
    name: 'bad-plugin',
    apiVersion: 1,
    config,
    taps: [hook],
    register: ({ hooks }: any) => hooks[hook].tap({ only: { tool: 'bad' } }, run),
  });
}
function loop(): void {
  const endMs = performance.now() + 400;
  while (performance.now() < endMs);
}

const ways: [string, (...given: any[]) => unknown][] = [
  [
    'throws',
    () => {
      throw new Error('inside secret');
    },
  ],
  [
    'rejects',
    async () => {
      throw new Error('inside secret');
    },
  ],
  [
    'throws what is no error',
    () => {
      throw 'inside secret';
    },
  ],
  ['hangs', () => new Promise(() => {})],
  ['loops past its deadline', loop],
];
const before: HookName[] = ['onRequest', 'evaluate', 'beforeForward'];

describe.each(before)('a plugin in %s', (hook) => {
  it.each(ways)('that %s denies the call, is named, and others go on', async (_what, run) => {
    const test = await testPlugin(bad(hook, run), { plugins: [voucher], timeoutMs: 200 });
    const told = await test.call('bad');
    expect(told).toMatchObject({ effect: 'deny', code: 'plugin_failed' });
    expect(told.text).toContain('bad-plugin');
    expect(told.text).not.toContain('inside secret');
    expect(test.upstream.received).toEqual([]);
    expect((await test.call('good')).outcome).toBe('forwarded');
    await test.stop();
  });
});

describe('a plugin in afterResponse', () => {
  it.each([...ways, ['returns nonsense', () => ({ bytes: 'the answer' })] as (typeof ways)[number]])(
    'that %s withholds the answer, and others go on',
    async (_what, run) => {
      const test = await testPlugin(bad('afterResponse', run), { plugins: [voucher], timeoutMs: 200 });
      test.upstream.answers('bad', { content: [{ type: 'text', text: 'the answer' }] });
      const told = await test.call('bad');
      expect(told.outcome).toBe('withheld');
      expect(told.text).not.toMatch(/the answer|inside secret/);
      expect((await test.call('good')).outcome).toBe('forwarded');
      await test.stop();
    },
  );
});

describe('a plugin in onDecision', () => {
  it.each(ways)('that %s changes no call: observers only observe', async (_what, run) => {
    const test = await testPlugin(bad('onDecision', run), { plugins: [voucher], timeoutMs: 200 });
    expect((await test.call('bad')).outcome).toBe('forwarded');
    await test.stop();
  });
});

describe('a plugin in beforeForward', () => {
  it.each<[string, unknown]>([
    ['a number', 7],
    ['an allow', allow],
    ['a halt that allows', { deny: allow }],
    ['ops that are no list', { ops: 'take' }],
    ['an op that does not exist', { ops: [{ op: 'steal', bucket: 'a:b:c' }] }],
  ])('that returns %s denies the call', async (_what, said) => {
    const test = await testPlugin(
      bad('beforeForward', () => said),
      { plugins: [voucher] },
    );
    expect((await test.call('bad')).effect).toBe('deny');
    expect(test.upstream.received).toEqual([]);
    await test.stop();
  });
});

describe('a plugin that reaches for more', () => {
  it('has no hook that it did not declare: it is not loaded', async () => {
    const greedy = definePlugin({
      name: 'greedy',
      apiVersion: 1,
      config,
      taps: ['onDecision'],
      register: ({ hooks }: any) => hooks.evaluate.tap(() => allow),
    });
    await expect(testPlugin(greedy)).rejects.toMatchObject({
      problems: [{ code: 'HELIO_PLUGIN_REGISTER', message: expect.stringContaining('greedy') }],
    });
  });
  it('cannot read a secret that it did not declare', async () => {
    const curious = definePlugin({
      name: 'curious',
      apiVersion: 1,
      config,
      register: ({ env }) => void env('SOMEBODY_ELSES_TOKEN'),
    });
    const loading = testPlugin(curious, { env: { SOMEBODY_ELSES_TOKEN: 'hush' } });
    await expect(loading).rejects.toThrow(/SOMEBODY_ELSES_TOKEN/);
  });
  it.each<[string, (ctx: any) => void]>([
    ['the arguments', ({ call }) => void (call.arguments.amount = 1)],
    ['what is deep in them', ({ call }) => void call.arguments.items.push('more')],
    ['the name', ({ call }) => void (call.name = 'other')],
  ])('cannot change %s in any hook before the call is sent', async (_what, change) => {
    for (const hook of before) {
      const test = await testPlugin(bad(hook, change), { plugins: [voucher] });
      const told = await test.call({ name: 'bad', arguments: { amount: 500, items: [] } });
      expect(told).toMatchObject({ effect: 'deny', code: 'plugin_failed' });
      expect(test.upstream.received).toEqual([]);
      await test.stop();
    }
  });
  it('cannot make a deny of another plugin an allow', async () => {
    const denier = bad('evaluate', () => ({ effect: 'deny', code: 'no', reason: 'No.' }));
    const test = await testPlugin(denier, { plugins: [voucher] });
    test.upstream.answers('bad', resultAnswer({}).value() as {});
    expect(await test.call('bad')).toMatchObject({ effect: 'deny', code: 'no' });
    await test.stop();
  });
});
