/** The path of one call through the kernel, with plugins written for the purpose. */
import { definePlugin, deny, defineFact, resultAnswer, type Verdict } from '@gethelio/proxy/plugin';
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

describe('a call', () => {
  it('is refused when no plugin gave a verdict', async () => {
    const test = await testPlugin(undefined);
    const told = await test.call('echo');
    expect(told).toMatchObject({ effect: 'deny', code: 'policy_denied', outcome: 'denied' });
    expect(test.upstream.received).toEqual([]);
    await test.stop();
  });

  it('reaches the upstream when somebody vouched for it and nobody objected', async () => {
    const test = await testPlugin(voucher);
    test.upstream.answers('echo', { content: [{ type: 'text', text: 'hello' }] });
    const told = await test.call({ name: 'echo', arguments: { text: 'hello' } });
    expect(told).toMatchObject({ effect: 'allow', outcome: 'forwarded', text: 'hello', final: { kind: 'as_landed' } });
    expect(test.upstream.received).toMatchObject([{ name: 'echo', arguments: { text: 'hello' } }]);
    expect(test.records.filter(({ kind }) => kind === 'call')).toHaveLength(1);
    await test.stop();
  });

  it('is refused by the strictest verdict, whatever the order', async () => {
    const objector = definePlugin({
      name: 'objector',
      apiVersion: 1,
      config,
      taps: ['evaluate'],
      register: ({ hooks }) =>
        hooks.evaluate.tap({ stage: 'guard' }, () => [deny('quiet_hours', 'It is night.'), allow]),
    });
    const test = await testPlugin(objector, { plugins: [voucher] });
    expect(await test.call('echo')).toMatchObject({ effect: 'deny', code: 'quiet_hours' });
    await test.stop();
  });
});

describe('a plugin that misbehaves', () => {
  const cases: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('secret stack');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('secret stack');
      },
    ],
    ['hangs', () => new Promise(() => {})],
    ['returns nonsense', () => ({ effect: 'maybe' })],
    ['returns a number', () => 7],
    [
      'loops past its deadline',
      () => {
        const end = performance.now() + 400;
        while (performance.now() < end);
        return allow;
      },
    ],
    ['widens the scale', () => ({ effect: '__proto__', code: 'x', reason: 'y' })],
  ];
  it.each(cases)('that %s in evaluate denies the call and is named', async (_what, run) => {
    const bad = definePlugin({
      name: 'bad-plugin',
      apiVersion: 1,
      config,
      taps: ['evaluate'],
      register: ({ hooks }) => hooks.evaluate.tap(run as () => Verdict),
    });
    const test = await testPlugin(bad, { plugins: [voucher], timeoutMs: 200 });
    const told = await test.call('echo');
    expect(told).toMatchObject({ effect: 'deny', code: 'plugin_failed' });
    expect(told.text).toContain('bad-plugin');
    expect(told.text).not.toContain('secret stack');
    expect(test.upstream.received).toEqual([]);
    await test.stop();
  });

  it('cannot change the arguments that it judges', async () => {
    const mutator = definePlugin({
      name: 'mutator',
      apiVersion: 1,
      config,
      taps: ['evaluate'],
      register: ({ hooks }) =>
        hooks.evaluate.tap(({ call }) => {
          (call.arguments as { amount: number }).amount = 1;
          return allow;
        }),
    });
    const test = await testPlugin(mutator);
    expect(await test.call({ name: 'pay', arguments: { amount: 500 } })).toMatchObject({
      effect: 'deny',
      code: 'plugin_failed',
    });
    await test.stop();
  });

  it('withholds the answer when it fails after the tool ran', async () => {
    const redactor = definePlugin({
      name: 'redactor',
      apiVersion: 1,
      config,
      taps: ['afterResponse'],
      register: ({ hooks }) =>
        hooks.afterResponse.tap({ stage: 'redact' }, () => {
          throw new Error('no');
        }),
    });
    const test = await testPlugin(redactor, { plugins: [voucher] });
    test.upstream.answers('echo', { content: [{ type: 'text', text: 'the secret' }] });
    const told = await test.call('echo');
    expect(told.outcome).toBe('withheld');
    expect(told.text).not.toContain('the secret');
    await test.stop();
  });
});

describe('commitments', () => {
  const taker = (name: string, limit: string) =>
    definePlugin({
      name,
      apiVersion: 1,
      config,
      taps: ['beforeForward'],
      register: ({ hooks }) =>
        hooks.beforeForward.tap(({ call, nowMs }) => ({
          ops: [{ op: 'take', bucket: name, entry: call.id, amount: '1', limit, atMs: nowMs, sinceMs: nowMs - 1000 }],
          refused: () => deny('rate_limited', `${name} is full`),
          settle: ({ acted }) => (acted ? [] : [{ op: 'giveBack', bucket: name, entry: call.id }]),
        })),
    });

  it('are taken all or none: a full pot of one plugin leaves the pot of the other untouched', async () => {
    const test = await testPlugin(taker('wide', '2'), { plugins: [voucher, taker('narrow', '1')] });
    expect((await test.call('pay')).outcome).toBe('forwarded');
    expect(await test.call('pay')).toMatchObject({
      effect: 'deny',
      code: 'rate_limited',
      text: expect.stringContaining('narrow'),
    });
    await test.stop();
  });

  it('are given back when the upstream provably did not act', async () => {
    const test = await testPlugin(taker('pot', '1'), { plugins: [voucher] });
    test.upstream.answers('pay', { kind: 'not_sent', reason: 'connection refused' });
    expect((await test.call('pay')).outcome).toBe('not_sent');
    test.upstream.answers('pay', { kind: 'unknown', reason: 'lost' });
    expect((await test.call('pay')).outcome).toBe('unknown');
    expect((await test.call('pay')).code).toBe('rate_limited');
    await test.stop();
  });
});

describe('facts', () => {
  it('are write-once', async () => {
    const fact = defineFact<number>('test.fact');
    const twice = definePlugin({
      name: 'twice',
      apiVersion: 1,
      config,
      taps: ['onRequest'],
      register: ({ hooks }) =>
        hooks.onRequest.tap(({ facts }) => {
          facts.set(fact, 1);
          facts.set(fact, 2);
        }),
    });
    const test = await testPlugin(twice, { plugins: [voucher] });
    expect(await test.call('echo')).toMatchObject({ effect: 'deny', code: 'plugin_failed' });
    await test.stop();
  });
});

describe('a hold', () => {
  const holder = definePlugin({
    name: 'holder',
    apiVersion: 1,
    config,
    taps: ['evaluate'],
    register: ({ hooks }) =>
      hooks.evaluate.tap(() => ({ effect: 'hold', code: 'approval_required', reason: 'A person has to say yes.' })),
  });

  it('that nobody lifts is a refusal', async () => {
    const test = await testPlugin(holder, { plugins: [voucher] });
    expect(await test.call('pay')).toMatchObject({ effect: 'deny', code: 'approval_denied' });
    await test.stop();
  });

  it('that was lifted after waiting is judged again, and then goes through', async () => {
    const granted = defineFact<string>('test.granted');
    let rounds = 0;
    const lifter = definePlugin({
      name: 'lifter',
      apiVersion: 1,
      config,
      taps: ['evaluate', 'beforeForward'],
      register({ hooks }) {
        hooks.evaluate.tap(() => void rounds++);
        hooks.beforeForward.tap({ stage: 'lift' }, async (ctx) => {
          if (ctx.facts.get(granted) === undefined) {
            ctx.waiting('asking somebody');
            await new Promise((done) => setTimeout(done, 5));
            ctx.facts.set(granted, 'yes');
          }
          ctx.lift('somebody');
        });
      },
    });
    const test = await testPlugin(lifter, { plugins: [holder, voucher] });
    const told = await test.call('pay');
    expect(told.outcome).toBe('forwarded');
    expect(rounds).toBe(2);
    await test.stop();
  });

  it('can be answered in the place of the upstream', async () => {
    const pending = definePlugin({
      name: 'pending',
      apiVersion: 1,
      config,
      taps: ['beforeForward'],
      register: ({ hooks }) =>
        hooks.beforeForward.tap({ stage: 'lift' }, () => ({
          respond: resultAnswer({ content: [], isError: true }),
          outcome: 'pending' as const,
        })),
    });
    const test = await testPlugin(pending, { plugins: [holder] });
    expect((await test.call('pay')).outcome).toBe('pending');
    expect(test.upstream.received).toEqual([]);
    await test.stop();
  });
});
