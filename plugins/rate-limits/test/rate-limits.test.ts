import { afterEach, describe, expect, it } from 'vitest';
import { notSent, PluginTester, rpcError, testPlugin, text, unknown, type PluginTest } from '@gethelio/proxy/testing';
import { rateLimits } from '../index.ts';

const policies = (rules: string, more = '') => `policies:\n  default: allow\n${more}  rules:\n${rules}`;
const limit = (limits: string, more = '') =>
  `    - match: { tool: 'search_*' }\n      action: rate_limit\n      limits: ${limits}\n${more}`;
const hourMs = 3_600_000;

const open: PluginTest[] = [];
const start = async (rules: string, more = '') => {
  const test = await testPlugin(rateLimits, { with: ['policy', 'identity', 'feedback'], yaml: policies(rules, more) });
  open.push(test);
  return test;
};
afterEach(async () => {
  for (const test of open.splice(0)) await test.stop();
});
const effects = async (test: PluginTest, ...calls: Parameters<PluginTest['call']>[0][]) => {
  const told = [];
  for (const call of calls) told.push((await test.call(call)).effect);
  return told;
};

PluginTester.run(rateLimits, {
  with: ['policy', 'identity', 'feedback'],
  yaml: policies(limit('{ max_calls: 2, window: 1h, key: tool }')),
  allows: [
    { name: 'a call with room', call: 'search_web' },
    { name: 'a tool that no limit is about', call: 'other' },
  ],
  denies: [
    {
      name: 'the third call of an hour',
      call: 'search_web',
      code: 'rate_limited',
      before: async (test) => {
        await test.call('search_web');
        test.clock.advance(60_000);
        await test.call('search_web');
      },
      check: ({ feedback, decision }) => {
        expect(feedback).toMatchObject({ limit: 2, remaining: 0, window_ms: hourMs, retry_after_ms: hourMs - 60_000 });
        expect(decision.verdicts[0]).toMatchObject({
          plugin: 'rate-limits',
          rule: { name: 'search_*#1' },
          retry: { allowed: true, afterMs: hourMs - 60_000 },
        });
      },
    },
  ],
});

describe('a rate limit', () => {
  it('has room again exactly when it said so', async () => {
    const test = await start(limit('{ max_calls: 1, window: 10s, key: tool }'));
    await test.call('search_web');
    test.clock.advance(3_000);
    expect((await test.call('search_web')).feedback).toMatchObject({ retry_after_ms: 7_000 });
    test.clock.advance(6_999);
    expect(await effects(test, 'search_web')).toEqual(['deny']);
    test.clock.advance(1);
    expect(await effects(test, 'search_web', 'search_web')).toEqual(['allow', 'deny']);
  });

  it('lets exactly L of 200 parallel calls reach the upstream', async () => {
    const test = await start(limit('{ max_calls: 23, window: 1h, key: tool }'));
    const told = await Promise.all(Array.from({ length: 200 }, () => test.call('search_web')));
    expect(told.filter(({ text: said }) => said === 'ok')).toHaveLength(23);
    expect(test.upstream.received).toHaveLength(23);
    expect(test.records.filter(({ outcome }) => outcome === 'denied')).toHaveLength(177);
  });

  it('never opens what the default closes', async () => {
    const test = await testPlugin(rateLimits, {
      with: ['policy', 'identity', 'feedback'],
      yaml: `policies:\n  default: deny\n  rules:\n${limit('{ max_calls: 5, window: 1h, key: tool }')}`,
    });
    open.push(test);
    expect(await test.call('search_web')).toMatchObject({ effect: 'deny', code: 'policy_denied' });
  });

  it('counts each tool, each session, each agent, or all together', async () => {
    const perTool = await start(limit('{ max_calls: 1, window: 1h, key: tool }'));
    expect(await effects(perTool, 'search_a', 'search_b', 'search_a')).toEqual(['allow', 'allow', 'deny']);

    const perSession = await start(limit('{ max_calls: 1, window: 1h, key: session }'));
    const inSession = (session: string, name = 'search_a') => ({ name, session });
    expect(await effects(perSession, inSession('a'), inSession('b'), inSession('a', 'search_b'))).toEqual([
      'allow',
      'allow',
      'deny',
    ]);

    const all = await start(limit('{ max_calls: 1, window: 1h, key: global }'));
    expect(await effects(all, inSession('a'), inSession('b', 'search_b'))).toEqual(['allow', 'deny']);
  });

  it('refuses a call that it cannot count: no agent, and the rule counts agents', async () => {
    const test = await start(limit('{ max_calls: 5, window: 1h, key: agent }'));
    expect(await test.call('search_web')).toMatchObject({ effect: 'deny', code: 'session_unresolved' });
    expect(test.upstream.received).toEqual([]);
  });

  it('gives a call back that provably did nothing, and keeps one that nobody knows about', async () => {
    const test = await start(limit('{ max_calls: 1, window: 1h, key: tool }'));
    test.upstream.answers('search_web', notSent);
    await test.call('search_web');
    test.upstream.answers('search_web', rpcError(-32602, 'bad'));
    await test.call('search_web');
    test.upstream.answers('search_web', unknown);
    await test.call('search_web');
    expect(await effects(test, 'search_web')).toEqual(['deny']);
  });

  it('keeps a call that failed in the tool', async () => {
    const test = await start(limit('{ max_calls: 1, window: 1h, key: tool }'));
    test.upstream.answers('search_web', text('no', { isError: true }));
    expect(await effects(test, 'search_web', 'search_web')).toEqual(['allow', 'deny']);
  });

  it('takes nothing for a call that something else refuses', async () => {
    const test = await start(
      `${limit('{ max_calls: 1, window: 1h, key: tool }')}    - match: { tool: '*', input: { '$.bad': { eq: true } } }\n      action: deny\n`,
    );
    await test.call({ name: 'search_web', arguments: { bad: true } });
    expect(await effects(test, 'search_web', 'search_web')).toEqual(['allow', 'deny']);
  });

  it('holds together with another window of the same match', async () => {
    const test = await start(
      limit('{ max_calls: 2, window: 10s, key: tool }') + limit('{ max_calls: 3, window: 1h, key: tool }'),
    );
    expect(await effects(test, 'search_a', 'search_a', 'search_a')).toEqual(['allow', 'allow', 'deny']);
    test.clock.advance(10_000);
    expect(await effects(test, 'search_a', 'search_a')).toEqual(['allow', 'deny']);
    test.clock.advance(10_000);
    expect(await test.call('search_a')).toMatchObject({ code: 'rate_limited', feedback: { limit: 3 } });
  });

  it('only watches in shadow, with a counter of its own', async () => {
    const test = await start(
      limit('{ max_calls: 1, window: 1h, key: tool }', '      mode: shadow\n      name: watched\n'),
    );
    expect(await effects(test, 'search_a', 'search_a', 'search_a')).toEqual(['allow', 'allow', 'allow']);
    const shadows = test.records.flatMap(({ decision }) => decision.verdicts.filter(({ shadow }) => shadow));
    expect(shadows.map(({ code }) => code)).toEqual(['rate_limited', 'rate_limited']);
  });

  it('says in the config what is wrong with it', async () => {
    await expect(start(limit('{ max_calls: 1.5, window: 1h }'))).rejects.toThrow(/max_calls/);
    await expect(start(limit('{ max_calls: 1 }'))).rejects.toThrow(/window/);
    await expect(start(limit('{ max_calls: 1, window: 60 }'))).rejects.toThrow(/unit/);
    await expect(start(limit('{ max_calls: 1, window: 1h, key: user }'))).rejects.toThrow(/key/);
    await expect(start(limit('{ max_calls: 1, window: 1h, max_spend: { cost: 1 } }'))).rejects.toThrow(/spend-limits/);
    await expect(start(`    - match: { tool: x }\n      action: rate_limit\n`)).rejects.toThrow(/limits/);
  });

  it('tells the audit what was taken', async () => {
    const test = await start(limit('{ max_calls: 5, window: 1h, key: tool }'));
    await test.call('search_web');
    const { facts } = test.records.at(-1)!;
    expect(facts.get({ id: 'rate-limits.taken' })).toEqual([
      { kind: 'rate', rule: 'search_*#1', key: 'upstream/search_web', taken: '1', limit: '5', window_ms: hourMs },
    ]);
  });
});
