import { afterEach, expect, test } from 'vitest';
import { definePlugin } from '@gethelio/proxy/plugin';
import { z } from 'zod';
import { testPlugin, type PluginTest, type TestOptions } from '@gethelio/proxy/testing';
import { approvals } from '../index.ts';
import { until } from './bench.ts';

const secret = 'operator-secret-that-is-long-enough-01';
let t: PluginTest | undefined;
afterEach(async () => t?.stop());

async function start(
  plugins: readonly string[],
  yaml: string,
  own: NonNullable<TestOptions['plugins']> = [],
): Promise<PluginTest> {
  return (t = await testPlugin(approvals, {
    with: ['identity', 'policy', 'operator', 'approvals-dashboard', 'feedback', ...plugins],
    plugins: own,
    nowMs: Date.now(),
    yaml: `dashboard: { port: 0, api_secret: '${secret}' }\napproval: { wait: 10s }\n${yaml}`,
  }));
}
async function api(method: string, path: string, body?: unknown): Promise<any> {
  const answer = await fetch(`${t!.url('dashboard')}${path}`, {
    method,
    headers: { authorization: `Bearer ${secret}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return answer.json();
}
const ticket = () => until(async () => (await api('GET', '/api/approvals')).tickets[0]);

test('two budgets that a call would overflow raise one ticket that lists both, and its yes lets them take', async () => {
  await start(
    ['budgets'],
    `policies: { default: allow, rules: [] }
budgets:
  - { name: ads, limit: 100, currency: GBP, window: 24h, on_exceed: require_approval, contributors: [{ tool: pay, field: '$.amount' }] }
  - { name: all, limit: 90, currency: GBP, window: 24h, on_exceed: require_approval, contributors: [{ tool: '*', field: '$.amount' }] }`,
  );
  const call = t!.call({ name: 'pay', arguments: { amount: 120 } });
  const { id, askers } = await ticket();
  expect(askers.map(({ identity }: any) => identity).sort()).toEqual([
    'budgets:budget_exceeded:ads',
    'budgets:budget_exceeded:all',
  ]);
  await api('POST', `/api/approvals/${id}/approve`, {});
  expect((await call).outcome).toBe('forwarded');
  const next = t!.call({ name: 'pay', arguments: { amount: 1 } });
  await api('POST', `/api/approvals/${(await ticket()).id}/deny`, { reason: 'enough' });
  expect((await next).code).toBe('approval_denied');
  expect(t!.upstream.received).toHaveLength(1);
});

test('flag_destructive: require_approval asks for destructive tools', async () => {
  await start([], `policies: { default: allow, flag_destructive: require_approval, rules: [] }`);
  t!.upstream.advertises({ name: 'wipe', annotations: { readOnlyHint: false, destructiveHint: true } as never });
  const call = t!.call('wipe');
  const { id, askers } = await ticket();
  expect(askers).toHaveLength(1);
  await api('POST', `/api/approvals/${id}/approve`, {});
  expect((await call).outcome).toBe('forwarded');
});

test('a spend limit is taken once for a call that waited, and not for one that was denied', async () => {
  await start(
    ['spend-limits'],
    `policies:
  default: allow
  rules:
    - { match: { tool: pay }, action: require_approval }
    - { match: { tool: pay }, action: spend_limit, limits: { max_spend: { field: '$.amount', limit: 100, currency: GBP, window: 24h } } }`,
  );
  const refused = t!.call({ name: 'pay', arguments: { amount: 60 } });
  await api('POST', `/api/approvals/${(await ticket()).id}/deny`, {});
  expect((await refused).code).toBe('approval_denied');
  const paid = t!.call({ name: 'pay', arguments: { amount: 90 } });
  await api('POST', `/api/approvals/${(await ticket()).id}/approve`, {});
  expect((await paid).outcome).toBe('forwarded');
  expect((await t!.call({ name: 'pay', arguments: { amount: 20 } })).code).toBe('spend_limited');
});

test('a rule in shadow asks nobody', async () => {
  await start(
    [],
    `policies: { default: allow, rules: [{ match: { tool: pay }, action: require_approval, mode: shadow }] }`,
  );
  expect((await t!.call('pay')).outcome).toBe('forwarded');
  expect((await api('GET', '/api/approvals?status=all')).tickets).toEqual([]);
});

test('evidence that was fresh when the person was asked still counts for the repeat that uses the yes', async () => {
  await start(
    ['evidence'],
    `policies:
  default: allow
  rules:
    - { match: { tool: refund }, action: require_approval, evidence: { requires: ['lookup'] } }`,
  );
  const call = { name: 'refund', arguments: { order_id: 'A-1' }, session: 's1' };
  expect((await t!.call(call)).code).toBe('evidence_missing');
  await t!.call({ name: 'lookup', arguments: {}, session: 's1' });
  const leaving = new AbortController();
  const first = t!.call({ ...call, signal: leaving.signal });
  const { id } = await ticket();
  leaving.abort();
  await first;
  t!.clock.advance(299_000); // the evidence lives five minutes, and so does the ticket
  await api('POST', `/api/approvals/${id}/approve`, {});
  t!.clock.advance(60_000);
  expect((await t!.call(call)).outcome).toBe('forwarded');
  expect((await t!.call(call)).code).toBe('evidence_expired');
});

test('a ticket keeps nothing that audit.redact takes out, in its arguments and in the reasons that repeat them', async () => {
  const card = '4111111111111111';
  const echo = definePlugin({
    name: 'echo',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    taps: ['evaluate'],
    register: ({ hooks }) =>
      hooks.evaluate.tap({ stage: 'meter' }, ({ call }) => ({
        effect: 'hold',
        code: 'odd_card',
        reason: `The card ${String(call.arguments['card'])} is odd.`,
        details: { seen: call.arguments['card']!, approval: { identity: 'cards' } },
      })),
  });
  await start(
    ['audit'],
    `policies: { default: allow, rules: [] }\naudit: { redact: [{ keys: [card] }, { keys: [pin], mode: drop }] }`,
    [echo],
  );
  const call = t!.call({ name: 'pay', argumentsText: `{"amount":9007199254740993,"card":"${card}","pin":1234}` });
  const shown = await ticket();
  const whole = await api('GET', `/api/approvals/${shown.id}`);
  expect(JSON.stringify([shown, whole])).not.toContain(card);
  expect(JSON.parse(whole.argumentsText)).toEqual({ amount: expect.anything(), card: '***' });
  expect(whole.argumentsText).toContain('9007199254740993');
  expect(whole.askers).toEqual([
    expect.objectContaining({ reason: 'The card *** is odd.', identity: 'echo:cards', details: expect.anything() }),
  ]);
  await api('POST', `/api/approvals/${shown.id}/approve`, {});
  expect((await call).outcome).toBe('forwarded');
  expect(JSON.stringify(t!.upstream.received)).toContain(card); // what was approved is what is sent, whole
});

test('a yes is bound to what the verdict says it is bound to, and not to its changing numbers', async () => {
  let code = 'odd';
  const odd = definePlugin({
    name: 'odd',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    taps: ['evaluate'],
    register: ({ hooks }) =>
      hooks.evaluate.tap({ stage: 'meter' }, () => ({
        effect: 'hold',
        code,
        reason: 'It is odd.',
        details: { approval: { identity: 'odd:pay' } },
      })),
  });
  await start([], `policies: { default: allow, rules: [] }`, [odd]);
  const call = t!.call('pay');
  const { id, askers } = await ticket();
  expect(askers[0].identity).toBe('odd:pay');
  code = 'odder';
  await api('POST', `/api/approvals/${id}/approve`, {});
  expect((await call).outcome).toBe('forwarded');
});
