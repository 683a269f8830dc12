import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { notSent, PluginTester, testPlugin, text, unknown, type PluginTest } from '@gethelio/proxy/testing';
import { spendLimits } from '../index.ts';

const hourMs = 3_600_000;
const rule = (spend: string, more = '') =>
  `    - match: { tool: 'create_payment' }\n      action: spend_limit\n      limits: { max_spend: ${spend} }\n${more}`;
const policies = (rules: string) => `policies:\n  default: allow\n  rules:\n${rules}`;
const contract = "{ field: '$.amount', limit: 5000, currency: 'GBP', window: 24h }";

const open: PluginTest[] = [];
const start = async (rules: string) => {
  const test = await testPlugin(spendLimits, { with: ['policy', 'identity', 'feedback'], yaml: policies(rules) });
  open.push(test);
  return test;
};
afterEach(async () => {
  for (const test of open.splice(0)) await test.stop();
});
const pay = (argumentsText: string) => ({ name: 'create_payment', argumentsText });
const amount = (text: string) => pay(`{"amount":${text}}`);
const effects = async (test: PluginTest, ...calls: Parameters<PluginTest['call']>[0][]) => {
  const told = [];
  for (const call of calls) told.push((await test.call(call)).effect);
  return told;
};

PluginTester.run(spendLimits, {
  with: ['policy', 'identity', 'feedback'],
  yaml: policies(rule(contract)),
  allows: [
    { name: 'a payment with room', call: amount('4999.99') },
    { name: 'a free one', call: amount('0') },
    { name: 'another tool', call: 'list_payments' },
  ],
  denies: [
    {
      name: 'a payment over the limit together with what was spent',
      call: amount('1000.01'),
      code: 'spend_limited',
      before: async (test) => void (await test.call(amount('4000'))),
      check: ({ feedback, decision }) => {
        expect(feedback).toMatchObject({
          limit: '5000',
          remaining: '1000',
          amount: '1000.01',
          currency: 'GBP',
          retry_after_ms: 24 * hourMs,
          suggestion: expect.stringContaining('at most 1000 GBP'),
        });
        expect(decision.verdicts[0]).toMatchObject({ plugin: 'spend-limits', rule: { name: 'create_payment#1' } });
      },
    },
    {
      name: 'an amount that never fits, without a time to wait for',
      call: amount('5000.01'),
      code: 'spend_limited',
      check: ({ feedback }) => expect(feedback).not.toHaveProperty('retry_after_ms'),
    },
    ...['"1000"', 'null', 'true', '[100]', '{"value":100}', '-1', '-0.01', '""', '1e300'].map((written) => ({
      name: `an amount of ${written}`,
      call: amount(written),
      code: 'invalid_amount',
    })),
    { name: 'a payment without an amount', call: pay('{"Amount":5}'), code: 'invalid_amount' },
    { name: 'a payment in another currency', call: pay('{"amount":5,"currency":"JPY"}'), code: 'invalid_amount' },
    { name: 'a currency that is no text', call: pay('{"amount":5,"currency":null}'), code: 'invalid_amount' },
  ],
});

describe('a spend limit', () => {
  it('fills up exactly: 10,000 times 0.1 is 1,000', async () => {
    const test = await start(rule("{ field: '$.amount', limit: 1000, window: 24h }"));
    for (let n = 0; n < 10_000; n += 500) {
      await Promise.all(Array.from({ length: 500 }, () => test.call(amount('0.1'))));
    }
    expect(test.upstream.received).toHaveLength(10_000);
    expect(await effects(test, amount('0.000000000000000001'), amount('0'))).toEqual(['deny', 'allow']);
  });

  it('lets through exactly what fits of 200 parallel calls', async () => {
    const test = await start(rule("{ field: '$.amount', limit: 100, window: 24h }"));
    await Promise.all(Array.from({ length: 200 }, () => test.call(amount('2.99'))));
    expect(test.upstream.received).toHaveLength(33);
  });

  it('never passes its limit, whatever is paid in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 1, maxLength: 12 }), async (cents) => {
        const test = await testPlugin(spendLimits, {
          with: ['policy', 'identity'],
          yaml: policies(rule("{ field: '$.amount', limit: 50, window: 24h }")),
        });
        let expected = 0;
        for (const each of cents) {
          const fits = expected + each <= 5_000;
          expect((await test.call(amount(String(each / 100)))).effect).toBe(fits ? 'allow' : 'deny');
          if (fits) expected += each;
        }
        await test.stop();
      }),
      { numRuns: 15 },
    );
  });

  it('sums what a wildcard finds, and refuses a list with an item that has no price', async () => {
    const test = await start(rule("{ field: '$.items[*].price', limit: 10, window: 1h }"));
    const items = (...list: string[]) => pay(`{"items":[${list.join(',')}]}`);
    expect(
      await effects(test, items('{"price":3.3}', '{"price":3.3}', '{"price":3.3}'), items('{"price":0.11}')),
    ).toEqual(['allow', 'deny']);
    for (const call of [
      items(),
      items('{"price":0.01}', '{}'),
      items('{"price":0.01}', '{"price":"0.01"}'),
      items('{"price":5}', '{"price":-5}'),
      pay('{"items":7}'),
    ]) {
      expect((await test.call(call)).code).toBe('invalid_amount');
    }
  });

  it('takes a fixed price, and reads a currency where it is told to', async () => {
    const priced = await start(rule("{ cost: '0.25', limit: 1, window: 1h }"));
    expect(await effects(priced, ...Array.from({ length: 5 }, () => 'create_payment'))).toEqual([
      'allow',
      'allow',
      'allow',
      'allow',
      'deny',
    ]);

    const test = await start(
      rule("{ field: '$.amount', limit: 10, currency: EUR, currency_field: '$.money.unit', window: 1h }"),
    );
    const unit = (written: string) => pay(`{"amount":1,"money":{"unit":${written}}}`);
    expect(await effects(test, unit('"EUR"'), unit('"eur"'), unit('"USD"'), amount('1'))).toEqual([
      'allow',
      'allow',
      'deny',
      'deny',
    ]);
  });

  it('settles on the amount that the result says was really spent', async () => {
    const test = await start(rule("{ field: '$.amount', limit: 100, actual: '$.charged', window: 1h }"));
    test.upstream.answers('create_payment', text('{"charged":10.10}'));
    await test.call(amount('90'));
    test.upstream.answers('create_payment', text('done', { structuredContent: { charged: 59.9 } }));
    expect((await test.call(amount('89.9'))).effect).toBe('allow');
    test.upstream.answers('create_payment', text('no number here'));
    expect(await effects(test, amount('30'), amount('0.01'))).toEqual(['allow', 'deny']);
  });

  it('may end over its limit when more was spent than reserved, and then takes nothing more', async () => {
    const test = await start(rule("{ field: '$.amount', limit: 100, actual: '$.charged', window: 1h }"));
    test.upstream.answers('create_payment', text('{"charged":150}'));
    expect(await effects(test, amount('1'), amount('0'))).toEqual(['allow', 'deny']);
  });

  it('gives back what provably was not spent, keeps what nobody knows and what failed in the tool', async () => {
    const test = await start(rule("{ field: '$.amount', limit: 100, window: 1h }"));
    test.upstream.answers('create_payment', notSent);
    await test.call(amount('100'));
    test.upstream.answers('create_payment', unknown);
    await test.call(amount('40'));
    test.upstream.answers('create_payment', text('declined', { isError: true }));
    await test.call(amount('40'));
    test.upstream.answers('create_payment', text('ok'));
    expect(await effects(test, amount('20.01'), amount('20'))).toEqual(['deny', 'allow']);
  });

  it('gives back what failed in the tool where the rule says release_on_error', async () => {
    const test = await start(rule("{ field: '$.amount', limit: 100, window: 1h }", '      release_on_error: true\n'));
    test.upstream.answers('create_payment', text('declined', { isError: true }));
    expect(await effects(test, amount('100'), amount('100'))).toEqual(['allow', 'allow']);
    test.upstream.answers('create_payment', unknown);
    expect(await effects(test, amount('100'), amount('100'))).toEqual(['allow', 'deny']);
  });

  it('is a limit per tool unless it says otherwise', async () => {
    const any = (spend: string) =>
      `    - match: { tool: 'pay_*' }\n      action: spend_limit\n      limits: { max_spend: ${spend} }\n`;
    const perTool = await start(any("{ field: '$.amount', limit: 10, window: 1h }"));
    const of = (name: string) => ({ name, arguments: { amount: 10 } });
    expect(await effects(perTool, of('pay_a'), of('pay_b'), of('pay_a'))).toEqual(['allow', 'allow', 'deny']);
    const together = await start(any("{ field: '$.amount', limit: 10, window: 1h, key: global }"));
    expect(await effects(together, of('pay_a'), of('pay_b'))).toEqual(['allow', 'deny']);
    const perAgent = await start(any("{ field: '$.amount', limit: 10, window: 1h, key: agent }"));
    expect(await perAgent.call(of('pay_a'))).toMatchObject({ effect: 'deny', code: 'session_unresolved' });
  });

  it('only watches in shadow, with a pot of its own', async () => {
    const test = await start(rule("{ field: '$.amount', limit: 10, window: 1h }", '      mode: shadow\n'));
    expect(await effects(test, amount('10'), amount('10'), amount('"ten"'))).toEqual(['allow', 'allow', 'allow']);
    const shadows = test.records.flatMap(({ decision }) => decision.verdicts.filter(({ shadow }) => shadow));
    expect(shadows.map(({ code }) => code)).toEqual(['spend_limited', 'invalid_amount']);
  });

  it('refuses a config that would count nothing', async () => {
    const wrong: [string, RegExp][] = [
      ['{ limit: 10, window: 1h }', /exactly one of field and cost/],
      ["{ field: '$.a', cost: 1, limit: 10, window: 1h }", /exactly one of field and cost/],
      ["{ field: 'amount', limit: 10, window: 1h }", /path/],
      ["{ field: '$..amount', limit: 10, window: 1h }", /path/],
      ["{ field: '$', limit: 10, window: 1h }", /path/],
      ["{ field: '$.a', limit: -1, window: 1h }", /negative/],
      ["{ field: '$.a', limit: ten, window: 1h }", /limit/],
      ["{ field: '$.a', limit: 0.1234567890123456789, window: 1h }", /digits/],
      ["{ field: '$.a', limit: 10, window: 1h, currency_field: '$.c' }", /currency/],
      ["{ field: '$.a', limit: 10 }", /window/],
    ];
    for (const [spend, message] of wrong) await expect(start(rule(spend)), spend).rejects.toThrow(message);
  });
});
