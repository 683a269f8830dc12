/** Held calls on the wire: every kind of client, a whole Helio, real upstreams. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { helioFolder, post, startHelio, toolCall, type Helio } from '../fixtures/helio.ts';
import { connect, type ClientKind, type OfficialClient } from '../fixtures/official-clients.ts';
import { startRecordingUpstream, type RecordingUpstream } from '../fixtures/recording-upstream.ts';
import { startFixture, type UpstreamProcess } from '../fixtures/upstreams.ts';

const secret = 'e2e-operator-secret-that-is-long-enough';
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const held = (upstream: string, approval = '') => `version: '1'
upstream: { url: '${upstream}' }
listen: { port: 0 }
sdk: { enabled: false }
dashboard: { port: 0, api_secret: '${secret}' }
approval: { ${approval} }
policies:
  default: allow
  rules:
    - match: { tool: '*' }
      action: require_approval
`;

async function start(yaml: string, folder?: string): Promise<Helio> {
  const helio = await startHelio(yaml, folder === undefined ? {} : { folder });
  stops.push(() => helio.stop());
  return helio;
}
async function recording(): Promise<RecordingUpstream> {
  const upstream = await startRecordingUpstream();
  stops.push(() => upstream.stop());
  return upstream;
}
async function dualEra(): Promise<UpstreamProcess> {
  const upstream = await startFixture();
  stops.push(() => upstream.stop());
  return upstream;
}
async function client(kind: ClientKind, helio: Helio): Promise<OfficialClient> {
  const connected = await connect(kind, { url: helio.mcp });
  stops.push(() => connected.close().catch(() => undefined));
  return connected;
}
async function api(helio: Helio, method: string, path: string, body?: unknown): Promise<any> {
  const answer = await fetch(`${helio.dashboard}${path}`, {
    method,
    headers: { authorization: `Bearer ${secret}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return answer.json();
}
async function ticket(helio: Helio, status = 'pending'): Promise<any> {
  for (let i = 0; i < 200; i++) {
    const { tickets } = await api(helio, 'GET', `/api/approvals?status=${status}`);
    if (tickets.length > 0) return tickets[0];
    await sleep(50);
  }
  throw new Error(`no ${status} ticket\n${helio.logs()}`);
}
async function until<T>(look: () => T | undefined): Promise<T> {
  for (let i = 0; i < 200; i++) {
    const found = look();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error('it did not happen in time');
}
const approve = (helio: Helio, id: string) => api(helio, 'POST', `/api/approvals/${id}/approve`, {});

const tool = 'test_simple_text';
/** The same for both official lines. */
const callWith = (connected: OfficialClient, options: object): Promise<any> =>
  connected.kind === 'v1'
    ? connected.raw.callTool({ name: tool, arguments: {} }, undefined, options)
    : connected.raw.callTool({ name: tool, arguments: {} }, options);

describe('an approval after 8 s, with a client that gives 3 s', () => {
  test.each(['v1', 'v2 legacy'] as const)('reaches a %s client that resets its timeout on progress', async (kind) => {
    const helio = await start(held((await dualEra()).url));
    const connected = await client(kind, helio);
    const progress: any[] = [];
    const call = callWith(connected, {
      timeout: 3_000,
      resetTimeoutOnProgress: true,
      onprogress: (each: unknown) => progress.push(each),
    });
    const { id } = await ticket(helio);
    await sleep(8_000);
    await approve(helio, id);
    const result = await call;
    expect(result.isError ?? false).toBe(false);
    expect(progress.length).toBeGreaterThan(2);
    expect(progress.map((each) => each.progress)).toEqual(
      [...progress.map((each) => each.progress)].sort((a, b) => a - b),
    );
    expect(progress[0].message).toContain(id);
    expect((await ticket(helio, 'decided')).usedBy).toBeDefined();
  });

  test('reaches a v2 modern client leg after leg, and the upstream never sees a state of ours', async () => {
    const helio = await start(held((await dualEra()).url, 'wait: 2s'));
    const connected = await client('v2 modern', helio);
    expect(connected.era).toBe('modern');
    const call = callWith(connected, { timeout: 3_000 });
    const { id } = await ticket(helio);
    await sleep(8_000);
    await approve(helio, id);
    const result = await call;
    expect(result.isError ?? false).toBe(false);
    expect((await ticket(helio, 'decided')).usedBy).toBeDefined();
    expect((await api(helio, 'GET', '/api/approvals?status=all')).tickets).toHaveLength(1);
  });

  test('reaches a raw client that cancels after 5 s by its retry: once, and only once', async () => {
    const upstream = await recording();
    const helio = await start(held(upstream.url));
    const message = toolCall('create_payment', { amount: 5 });
    const gone = new AbortController();
    const first = fetch(helio.mcp, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify(message),
      signal: gone.signal,
    })
      .then((answer) => answer.text())
      .catch(() => 'gone');
    const { id } = await ticket(helio);
    await sleep(5_000);
    gone.abort();
    await first;
    await sleep(500);
    await approve(helio, id);
    await sleep(1_000);
    expect(upstream.calls()).toHaveLength(0);
    const retry = await post(helio.mcp, toolCall('create_payment', { amount: 5 }));
    expect(retry.json.result.isError ?? false).toBe(false);
    expect(upstream.calls()).toHaveLength(1);
    expect((await api(helio, 'GET', '/api/approvals/grants')).grants).toEqual([]);
  });
});

test('a client without progress gets "pending" in time, and its repeat runs at once after the yes', async () => {
  const upstream = await recording();
  const helio = await start(held(upstream.url, 'wait: 1s'));
  const first = await post(helio.mcp, toolCall('create_payment', { amount: 7 }));
  const { id } = await ticket(helio);
  expect(first.json.result.isError).toBe(true);
  expect(first.json.result.content[0].text).toContain(id);
  await approve(helio, id);
  const again = await post(helio.mcp, toolCall('create_payment', { amount: 7 }));
  expect(again.json.result.isError ?? false).toBe(false);
  expect(upstream.calls()).toHaveLength(1);
});

test('the agent has no way to approve on its own port', async () => {
  const helio = await start(held((await recording()).url, 'wait: 200ms'));
  await post(helio.mcp, toolCall('create_payment', { amount: 7 }));
  const { id } = await ticket(helio);
  const origin = new URL(helio.mcp).origin;
  for (const path of [`/api/approvals/${id}/approve`, `/hooks/approvals-slack/interactions`, '/api/approvals']) {
    const answer = await fetch(origin + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}` },
      body: '{}',
    });
    expect([400, 403, 404, 405, 415]).toContain(answer.status);
  }
  expect((await ticket(helio)).state).toBe('pending');
});

test('a restart brings tickets and grants back', async () => {
  const upstream = await recording();
  const folder = await helioFolder();
  stops.push(() => folder.remove());
  const yaml = held(upstream.url, 'wait: 300ms');
  const before = await startHelio(yaml, { folder: folder.path });
  await post(before.mcp, toolCall('create_payment', { amount: 1 }));
  await post(before.mcp, toolCall('create_payment', { amount: 2 }));
  const { tickets } = await api(before, 'GET', '/api/approvals');
  expect(tickets).toHaveLength(2);
  const one = tickets.find((each: any) => each.argumentsText.includes('1'));
  await approve(before, one.id);
  await before.kill();

  const after = await start(yaml, folder.path);
  expect((await api(after, 'GET', '/api/approvals')).tickets).toHaveLength(1);
  const ran = await post(after.mcp, toolCall('create_payment', { amount: 1 }));
  expect(ran.json.result.isError ?? false).toBe(false);
  await approve(after, (await ticket(after)).id);
  await post(after.mcp, toolCall('create_payment', { amount: 2 }));
  expect(upstream.calls()).toHaveLength(2);
  const third = await post(after.mcp, toolCall('create_payment', { amount: 1 }));
  expect(third.json.result.isError).toBe(true);
  expect(upstream.calls()).toHaveLength(2);
});

test('a call that waits through a reload is judged by the rules of now, and its ticket lives on', async () => {
  const upstream = await recording();
  const yaml = held(upstream.url, 'wait: 20s');
  const helio = await start(yaml);
  const file = join(helio.folder, 'helio.yaml');
  const forbidden = post(helio.mcp, toolCall('create_payment', { amount: 1 }));
  const first = await ticket(helio);
  await writeFile(file, yaml.replace('  rules:', "  rules:\n    - match: { tool: 'create_*' }\n      action: deny"));
  helio.signal('SIGHUP');
  await until(() => helio.logs().includes('reload') || undefined);
  await approve(helio, first.id);
  expect((await forbidden).json.result.content[0].text).toContain('policy_denied');

  await writeFile(file, yaml);
  helio.signal('SIGHUP');
  await sleep(1_500);
  const again = await post(helio.mcp, toolCall('create_payment', { amount: 1 }));
  expect(again.json.result.isError ?? false).toBe(false); // the same rule asked, and its yes was not used yet
  expect(upstream.calls()).toHaveLength(1);
});

test('two processes on one store share the ticket: asked in one, approved in the other', async () => {
  const upstream = await recording();
  const folder = await helioFolder();
  stops.push(() => folder.remove());
  const yaml = held(upstream.url, 'wait: 10s');
  const a = await start(yaml, folder.path);
  const b = await start(yaml, folder.path);
  const both = [a, b].map((helio) => post(helio.mcp, toolCall('create_payment', { amount: 3 })));
  await sleep(1_500);
  const { tickets } = await api(b, 'GET', '/api/approvals');
  expect(tickets).toHaveLength(1);
  await approve(b, tickets[0].id);
  await Promise.race(both);
  await sleep(2_500);
  expect(upstream.calls()).toHaveLength(1);
  const next = (await api(a, 'GET', '/api/approvals')).tickets;
  for (const { id } of next) await api(a, 'POST', `/api/approvals/${id}/deny`, {});
  await Promise.all(both);
  expect(upstream.calls()).toHaveLength(1);
});

test("the file of the project's contract behaves as its author means it", async () => {
  const upstream = await recording();
  const helio = await start(`version: '1'
upstream:
  url: '${upstream.url}'
listen:
  port: 0
policies:
  default: allow
  rules:
    - match: { tool: '*', annotations: { readOnlyHint: false } }
      action: require_approval
      approval: { channel: dashboard, timeout: 300s }
    - match: { tool: 'delete_*' }
      action: deny
      feedback: { message: 'Destructive operations are disabled' }
    - match: { tool: 'search_*' }
      action: rate_limit
      limits: { max_calls: 100, window: 1h, key: tool }
    - match: { tool: 'create_payment' }
      action: spend_limit
      limits: { max_spend: { field: '$.amount', limit: 5000, currency: 'GBP', window: 24h } }
audit: { storage: sqlite, retention: 90d, include_responses: true }
dashboard: { enabled: true, port: 0, api_secret: '${secret}' }
sdk: { enabled: false }
`);
  const denied = await post(helio.mcp, toolCall('delete_account', { id: 1 }));
  expect(denied.json.result.content[0].text).toContain('Destructive operations are disabled');
  expect((await post(helio.mcp, toolCall('echo', {}))).json.result.isError ?? false).toBe(false);

  const paid = post(helio.mcp, toolCall('create_payment', { amount: 4000 }));
  await approve(helio, (await ticket(helio)).id);
  expect((await paid).json.result.isError ?? false).toBe(false);
  const over = await post(helio.mcp, toolCall('create_payment', { amount: 1500 }));
  expect(over.json.result.content[0].text).toContain('spend_limited');
  expect((await api(helio, 'GET', '/api/approvals')).tickets).toEqual([]);
  expect(upstream.calls().map(({ message }) => message.params.name)).toEqual(['echo', 'create_payment']);
});
