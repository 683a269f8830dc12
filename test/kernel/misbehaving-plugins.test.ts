/** Plugins that fail in every hook: calls are refused, the reason names the plugin, and others go on. */
import { defineFact, definePlugin, resultAnswer, type HookName, type Verdict } from '@gethelio/proxy/plugin';
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

describe('a plugin that answers nonsense', () => {
  const hostile = {
    get effect(): string {
      throw new Error('inside secret');
    },
  };
  const shifting = () => {
    let reads = 0;
    return {
      get effect() {
        return reads++ === 0 ? 'deny' : 'nothing at all';
      },
      code: 'x',
      reason: 'y',
    };
  };
  const circular: { [key: string]: unknown } = {};
  circular['self'] = circular;
  it.each<[string, () => unknown]>([
    ['a verdict whose members throw', () => hostile],
    ['a promise of one', async () => hostile],
    [
      'a proxy that throws',
      () =>
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('inside secret');
            },
          },
        ),
    ],
    ['details in a circle', () => ({ ...allow, details: circular })],
    ['details with a BigInt', () => ({ ...allow, details: { much: 1n } })],
    ['a shadow that is not true', () => ({ effect: 'deny', code: 'x', reason: 'y', shadow: 'yes' })],
    ['a retry that is none', () => ({ effect: 'deny', code: 'x', reason: 'y', retry: 'later' })],
    ['a rule that is none', () => ({ ...allow, rule: 'R1' })],
    ['a halt', () => ({ deny: { effect: 'deny', code: 'x', reason: 'y' } })],
    ['null', () => null],
    ['false', () => false],
    ['a list with a hole', () => [allow, undefined]],
    [
      'a thenable that throws',
      () => ({
        then: () => {
          throw new Error('inside secret');
        },
      }),
    ],
  ])('%s as its verdict denies the call and is named', async (_what, run) => {
    const test = await testPlugin(bad('evaluate', run), { plugins: [voucher] });
    const told = await test.call('bad');
    expect(told).toMatchObject({ effect: 'deny', code: 'plugin_failed' });
    expect(told.text).toContain('bad-plugin');
    expect(told.text).not.toContain('inside secret');
    expect(test.upstream.received).toEqual([]);
    expect((await test.call('good')).outcome).toBe('forwarded');
    await test.stop();
  });
  it('a verdict that changes when it is read twice is what it was at first', async () => {
    const test = await testPlugin(bad('evaluate', shifting), { plugins: [voucher] });
    expect(await test.call('bad')).toMatchObject({ effect: 'deny', code: 'x' });
    await test.stop();
  });
  it('a verdict that it changes afterwards stays what it was', async () => {
    const verdict = { effect: 'deny', code: 'no', reason: 'No.' };
    const plugin = definePlugin({
      name: 'changeable',
      apiVersion: 1,
      config,
      taps: ['evaluate'],
      register({ hooks }) {
        hooks.evaluate.tap({ stage: 'guard' }, () => verdict as Verdict);
        hooks.evaluate.tap({ stage: 'guard' }, () => void (verdict.effect = 'allow'));
      },
    });
    const test = await testPlugin(plugin, { plugins: [voucher] });
    expect(await test.call('pay')).toMatchObject({ effect: 'deny', code: 'no' });
    await test.stop();
  });
  it('a verdict from onRequest, where nobody can decide, does not get lost: it denies', async () => {
    const denier = bad('onRequest', () => ({ effect: 'deny', code: 'no', reason: 'No.' }));
    const test = await testPlugin(denier, { plugins: [voucher] });
    expect(await test.call('bad')).toMatchObject({ effect: 'deny', code: 'plugin_failed' });
    await test.stop();
  });
  it.each<[string, () => unknown]>([
    ['whose members throw', () => hostile],
    ['null', () => null],
    ['a number', () => 0],
    ['a text', () => 'the answer'],
  ])('an answer %s withholds the answer and is named', async (_what, run) => {
    const test = await testPlugin(bad('afterResponse', run), { plugins: [voucher] });
    test.upstream.answers('bad', { content: [{ type: 'text', text: 'the answer' }] });
    const told = await test.call('bad');
    expect(told.outcome).toBe('withheld');
    expect(told.text).toContain('bad-plugin');
    expect(told.text).not.toMatch(/the answer|inside secret/);
    await test.stop();
  });
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('inside secret');
      },
    ],
    ['allows', () => allow],
    ['answers nonsense', () => 7],
  ])('a commitment whose refusal %s is a deny all the same', async (_what, refused) => {
    const taker = bad('beforeForward', ({ call, nowMs }: any) => ({
      ops: [{ op: 'take', bucket: 'pot', entry: call.id, amount: '2', limit: '1', atMs: nowMs, sinceMs: nowMs - 1 }],
      refused,
    }));
    const test = await testPlugin(taker, { plugins: [voucher] });
    const told = await test.call('bad');
    expect(told.effect).toBe('deny');
    expect(told.decision.verdicts[0]).toMatchObject({ effect: 'deny', plugin: 'bad-plugin' });
    expect(told.text).not.toContain('inside secret');
    expect(test.upstream.received).toEqual([]);
    await test.stop();
  });
  it('a settlement that fails leaves the answer and what was taken as they are', async () => {
    const taker = bad('beforeForward', ({ call, nowMs }: any) => ({
      ops: [{ op: 'take', bucket: 'pot', entry: call.id, amount: '1', limit: '1', atMs: nowMs, sinceMs: nowMs - 1 }],
      settle: () => {
        throw new Error('inside secret');
      },
    }));
    const test = await testPlugin(taker, { plugins: [voucher] });
    expect((await test.call('bad')).outcome).toBe('forwarded');
    expect((await test.call('bad')).effect).toBe('deny');
    await test.stop();
  });
});

describe('a plugin that changes what it is handed', () => {
  /** Tries to set, add and empty everything that can be reached. */
  function tamper(what: unknown, depth = 0, seen = new Set<unknown>()): void {
    if (depth > 4 || typeof what !== 'object' || what === null || seen.has(what) || ArrayBuffer.isView(what)) return;
    seen.add(what);
    if (what instanceof AbortSignal) return;
    if (Array.isArray(what)) Reflect.set(what, 'length', 0);
    for (const key of Reflect.ownKeys(what).filter((key) => key !== 'length')) {
      let value: unknown;
      try {
        value = Reflect.get(what, key);
      } catch {
        continue;
      }
      tamper(value, depth + 1, seen);
      Reflect.set(what, key, 'tampered');
    }
    for (const key of ['effect', 'name', 'id', 'nowMs', 'call', 'facts', 'decision'])
      Reflect.set(what, key, 'tampered');
  }
  const who = defineFact<{ readonly id: string }>('test.who');
  const rules = defineFact<readonly string[]>('test.rules');
  it.each<HookName>(['onRequest', 'evaluate', 'beforeForward', 'afterResponse', 'onDecision'])(
    'in %s changes nothing that others see, that is sent or that is recorded',
    async (hook) => {
      const told: unknown[] = [];
      const tamperer = definePlugin({
        name: 'tamperer',
        apiVersion: 1,
        config,
        taps: [hook],
        register: ({ hooks }: any) =>
          hooks[hook].tap((first: any, second: any) => {
            tamper((second ?? first).facts.get(who));
            tamper((second ?? first).facts.get(rules));
            tamper(second ?? first);
          }),
      });
      const first = definePlugin({
        name: 'first',
        apiVersion: 1,
        config,
        taps: ['onRequest'],
        register: ({ hooks }) =>
          hooks.onRequest.tap({ stage: 'identify' }, ({ facts }) => {
            facts.set(who, { id: 'ada' });
            facts.set(rules, ['R1']);
          }),
      });
      const last = definePlugin({
        name: 'zz-last',
        apiVersion: 1,
        config,
        taps: ['evaluate', 'onDecision'],
        register: ({ hooks }) => {
          hooks.evaluate.tap({ stage: 'meter' }, ({ call, facts, nowMs }) => {
            told.push(call.name, call.arguments['amount'], facts.get(who), facts.get(rules), typeof nowMs);
            return allow;
          });
          hooks.onDecision.tap(({ call, facts, decision, outcome }) => {
            told.push(call?.name, facts.get(who), decision.effect, outcome);
          });
        },
      });
      const test = await testPlugin(tamperer, { plugins: [first, last] });
      test.upstream.answers('pay', { content: [{ type: 'text', text: 'paid' }] });
      const { text, outcome, record } = await test.call({ name: 'pay', arguments: { amount: 500, items: [1] } });
      expect({ text, outcome }).toEqual({ text: 'paid', outcome: 'forwarded' });
      expect(test.upstream.received).toMatchObject([{ name: 'pay', arguments: { amount: 500, items: [1] } }]);
      expect(told).toEqual(['pay', 500, { id: 'ada' }, ['R1'], 'number', 'pay', { id: 'ada' }, 'allow', 'forwarded']);
      expect(record).toMatchObject({ outcome: 'forwarded', decision: { effect: 'allow' } });
      await test.stop();
    },
  );
});

describe('a listener of events', () => {
  it.each<[string, () => unknown]>([
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
  ])('that %s is logged by its name, and Helio lives on', async (_what, run) => {
    const listener = definePlugin({
      name: 'listener',
      apiVersion: 1,
      config,
      taps: ['onDecision'],
      register: ({ on, emit, hooks }) => {
        on('rang', run as () => void);
        hooks.onDecision.tap(({ kind }) => void (kind === 'call' && emit('rang', {})));
      },
    });
    const test = await testPlugin(listener, { plugins: [voucher] });
    expect((await test.call('pay')).outcome).toBe('forwarded');
    await new Promise((done) => setImmediate(done));
    expect(test.logs).toContainEqual(
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ plugin: 'listener' }) }),
    );
    expect((await test.call('pay')).outcome).toBe('forwarded');
    await test.stop();
  });
});

describe('per entry', () => {
  const observer = (onStart: () => Promise<void>, more = {}) =>
    definePlugin({
      name: 'observer',
      apiVersion: 1,
      config,
      taps: ['onDecision'],
      ...more,
      register: (api: any) => api.onStart(onStart),
    } as any);
  const refusing = async () => {
    throw new Error('the collector is away');
  };
  it('an observer that cannot start stops the boot', async () => {
    await expect(testPlugin(observer(refusing))).rejects.toMatchObject({ code: 'HELIO_PLUGIN_START' });
  });
  it('one deadline for all of its taps replaces its own', async () => {
    const slow = bad('evaluate', () => new Promise((done) => setTimeout(done, 2_000).unref()));
    const test = await testPlugin(slow, { plugins: [voucher], timeoutMs: 20 });
    const told = await test.call('bad');
    expect(told.text).toContain('20 ms');
    await test.stop();
  });
});
