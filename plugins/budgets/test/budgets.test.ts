import { afterEach, describe, expect, it } from 'vitest';
import { definePlugin, type JsonObject } from '@gethelio/proxy/plugin';
import { grant, type Grant } from '@gethelio/proxy/contracts/approvals';
import { notSent, PluginTester, testPlugin, text, unknown, type PluginTest } from '@gethelio/proxy/testing';
import { z } from 'zod';
import { potIdentity } from '../contract.ts';
import { budgets } from '../index.ts';

const hourMs = 3_600_000;
const yaml = 'policies:\n  default: allow\n';
const pot = (more: string, contributors = "[{ tool: 'pay_*', field: '$.amount' }]") =>
  `${yaml}budgets:\n  - { name: travel, contributors: ${contributors}, ${more} }\n`;
const two = `${yaml}budgets:
  - name: travel
    limit: 100
    currency: EUR
    window: day
    contributors:
      - { tool: book_hotel, field: '$.price' }
      - { tool: ['book_train', 'book_flight*'], field: '$.fare' }
  - { name: everything, limit: 120, window: 24h, contributors: [{ tool: 'book_*', cost: 50 }] }
`;

const open: PluginTest[] = [];
type Options = Parameters<typeof testPlugin>[1];
const start = async (text: string, more: Options = {}) => {
  const test = await testPlugin(budgets, { with: ['policy', 'identity', 'feedback'], yaml: text, ...more });
  open.push(test);
  return test;
};
afterEach(async () => {
  for (const test of open.splice(0)) await test.stop();
});
const pay = (amount: number, name = 'pay_card', more = {}) => ({ name, arguments: { amount }, ...more });
const effects = async (test: PluginTest, ...calls: Parameters<PluginTest['call']>[0][]) => {
  const told = [];
  for (const call of calls) told.push((await test.call(call)).effect);
  return told;
};

PluginTester.run(budgets, {
  with: ['policy', 'identity', 'feedback'],
  yaml: two,
  allows: [
    {
      name: 'a call with room in both pots',
      call: { name: 'book_hotel', arguments: { price: 99.99, currency: 'eur' } },
    },
    { name: 'a tool that no pot is about', call: 'search' },
  ],
  denies: [
    {
      name: 'what does not fit together with what another tool drew',
      call: { name: 'book_flight_return', arguments: { fare: 40.01 } },
      code: 'budget_exceeded',
      before: async (test) => void (await test.call({ name: 'book_hotel', arguments: { price: 60 } })),
      check: ({ feedback }) =>
        expect(feedback).toMatchObject({
          budget: 'travel',
          limit: '100',
          remaining: '40',
          amount: '40.01',
          currency: 'EUR',
          retry_after_ms: 14 * hourMs,
          rule: 'travel',
        }),
    },
    {
      name: 'an amount that is no number',
      call: { name: 'book_train', arguments: { fare: '12' } },
      code: 'invalid_amount',
      check: ({ feedback }) => expect(feedback).toMatchObject({ field: '$.fare', budget: 'travel' }),
    },
    {
      name: 'another currency',
      call: { name: 'book_train', arguments: { fare: 1, currency: 'JPY' } },
      code: 'invalid_amount',
    },
    {
      name: 'a name that only looks different',
      call: { name: 'BOOK_HOTEL', arguments: { price: 101 } },
      code: 'budget_exceeded',
    },
  ],
});

describe('a budget', () => {
  it('takes from all of its pots or from none', async () => {
    const test = await start(two);
    const hotel = (price: number) => ({ name: 'book_hotel', arguments: { price } });
    // `everything` takes 50 for each: two fit. `travel` must not have kept the third's 10.
    expect(await effects(test, hotel(10), hotel(10), hotel(10))).toEqual(['allow', 'allow', 'deny']);
    test.clock.advance(24 * hourMs);
    expect(await effects(test, hotel(99), hotel(2))).toEqual(['allow', 'deny']);
    test.clock.set(test.clock.nowMs() + 1);
    expect((await test.call(hotel(1))).effect).toBe('allow');
  });

  it('lets through exactly what fits of 200 parallel calls of several tools', async () => {
    const test = await start(pot('limit: 100, window: day'));
    await Promise.all(Array.from({ length: 200 }, (_, n) => test.call(pay(2.99, `pay_${n % 5}`))));
    expect(test.upstream.received).toHaveLength(33);
  });

  it('starts anew with the day of its zone', async () => {
    const test = await start(pot("limit: 10, window: day, zone: 'America/New_York'"), {
      nowMs: Date.UTC(2026, 0, 2, 4, 59, 59),
    });
    expect(await effects(test, pay(10), pay(1))).toEqual(['allow', 'deny']);
    test.clock.advance(1_000);
    expect(await effects(test, pay(10), pay(1))).toEqual(['allow', 'deny']);
  });

  it('slides where its window is a duration', async () => {
    const test = await start(pot('limit: 10, window: 1h'));
    expect(await effects(test, pay(10), pay(1))).toEqual(['allow', 'deny']);
    test.clock.advance(hourMs - 1);
    expect(await effects(test, pay(1))).toEqual(['deny']);
    test.clock.advance(1);
    expect(await effects(test, pay(10))).toEqual(['allow']);
  });

  it('lasts as long as a session', async () => {
    const test = await start(pot('limit: 10, window: session'));
    const a = { session: 'session-a' };
    const b = { session: 'session-b' };
    expect(await effects(test, pay(10, 'pay_card', a), pay(1, 'pay_card', a), pay(10, 'pay_card', b))).toEqual([
      'allow',
      'deny',
      'allow',
    ]);
    test.clock.advance(20 * 24 * hourMs);
    expect(await effects(test, pay(1, 'pay_card', a))).toEqual(['deny']);
  });

  it('has a pot per tool or per session where it says so, and refuses who has none', async () => {
    const perTool = await start(pot('limit: 10, window: day, key: tool'));
    expect(await effects(perTool, pay(10, 'pay_a'), pay(10, 'pay_b'), pay(1, 'pay_a'))).toEqual([
      'allow',
      'allow',
      'deny',
    ]);
    const perAgent = await start(pot('limit: 10, window: day, key: agent'));
    expect(await perAgent.call(pay(1))).toMatchObject({ effect: 'deny', code: 'session_unresolved' });
  });

  it('settles on the real amount, gives back what was provably not drawn, keeps what nobody knows', async () => {
    const test = await start(
      pot('limit: 100, window: day', "[{ tool: 'pay_*', field: '$.amount', actual: '$.charged' }]"),
    );
    test.upstream.answers('pay_card', text('{"charged":1.25}'));
    await test.call(pay(100));
    test.upstream.answers('pay_card', notSent);
    await test.call(pay(50));
    test.upstream.answers('pay_card', unknown);
    await test.call(pay(50));
    test.upstream.answers('pay_card', text('ok'));
    expect(await effects(test, pay(48.76), pay(48.75))).toEqual(['deny', 'allow']);
  });

  it('gives a failed call back only where release_on_error says so', async () => {
    for (const [more, last] of [
      ['', 'deny'],
      [', release_on_error: true', 'allow'],
    ] as const) {
      const test = await start(pot(`limit: 10, window: day${more}`));
      test.upstream.answers('pay_card', text('declined', { isError: true }));
      await test.call(pay(10));
      expect(await effects(test, pay(10))).toEqual([last]);
    }
  });

  it('holds instead, where a person may be asked; without anybody to ask it stays refused', async () => {
    const test = await start(pot('limit: 10, window: day, on_exceed: require_approval'));
    expect(await effects(test, pay(10))).toEqual(['allow']);
    const { decision } = await test.explain({ name: 'pay_card', arguments: { amount: 5 } });
    expect(decision).toMatchObject({
      effect: 'hold',
      verdicts: [
        { code: 'budget_exceeded', details: { remaining: '0', approval: { identity: potIdentity('travel') } } },
        {},
      ],
    });
    expect(await test.call(pay(5))).toMatchObject({ outcome: 'denied' });
    expect(test.upstream.received).toHaveLength(1);
  });

  it('takes past its limit when a yes covers this pot, and not when it covers another', async () => {
    const approver = (covers: string) =>
      definePlugin({
        name: 'test-approver',
        apiVersion: 1,
        config: z.strictObject({}).prefault({}),
        taps: ['beforeForward'],
        register({ hooks }) {
          hooks.beforeForward.tap({ stage: 'lift' }, (ctx) => {
            if (ctx.decision.effect !== 'hold') return;
            ctx.facts.set(grant, { covers: [covers] } as unknown as Grant);
            ctx.lift('somebody');
          });
        },
      });
    const text = pot('limit: 10, window: day, on_exceed: require_approval');
    const right = await start(text, { plugins: [approver(potIdentity('travel'))] });
    expect(await effects(right, pay(10), pay(5))).toEqual(['allow', 'hold']);
    expect(right.upstream.received).toHaveLength(2);
    expect(right.records.at(-1)!.facts.get({ id: 'budgets.drawn' })).toMatchObject([
      { taken: '5', over_limit_by_approval: true },
    ]);
    const wrong = await start(text, { plugins: [approver(potIdentity('other'))] });
    await effects(wrong, pay(10), pay(5));
    expect(wrong.upstream.received).toHaveLength(1);
  });

  it('says in the config what is wrong with it', async () => {
    const wrong: [string, RegExp][] = [
      [pot('limit: 10'), /window/],
      [pot('limit: 10, window: year'), /slides/],
      [pot("limit: 10, window: day, zone: 'Mars/Olympus'"), /time zone/],
      [pot('limit: 10, window: session, key: agent'), /session/],
      [pot('limit: 10, window: day', '[]'), /contributors/],
      [pot('limit: 10, window: day', '[{ tool: x }]'), /exactly one of field and cost/],
      [pot('limit: 10, window: day', "[{ tool: x, cost: 1, currency_field: '$.c' }]"), /currency/],
      [
        `${yaml}budgets:\n  - { name: a, limit: 1, window: day, contributors: [{ tool: x, cost: 1 }] }\n  - { name: a, limit: 1, window: day, contributors: [{ tool: x, cost: 1 }] }\n`,
        /two budgets/,
      ],
    ];
    for (const [text, message] of wrong) await expect(start(text), text).rejects.toThrow(message);
  });
});

describe('the API of budgets', () => {
  const secret = 'test-secret-of-the-operator-000001';
  const withApi = (text: string) =>
    start(`${text}dashboard: { port: 0, api_secret: ${secret} }\n`, {
      with: ['policy', 'identity', 'feedback', 'operator'],
    });
  const ask = async (test: PluginTest, path: string, body?: JsonObject) => {
    const answer = await fetch(`${test.url('dashboard')}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${secret}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as JsonObject };
  };

  it('shows pots with what is used, left, when they are full and when they start anew', async () => {
    const test = await withApi(pot('limit: 100, currency: EUR, window: day'));
    expect((await ask(test, '/api/budgets')).body).toMatchObject({
      budgets: [{ name: 'travel', keys: [{ key: 'global', used: '0' }] }],
    });
    await test.call(pay(12.5));
    test.clock.advance(hourMs);
    await test.call(pay(12.5));
    expect(await ask(test, '/api/budgets')).toMatchObject({
      status: 200,
      body: {
        budgets: [
          {
            name: 'travel',
            line: expect.any(Number),
            limit: '100',
            currency: 'EUR',
            window: 'day',
            zone: 'UTC',
            key: 'global',
            onExceed: 'deny',
            tools: ['pay_*'],
            keys: [
              {
                key: 'global',
                used: '25',
                remaining: '75',
                share: 0.25,
                entries: 2,
                perHour: 25,
                fullInMs: 3 * hourMs,
                resetsAtMs: Date.UTC(2026, 2, 3),
              },
            ],
          },
        ],
      },
    });
  });

  it('shows the ledger of a pot, and adjusts it with who and why', async () => {
    const test = await withApi(pot('limit: 100, window: day'));
    await test.call(pay(90, 'pay_card', { session: 's-1' }));
    test.clock.advance(1_000);
    expect(
      (await ask(test, '/api/budgets/travel/adjust', { amount: '-40', reason: 'refunded by hand' })).body,
    ).toMatchObject({
      gauge: { used: '50', remaining: '50' },
    });
    expect(await effects(test, pay(50), pay(0.01))).toEqual(['allow', 'deny']);
    const { body } = await ask(test, '/api/budgets/travel?limit=10');
    expect(body['entries']).toMatchObject([
      { amount: '50', tool: 'pay_card', adjustment: null },
      { amount: '-40', tool: null, adjustment: { by: 'operator', reason: 'refunded by hand' } },
      { amount: '90', tool: 'pay_card', session: 's-1' },
    ]);
    expect(test.records.find(({ kind }) => kind === 'budget_adjusted')).toMatchObject({
      data: { budget: 'travel', key: 'global', amount: '-40', by: 'operator', reason: 'refunded by hand', used: '50' },
    });
  });

  it('refuses an adjustment without a reason, of nothing, and of a pot that is not there', async () => {
    const test = await withApi(pot('limit: 100, window: day'));
    const bodies: JsonObject[] = [
      { amount: '5' },
      { amount: '5', reason: ' ' },
      { amount: '0', reason: 'x' },
      { amount: 'ten', reason: 'x' },
      { amount: 5, reason: 'x' },
    ];
    for (const body of bodies) {
      expect((await ask(test, '/api/budgets/travel/adjust', body)).status).toBe(400);
    }
    expect((await ask(test, '/api/budgets/nothing/adjust', { amount: '5', reason: 'x' })).status).toBe(404);
    expect((await ask(test, '/api/budgets/nothing')).status).toBe(404);
  });
});
