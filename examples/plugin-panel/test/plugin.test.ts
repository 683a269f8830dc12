/** What the panel is told: who spent how much today, exactly, over a restart, and only what may have been spent. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { notSent, PluginTester, testPlugin, unknown, type PluginTest } from '@gethelio/proxy/testing';
import { expect, it } from 'vitest';
import { agentSpend } from '../src/index.js';

const secret = 'operator-secret-of-the-test';
const setting = {
  with: ['policy', 'identity', 'operator', 'audit', 'dashboard'],
  yaml: `policies: { default: allow, rules: [{ match: { input: { '$.amount': { gt: 1000 } } }, action: deny }] }
identity: { agent: { header: x-agent } }
dashboard: { port: 0, api_secret: '${secret}' }`,
  config: { tools: ['create_payment'], currency: 'EUR' },
};
const pay = (amount: string, agent?: string) => ({
  name: 'create_payment',
  argumentsText: `{"amount": ${amount}}`,
  ...(agent !== undefined && { headers: { 'x-agent': agent } }),
});
async function today(test: PluginTest) {
  const url = `${test.url('dashboard')}/api/plugins/agent-spend/today`;
  expect((await fetch(url)).status).toBe(401);
  const answer = await fetch(url, { headers: { authorization: `Bearer ${secret}` } });
  return (await answer.json()) as any;
}
/** Observers are told when the answer has left. */
const counted = (test: PluginTest, payments: number) =>
  expect
    .poll(async () => {
      const { spenders, unreadPayments } = await today(test);
      return spenders.reduce((sum: number, one: any) => sum + one.payments, unreadPayments);
    })
    .toBe(payments);

PluginTester.run(agentSpend, { ...setting, allows: [{ call: pay('12.50', 'ada') }], secrets: [secret] });

it('adds up what every agent spent, in exact decimals, most first', async () => {
  const test = await testPlugin(agentSpend, setting);
  for (const payment of [pay('0.10', 'ada'), pay('0.20', 'ada'), pay('7.005', 'bruno'), pay('1')])
    await test.call(payment);
  await test.call({ name: 'search', headers: { 'x-agent': 'ada' } });
  await counted(test, 4);
  const { currency, total, spenders } = await today(test);
  expect({ currency, total }).toEqual({ currency: 'EUR', total: '8.305' });
  expect(spenders.map(({ agent, spent, payments }: any) => [agent, spent, payments])).toEqual([
    ['bruno', '7.005', 1],
    ['', '1', 1],
    ['ada', '0.3', 2],
  ]);
  await test.stop();
});

it('counts what may have been spent, and nothing that was refused or never sent', async () => {
  const test = await testPlugin(agentSpend, setting);
  await test.call(pay('5000', 'ada')); // denied
  test.upstream.answers('create_payment', notSent);
  await test.call(pay('100', 'ada'));
  test.upstream.answers('create_payment', unknown);
  await test.call(pay('10', 'ada'));
  test.upstream.answers('create_payment', { content: [], isError: true });
  await test.call(pay('1', 'ada'));
  await counted(test, 2);
  expect((await today(test)).total).toBe('11');
  await test.stop();
});

it('tells payments apart whose amount is no number', async () => {
  const test = await testPlugin(agentSpend, {
    ...setting,
    yaml: setting.yaml.replace(/, rules: .*\] \}/, ' }'), // a rule about amounts would refuse it
  });
  await test.call(pay('"12.50"', 'ada'));
  await counted(test, 1);
  expect(await today(test)).toMatchObject({ total: '0', spenders: [], unreadPayments: 1 });
  await test.stop();
});

it('begins anew at midnight UTC, and remembers the day over a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'helio-spend-'));
  const lasting = { ...setting, with: [...setting.with, 'state-sqlite'], folder };
  const evening = Date.UTC(2026, 2, 2, 23, 59, 30);
  const first = await testPlugin(agentSpend, { ...lasting, nowMs: evening });
  await first.call(pay('3', 'ada'));
  await counted(first, 1);
  await first.stop();

  const second = await testPlugin(agentSpend, { ...lasting, nowMs: evening + 1_000 });
  expect(await today(second)).toMatchObject({ day: '2026-03-02', total: '3' });
  second.clock.advance(60_000);
  expect(await today(second)).toMatchObject({ day: '2026-03-03', total: '0', spenders: [] });
  await second.stop();
  await rm(folder, { recursive: true });
});

it.each([[{ tools: [] }], [{ amount: 'amount' }], [{ currency: 'pounds' }], [{ tool: ['x'] }]])(
  'refuses to start with %j',
  async (config) => {
    await expect(testPlugin(agentSpend, { ...setting, config })).rejects.toThrow();
  },
);
