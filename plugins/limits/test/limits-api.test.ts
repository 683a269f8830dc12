import { afterEach, describe, expect, it } from 'vitest';
import type { CliInput, Json, JsonObject } from '@gethelio/proxy/plugin';
import { testPlugin, type PluginTest } from '@gethelio/proxy/testing';
import { limitsListCommand } from '@gethelio/proxy/contracts/limits';

const secret = 'test-secret-of-the-operator-000001';
const hourMs = 3_600_000;
const yaml = `policies:
  default: allow
  rules:
    - match: { tool: 'search_*' }
      action: rate_limit
      limits: { max_calls: 10, window: 1h, key: session }
    - match: { tool: 'pay' }
      name: payments
      action: spend_limit
      limits: { max_spend: { field: '$.amount', limit: 5000, currency: 'GBP', window: 24h } }
dashboard: { port: 0, api_secret: ${secret} }
`;

const open: PluginTest[] = [];
afterEach(async () => {
  for (const test of open.splice(0)) await test.stop();
});
const start = async (plugins: readonly string[]) => {
  const test = await testPlugin(undefined, { with: ['policy', 'identity', 'operator', ...plugins], yaml });
  open.push(test);
  return test;
};
const get = async (test: PluginTest, path: string) => {
  const answer = await fetch(`${test.url('dashboard')}${path}`, { headers: { authorization: `Bearer ${secret}` } });
  return { status: answer.status, body: (await answer.json()) as JsonObject };
};
const some = async (test: PluginTest) => {
  for (const session of ['busy', 'busy', 'quiet', 'busy']) await test.call({ name: 'search_web', session });
  test.clock.advance(hourMs / 2);
  await test.call({ name: 'pay', arguments: { amount: 1250 } });
};

describe('/api/limits', () => {
  it('shows the limits of all plugins with their fullest keys first', async () => {
    const test = await start(['rate-limits', 'spend-limits']);
    await some(test);
    expect((await get(test, '/api/limits')).body).toMatchObject({
      atMs: test.clock.nowMs(),
      limits: [
        {
          kind: 'rate',
          rule: 'search_*#1',
          limit: '10',
          currency: null,
          windowMs: hourMs,
          key: 'session',
          mode: 'enforce',
          keys: [
            { key: 'busy', used: '3', remaining: '7', share: 0.3, entries: 3, resetsAtMs: null },
            { key: 'quiet', used: '1', remaining: '9' },
          ],
        },
        {
          kind: 'spend',
          rule: 'payments',
          limit: '5000',
          currency: 'GBP',
          keys: [{ key: 'upstream/pay', used: '1250', share: 0.25 }],
        },
      ],
    });
  });

  it('drills down into a bucket, and into nothing else of the store', async () => {
    const test = await start(['spend-limits', 'rate-limits']);
    await some(test);
    const { body } = await get(test, '/api/limits');
    const spend = (body as { limits: { kind: string; keys: { bucket: string }[] }[] }).limits.find(
      ({ kind }) => kind === 'spend',
    )!;
    const entries = await get(test, `/api/limits/entries?bucket=${encodeURIComponent(spend.keys[0]!.bucket)}`);
    expect(entries.body).toMatchObject({ entries: [{ amount: '1250', tool: 'pay', atMs: test.clock.nowMs() }] });
    expect((await get(test, '/api/limits/entries?bucket=other:x:y')).status).toBe(400);
  });

  it('is there with either plugin alone', async () => {
    for (const plugin of ['rate-limits', 'spend-limits']) {
      const test = await testPlugin(undefined, {
        with: ['policy', 'identity', 'operator', plugin],
        yaml: `policies: { default: allow }\ndashboard: { port: 0, api_secret: ${secret} }\n`,
      });
      open.push(test);
      expect((await get(test, '/api/limits')).body).toMatchObject({ limits: [] });
    }
  });
});

describe('helio limits list', () => {
  it('prints every limit with bars', async () => {
    const test = await start(['rate-limits', 'spend-limits']);
    await some(test);
    const lines: string[] = [];
    const input = {
      json: false,
      columns: 80,
      options: {},
      args: [],
      out: (text: string) => lines.push(text),
      note: (text: string) => lines.push(text),
      ask: async (_method: string, path: string) => (await get(test, path)).body as Json,
    } as unknown as CliInput;
    await limitsListCommand.run(input);
    expect(lines).toEqual([
      'search_*#1 (line 7): 10 calls per 1h, by session',
      '  [###.......] 3 of 10              busy',
      '  [#.........] 1 of 10              quiet',
      'payments (line 10): 5000 GBP per 1d, by tool',
      '  [###.......] 1250 of 5000         upstream/pay',
    ]);
  });
});
