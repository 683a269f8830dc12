/** Helio is told to stop while calls wait for a person: who waits reads what became of it before the connection closes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { helioFolder, post, startHelio, toolCall, type Helio } from '../fixtures/helio.ts';
import { connect, type ClientKind } from '../fixtures/official-clients.ts';
import { operatorOf } from '../fixtures/operator.ts';
import { startRecordingUpstream, type RecordingUpstream } from '../fixtures/recording-upstream.ts';
import { startFixture } from '../fixtures/upstreams.ts';

const secret = 'shutdown-operator-secret-that-is-long-enough';
const feedbackKey = 'com.gethelio/feedback';
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const held = (upstream: string, approval: string) => `version: '1'
upstream: { url: '${upstream}' }
listen: { port: 0 }
sdk: { enabled: false }
dashboard: { port: 0, api_secret: '${secret}' }
approval: { ${approval} }
policies: { default: allow, rules: [{ match: { tool: '*' }, action: require_approval }] }
`;

async function start(yaml: string, folder: string): Promise<Helio> {
  const helio = await startHelio(yaml, { folder });
  stops.push(() => helio.stop());
  return helio;
}
async function place(session?: string): Promise<{ upstream: RecordingUpstream; folder: string }> {
  const upstream = await startRecordingUpstream(session === undefined ? {} : { session });
  stops.push(() => upstream.stop());
  const folder = await helioFolder();
  stops.push(() => folder.remove());
  return { upstream, folder: folder.path };
}
const api = operatorOf(secret);
async function pending(helio: Helio, count: number): Promise<any[]> {
  for (let i = 0; i < 200; i++) {
    const { tickets } = await api(helio, 'GET', '/api/approvals');
    if (tickets.length === count) return tickets;
    await sleep(50);
  }
  throw new Error(`not ${count} tickets\n${helio.logs()}`);
}
const payment = (amount: number) => toolCall('create_payment', { amount });
const feedbackOf = (answer: { json: any }) => answer.json?.result?._meta?.[feedbackKey];

describe('SIGTERM while calls are held', () => {
  test('tells every caller that the approval is pending; the ticket lives on and the repeat runs once', async () => {
    const { upstream, folder } = await place();
    const yaml = held(upstream.url, 'wait: 60s');
    const before = await start(yaml, folder);
    const early = post(before.mcp, payment(1)); // its answer has become a stream by then
    const [{ id }] = await pending(before, 1);
    await sleep(2_500);
    const late = post(before.mcp, payment(2)); // this one has not begun to be answered
    await pending(before, 2);
    before.signal('SIGTERM');

    for (const answer of await Promise.all([early, late])) {
      expect(answer.status).toBe(200);
      expect(answer.json.result.isError).toBe(true);
      expect(feedbackOf(answer)).toMatchObject({ reason: 'approval_pending', retry_allowed: true });
      expect(answer.json.result.content[0].text).toContain('Call again with the same arguments');
    }
    expect((await early).headers.get('content-type')).toContain('text/event-stream');
    expect((await early).json.result.content[0].text).toContain(id);
    expect(await before.exited).toMatchObject({ code: 0 });
    expect(upstream.calls()).toHaveLength(0);

    const after = await start(yaml, folder);
    await pending(after, 2);
    await api(after, 'POST', `/api/approvals/${id}/approve`);
    expect((await post(after.mcp, payment(1))).json.result.isError ?? false).toBe(false);
    expect(upstream.calls()).toHaveLength(1);
  });

  test('with on_shutdown: cancel tells every caller so, ends their tickets, and the repeat asks anew', async () => {
    const { upstream, folder } = await place();
    const yaml = held(upstream.url, 'wait: 60s, on_shutdown: cancel');
    const before = await start(yaml, folder);
    const calls = [post(before.mcp, payment(1)), post(before.mcp, payment(1)), post(before.mcp, payment(2))];
    const tickets = await pending(before, 2);
    before.signal('SIGTERM');
    for (const answer of await Promise.all(calls)) {
      expect(feedbackOf(answer)).toMatchObject({ reason: 'shutdown_cancelled', retry_allowed: true });
      expect(answer.json.result.content[0].text).toContain('Helio was shut down');
    }
    await before.exited;

    const after = await start(yaml, folder);
    await pending(after, 0);
    for (const { id } of tickets)
      expect((await api(after, 'GET', `/api/approvals/${id}`)).state).toBe('shutdown_cancelled');
    void post(after.mcp, payment(1)).catch(() => undefined);
    const [asked] = await pending(after, 1);
    expect(tickets.map(({ id }) => id)).not.toContain(asked.id);
    expect(upstream.calls()).toHaveLength(0);
    const rows = (await api(after, 'GET', '/api/audit?q=kind:approval_resolved')).rows;
    expect(rows).toHaveLength(2);
  });

  test.each<ClientKind>(['v1', 'v2 legacy', 'v2 modern'])('a %s client gets its answer too', async (kind) => {
    const { folder } = await place();
    const fixture = await startFixture();
    stops.push(() => fixture.stop());
    const helio = await start(held(fixture.url, 'wait: 60s'), folder);
    const client = await connect(kind, { url: helio.mcp });
    stops.push(() => client.close().catch(() => undefined));
    const call = client.call('test_simple_text');
    const [{ id }] = await pending(helio, 1);
    helio.signal('SIGTERM');
    const result = await call;
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toContain(id);
    expect(result._meta[feedbackKey]).toMatchObject({ reason: 'approval_pending' });
  });

  test('a caller who cancelled is told nothing more, and the upstream sees no cancel of what it never got', async () => {
    const { upstream, folder } = await place('s-1');
    const helio = await start(held(upstream.url, 'wait: 60s'), folder);
    const session = { 'mcp-session-id': 's-1' };
    const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25' } };
    await post(helio.mcp, initialize);
    const message = payment(1);
    const call = post(helio.mcp, message, session);
    await pending(helio, 1);
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: message.id } };
    expect((await post(helio.mcp, cancel, session)).status).toBe(202);
    helio.signal('SIGTERM');
    expect((await call).text.replaceAll(/^:.*$/gm, '').trim()).toBe('');
    expect(upstream.requests.map(({ body }) => body).join()).not.toContain('cancelled');
  });
});
