/** The helio.yaml of the README, whole, with an official client in front and the demo shop behind it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoUpstream } from '../../examples/demo-upstream/http.ts';
import { startHelio, type Helio } from '../fixtures/helio.ts';

const secret = 'a-long-secret-for-the-operator-of-this-test';
const feedbackKey = 'com.gethelio/feedback';
type Result = {
  isError?: boolean;
  content: { text: string }[];
  _meta?: { [feedbackKey]?: Record<string, unknown> };
  structuredContent?: any;
};

let shop: Awaited<ReturnType<typeof startDemoUpstream>>;
let helio: Helio;
let client: Client;

/** As printed in the README; only the ports are free ones. */
function printed(upstreamUrl: string): string {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const yaml = /```yaml\n(version: '1'[\s\S]*?)```/.exec(readme)![1]!;
  const ported = yaml
    .replace('http://localhost:3001/mcp', upstreamUrl)
    .replace('port: 3000', 'port: 0')
    .replace('port: 3100', 'port: 0');
  expect(ported).not.toContain(':3001');
  return ported; // the sideband's default port may be taken: that is a warning
}

beforeAll(async () => {
  shop = await startDemoUpstream({ port: 0 });
  helio = await startHelio(printed(shop.url), { env: { HELIO_DASHBOARD_SECRET: secret } });
  client = new Client({ name: 'mission-test', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(helio.mcp)));
});
afterAll(async () => {
  await client?.close();
  await helio?.stop();
  await shop?.stop();
});

const call = async (name: string, args: Record<string, unknown>): Promise<Result> =>
  (await client.callTool({ name, arguments: args })) as Result;
async function operator(method: string, path: string, body?: unknown): Promise<any> {
  const response = await fetch(new URL(path, helio.dashboard), {
    method,
    headers: { authorization: `Bearer ${secret}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return response.json();
}
/** Answers the next ticket as an operator would. */
async function decide(how: 'approve' | 'deny'): Promise<void> {
  const pending = async () => (await operator('GET', '/api/approvals?status=pending')).tickets as { id: string }[];
  await expect.poll(async () => (await pending()).length, { timeout: 10_000 }).toBe(1);
  await operator('POST', `/api/approvals/${(await pending())[0]!.id}/${how}`, {});
}

describe('the helio.yaml of the README', () => {
  it('lists the tools as the shop does', async () => {
    const direct = new Client({ name: 'direct', version: '1.0.0' });
    await direct.connect(new StreamableHTTPClientTransport(new URL(shop.url)));
    expect(await client.listTools()).toEqual(await direct.listTools());
    await direct.close();
  });

  it('lets a read pass untouched', async () => {
    const result = await call('get_weather', { city: 'London' });
    expect(result.isError ?? false).toBe(false);
  });

  it('denies delete_account although the first rule matches it too, and asks nobody', async () => {
    const result = await call('delete_account', { account_id: 'acc_1' });
    expect(result.isError).toBe(true);
    expect(result._meta![feedbackKey]).toMatchObject({ blocked: true, reason: 'policy_denied' });
    expect(result.content[0]!.text).toContain('Destructive operations are disabled');
    expect((await operator('GET', '/api/approvals?status=pending')).tickets).toEqual([]);
  });

  it('holds create_payment for a person, counts it, and refuses what would pass 5,000 without asking', async () => {
    const payment = call('create_payment', {
      amount: 4000,
      currency: 'GBP',
      recipient: 'ACME Ltd',
      reference: 'INV-1',
    });
    await decide('approve');
    expect((await payment).structuredContent).toMatchObject({ status: 'succeeded', amount: 4000 });

    const tooMuch = await call('create_payment', {
      amount: 1000.01,
      currency: 'GBP',
      recipient: 'ACME Ltd',
      reference: 'INV-2',
    });
    expect(tooMuch._meta![feedbackKey]).toMatchObject({ reason: 'spend_limited' });
    expect((await operator('GET', '/api/approvals?status=pending')).tickets).toEqual([]);
  });

  it('does not carry out a payment that a person denied, and charges nothing', async () => {
    const payment = call('create_payment', { amount: 900, currency: 'GBP', recipient: 'ACME Ltd', reference: 'INV-3' });
    await decide('deny');
    expect((await payment)._meta![feedbackKey]).toMatchObject({ reason: 'approval_denied' });
    const limits = (await operator('GET', '/api/limits')).limits as { kind: string; keys: { used: string }[] }[];
    expect(limits.find(({ kind }) => kind === 'spend')!.keys[0]!.used).toBe('4000');
  });

  it('counts search_products, and stops at a hundred an hour', async () => {
    const results = await Promise.all(Array.from({ length: 120 }, () => call('search_products', { query: 'lamp' })));
    expect(results.filter(({ isError }) => isError !== true)).toHaveLength(100);
    expect(results.find(({ isError }) => isError)!._meta![feedbackKey]).toMatchObject({
      reason: 'rate_limited',
      retry_allowed: true,
    });
  });

  it('has every call on record, with the person who said yes', async () => {
    const rows = (await operator('GET', '/api/audit?q=tool:create_payment')).rows as { id: string; outcome: string }[];
    expect(rows.map(({ outcome }) => outcome).sort()).toEqual(['denied', 'denied', 'forwarded']);
    const paid = rows.find(({ outcome }) => outcome === 'forwarded')!;
    expect(JSON.stringify(await operator('GET', `/api/audit/${paid.id}`))).toContain('operator');
  });
});
