/** A caller who cancels while a person is asked: its wait ends, its ticket does not, and nothing is sent for nobody. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { post, startHelio, toolCall, type Helio } from '../fixtures/helio.ts';
import { connect, type ClientKind } from '../fixtures/official-clients.ts';
import { operatorOf } from '../fixtures/operator.ts';
import { startRecordingUpstream, type RecordingUpstream } from '../fixtures/recording-upstream.ts';

const secret = 'cancel-operator-secret-that-is-long-enough';
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function start(session?: string): Promise<{ helio: Helio; upstream: RecordingUpstream }> {
  const upstream = await startRecordingUpstream(session === undefined ? {} : { session });
  stops.push(() => upstream.stop());
  const helio = await startHelio(`version: '1'
upstream: { url: '${upstream.url}' }
listen: { port: 0 }
sdk: { enabled: false }
dashboard: { port: 0, api_secret: '${secret}' }
approval: { wait: 60s }
policies: { default: allow, rules: [{ match: { tool: '*' }, action: require_approval }] }
`);
  stops.push(() => helio.stop());
  return { helio, upstream };
}
const api = operatorOf(secret);
async function ticket(helio: Helio): Promise<any> {
  for (let i = 0; i < 200; i++) {
    const { tickets } = await api(helio, 'GET', '/api/approvals');
    if (tickets.length > 0) return tickets[0];
    await sleep(50);
  }
  throw new Error(`no ticket\n${helio.logs()}`);
}

describe.each([
  ['an upstream with sessions', 's-1'],
  ['an upstream without sessions', undefined],
])('in front of %s', (_where, session) => {
  test.each<ClientKind>(['v1', 'v2 legacy'])(
    'a %s client that runs out of time gets nothing sent for it; its retry attaches, and runs once',
    async (kind) => {
      const { helio, upstream } = await start(session);
      const client = await connect(kind, { url: helio.mcp });
      stops.push(() => client.close().catch(() => undefined));
      const pay = (timeout: number): Promise<any> => {
        const params = { name: 'create_payment', arguments: { amount: 5 } };
        return kind === 'v1'
          ? client.raw.callTool(params, undefined, { timeout })
          : client.raw.callTool(params, { timeout });
      };
      await expect(pay(1_500)).rejects.toThrow(/timed out/i);
      const { id } = await ticket(helio);
      await sleep(500); // its cancel is a request of its own
      await api(helio, 'POST', `/api/approvals/${id}/approve`);
      await sleep(500);
      expect(upstream.calls()).toHaveLength(0);
      const result = await pay(10_000);
      expect(result.isError ?? false).toBe(false);
      expect(upstream.calls()).toHaveLength(1);
      expect((await api(helio, 'GET', '/api/approvals?status=all')).tickets).toHaveLength(1);
      expect(upstream.requests.map(({ body }) => body).join()).not.toContain('notifications/cancelled');
    },
  );
});

test('a cancel without a session ends every wait that it could mean, and none of another credential', async () => {
  const { helio, upstream } = await start();
  const pay = (amount: number, token: string) =>
    post(helio.mcp, toolCall('create_payment', { amount }, 7), { authorization: `Bearer ${token}` });
  const [meant, twin, other] = [pay(1, 'a'), pay(2, 'a'), pay(3, 'b')];
  for (let i = 0; i < 200 && (await api(helio, 'GET', '/api/approvals')).tickets.length < 3; i++) await sleep(50);
  const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } };
  expect((await post(helio.mcp, cancel, { authorization: 'Bearer a' })).status).toBe(202);
  // Whose it was cannot be told: both are answered, so that the one who is still there can call again.
  for (const answer of await Promise.all([meant, twin]))
    expect(answer.json.result._meta['com.gethelio/feedback']).toMatchObject({
      reason: 'approval_pending',
      retry_allowed: true,
    });
  const { tickets } = await api(helio, 'GET', '/api/approvals');
  expect(tickets).toHaveLength(3);
  for (const { id } of tickets) await api(helio, 'POST', `/api/approvals/${id}/approve`);
  expect((await other).json.result.isError ?? false).toBe(false);
  expect(upstream.calls().map(({ message }) => message.params.arguments.amount)).toEqual([3]);
});
