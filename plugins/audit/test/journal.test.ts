import { afterEach, expect, test } from 'vitest';
import type { Documents } from '@gethelio/proxy/contracts/state';
import { definePlugin, type DecisionRecord } from '@gethelio/proxy/plugin';
import { documents } from '@gethelio/proxy/contracts/state';
import type { PluginTest } from '@gethelio/proxy/testing';
import { z } from 'zod';
import {
  auditFeed,
  auditField,
  auditSink,
  auditTrail,
  redact,
  type AuditEvent,
  type AuditFeed,
  type AuditRow,
  type AuditTrail,
  type Redact,
} from '../contract.ts';
import { createFlood, rowsPerWindow, windowMs } from '../flood.ts';
import { eventually, rowsOf, withAudit } from './kit.ts';
import { packedRow } from './rows.ts';

let running: PluginTest | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** Hands out what the audit and the store provide. */
function looker() {
  const seen: { documents?: Documents; feed?: AuditFeed; trail?: AuditTrail; redact?: Redact } = {};
  const plugin = definePlugin({
    name: 'looker',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    needs: { documents, feed: auditFeed, trail: auditTrail, redact },
    register: ({ needs }) => void Object.assign(seen, needs),
  });
  return { plugin, seen: seen as Required<typeof seen> };
}
const record = (over: Partial<DecisionRecord>): Pick<DecisionRecord, 'kind'> & Partial<DecisionRecord> => ({
  kind: 'reload',
  ...over,
});

test('the intent of a call that may change something is there while it runs, and gone after', async () => {
  const { plugin, seen } = looker();
  running = await withAudit({}, { plugins: [plugin] });
  let during = -1;
  running.upstream.answers('create_payment', async () => {
    during = await seen.documents.count('audit.intents');
    return { content: [] };
  });
  await running.call('create_payment');
  expect(during).toBe(1);
  await eventually(async () => (await seen.documents.count('audit.intents')) === 0);
});

test('a notification is counted, not written; the count is a row', async () => {
  running = await withAudit();
  for (let sent = 0; sent < 30; sent += 1)
    await running.kernel.record(record({ kind: 'notification', method: 'notifications/progress', upstream: 'shop' }));
  const { folder, generation } = running;
  expect(rowsOf(folder)).toEqual([]);
  const stop = generation.plugins.find(({ plugin }) => plugin.definition.name === 'audit')!.stops[0]!;
  await stop('shutdown');
  expect(rowsOf(folder)).toMatchObject([
    {
      kind: 'notifications',
      data: { notifications: [{ upstream: 'shop', method: 'notifications/progress', count: 30 }] },
    },
  ]);
});

test('a reload, a login, a drift is a row of its own kind with what was said about it', async () => {
  running = await withAudit();
  await running.kernel.record(record({ kind: 'reload', data: { hash: 'abc', applied: true } }));
  await running.kernel.record(record({ kind: 'login', data: { operator: 'ann' } }));
  expect(rowsOf(running.folder)).toMatchObject([
    { kind: 'reload', data: { hash: 'abc', applied: true } },
    { kind: 'login', data: { operator: 'ann' } },
  ]);
});

test('identical refusals in a flood are counted; other attempts keep a row each', async () => {
  running = await withAudit();
  for (let tries = 0; tries < 200; tries += 1) await running.call({ name: 'denied_thing', arguments: { n: 1 } });
  for (let other = 0; other < 5; other += 1) await running.call({ name: 'denied_thing', arguments: { other } });
  const rows = await eventually(() => {
    const found = rowsOf(running!.folder);
    return found.some(({ kind }) => kind === 'repeated') && found;
  });
  expect(rows.filter(({ kind }) => kind === 'call')).toHaveLength(rowsPerWindow + 5);
  const repeated = rows.filter(({ kind }) => kind === 'repeated');
  expect(repeated.reduce((sum, { data }) => sum + (data as { repeated: number }).repeated, 0)).toBe(
    200 - rowsPerWindow,
  );
  expect(repeated[0]).toMatchObject({ tool: 'denied_thing', code: 'policy_denied', rule: 'closed' });
});

test('a new window gives refusals rows again, and counts nothing twice', () => {
  const flood = createFlood();
  const denied = (id: number) => packedRow({ id: String(id), outcome: 'denied' });
  let [written, counted, id] = [0, 0, 0];
  for (let nowMs = 0; nowMs < 5 * windowMs; nowMs += 100) {
    if (!flood.swallows(denied((id += 1)), nowMs)) written += 1;
    if (nowMs % 1_000 === 900)
      for (const row of flood.drain(nowMs, () => 'new')) counted += (JSON.parse(row.detail) as any).data.repeated;
  }
  for (const row of flood.drain(5 * windowMs, () => 'new')) counted += (JSON.parse(row.detail) as any).data.repeated;
  expect(written + counted).toBe(id);
  expect(written).toBeGreaterThanOrEqual(4 * rowsPerWindow);
  expect(flood.swallows(packedRow({ outcome: 'forwarded' }), 0)).toBe(false);
});

test('fields of other plugins stand in their places, and a failing one costs only itself', async () => {
  const contributor = definePlugin({
    name: 'contributor',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    register(api) {
      api.contribute(auditField, { key: 'limits', value: () => [{ pot: 'a', took: '1' }] });
      api.contribute(auditField, { key: 'limits', value: () => ({ pot: 'b', took: '2' }) });
      api.contribute(auditField, { key: 'flags', value: () => ['destructive'] });
      api.contribute(auditField, { key: 'evidence', value: () => ({ from: 'orders.lookup' }) });
      api.contribute(auditField, { key: 'office', value: ({ call }) => call?.name });
      api.contribute(auditField, {
        key: 'broken',
        value: () => {
          throw new Error('no');
        },
      });
    },
  });
  running = await withAudit({}, { plugins: [contributor] });
  await running.call('a_tool');
  expect(rowsOf(running.folder)[0]).toMatchObject({
    limits: [{ pot: 'a' }, { pot: 'b' }],
    flags: ['destructive'],
    evidence: { from: 'orders.lookup' },
    fields: { office: 'a_tool' },
  });
  expect(running.logs.some(({ fields }) => fields['field'] === 'broken')).toBe(true);
});

test('include_responses decides what is kept of an answer', async () => {
  for (const [setting, form] of [
    [true, 'whole'],
    ['summary', 'summary'],
    [false, 'none'],
  ] as const) {
    running = await withAudit({ include_responses: setting });
    running.upstream.answers('get_weather', async () => ({
      content: [{ type: 'text', text: 'the value itself' }],
      structuredContent: { city: 'Oslo' },
    }));
    await running.call('get_weather');
    const [row] = rowsOf(running.folder);
    expect(row!.answer_form).toBe(form);
    expect(JSON.stringify(row).includes('the value itself')).toBe(setting === true);
    if (setting === 'summary')
      expect(row!.answer).toMatchObject({
        kind: 'result',
        content: [{ type: 'text', characters: 16 }],
        structured: ['city'],
      });
    await running.stop();
    running = undefined;
  }
});

test('an answer beyond max_response_bytes is kept as its size', async () => {
  running = await withAudit({ max_response_bytes: 1_000 });
  running.upstream.answers('get_weather', async () => ({ content: [{ type: 'text', text: 'x'.repeat(5_000) }] }));
  await running.call('get_weather');
  expect(rowsOf(running.folder)[0]).toMatchObject({ answer_form: 'shortened', answer: { bytes: expect.any(Number) } });
});

test('live rows reach a listener as summaries, and a listener that was away reads on by number', async () => {
  const { plugin, seen } = looker();
  running = await withAudit({}, { plugins: [plugin] });
  await running.call('before');
  const events: AuditEvent[] = [];
  const leave = seen.feed.subscribe((event) => events.push(event));
  await running.call({ name: 'after', arguments: { n: 1 } });
  await eventually(() => events.length > 0);
  expect(events).toMatchObject([
    { type: 'rows', rows: [{ tool: 'after', arguments_line: '{"n":1}', outcome: 'forwarded' }] },
  ]);
  leave();
  expect((await seen.feed.since(0)).rows.map(({ tool }) => tool)).toEqual(['before', 'after']);
  expect((await seen.feed.since(0, 1)).resync).toBe(true);
});

test('a sink gets every row in order, again after it failed, and a slow one slows no call', async () => {
  const got: AuditRow[][] = [];
  let failures = 2;
  const sink = definePlugin({
    name: 'sink',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    register(api) {
      api.contribute(auditSink, { name: 'slow', from: 'first', write: () => new Promise(() => {}) });
      api.contribute(auditSink, {
        name: 'flaky',
        from: 'first',
        write: async (rows) => {
          if ((failures -= 1) >= 0) throw new Error('not now');
          got.push([...rows]);
        },
      });
    },
  });
  running = await withAudit({}, { plugins: [sink] });
  for (let call = 0; call < 20; call += 1) await running.call(`tool_${call}`);
  await eventually(() => got.flat().length === 20);
  expect(got.flat().map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
});

test('the redaction is a service: other plugins show no more than the trail does', async () => {
  const { plugin, seen } = looker();
  running = await withAudit({ redact: [{ keys: ['password'] }] }, { plugins: [plugin] });
  expect(seen.redact.active).toBe(true);
  expect(seen.redact.value({ password: 'hunter22', note: 'hunter22!' })).toEqual({ password: '***', note: '***!' });
});
