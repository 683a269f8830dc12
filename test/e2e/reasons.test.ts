/** Every reason of docs/reference/feedback.md is met on the built product, with the fields that stand there and no others. */
import { readFileSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from '@gethelio/proxy/plugin';
import { answers } from '../fixtures/recording-upstream.ts';
import { setStage, type CallOptions, type Feedback, type Stage } from '../fixtures/stage.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/feedback.md'), 'utf8');
const table = page.split('## Reasons\n')[1]!.split('\n## ')[0]!;
const listed = [...table.matchAll(/^\| `([a-z_]+)` \| [a-z-]+(?:, [a-z-]+)* \| /gm)].map(([, reason]) => reason!);
const always = ['blocked', 'reason', 'message', 'retry_allowed', 'decision_id'];
const sometimes = ['rule', 'suggestion', 'retry_after_ms', 'also', 'dry_run'];
const fieldsOf = (reason: string) =>
  [
    ...page
      .split(`### ${reason}\n`)[1]!
      .split('\n### ')[0]!
      .matchAll(/^- `([a-z_]+)`/gm),
  ].map(([, field]) => field!);

let stage: Stage;
const met = new Set<string>();
afterEach(() => stage.stop());
afterAll(() => expect([...met].sort()).toEqual([...listed].sort()));

/** Refused for this reason, and told with nothing that the page does not know of. */
function expectReason(told: Feedback | undefined, reason: string): Feedback {
  expect(told).toMatchObject({ reason });
  for (const field of always) expect(told).toHaveProperty(field);
  const others = ((told!['also'] ?? []) as Feedback[]).flatMap((one) => fieldsOf(one.reason));
  const known = [...always, ...sometimes, ...fieldsOf(reason), ...others];
  expect(Object.keys(told!).filter((field) => !known.includes(field))).toEqual([]);
  expect(told!['message']).toMatch(/\w+ \w+/);
  met.add(reason);
  return told!;
}
const refused = async (reason: string, tool: string, args: unknown = {}, options?: CallOptions) =>
  expectReason(await stage.call(tool, args, options), reason);
const mine = { headers: { 'x-helio-session-id': 'mine' } };
const pending = async (): Promise<any[]> => (await stage.operator('GET', '/api/approvals?status=pending')).tickets;
const oneTicket = async (): Promise<any> => {
  await expect.poll(async () => (await pending()).length, { timeout: 10_000 }).toBe(1);
  return (await pending())[0];
};
const tool = (name: string, more: object = {}) => ({
  name,
  description: name,
  inputSchema: { type: 'object' },
  ...more,
});
const names = ['look', 'wait', 'pay', 'buy', 'spend', 'refund', 'old', 'other', 'ship', 'count', 'wipe', 'ask', 'slow'];

const guards = `plugins: [policy, identity, state-sqlite, operator, rate-limits, spend-limits, budgets, evidence, dependencies, tool-pinning, dry-run, audit, feedback]
policies:
  default: allow
  on_tool_drift: block
  rules:
    - { match: { tool: wipe }, action: deny }
    - { match: { tool: refund }, evidence: { requires: [look] } }
    - { match: { tool: old }, evidence: { requires: [{ name: look, max_age: 1ms }] } }
    - { match: { tool: other }, evidence: { requires: [{ name: look, where: { '$.order_id': { equals_input: '$.order_id' } } }] } }
    - { match: { tool: ship }, requires: [pay] }
    - { match: { tool: count }, action: rate_limit, limits: { max_calls: 1, window: 1h, key: session } }
    - { match: { tool: spend }, action: spend_limit, limits: { max_spend: { field: '$.amount', limit: 10, currency: GBP, window: 24h } } }
budgets:
  - { name: purse, limit: 10, currency: GBP, window: day, contributors: [{ tool: buy, field: '$.amount' }] }
`;

describe('what the agent is told', () => {
  it('by rules, evidence, limits, pins and dry runs', async () => {
    stage = await setStage(guards, { tools: names.map((name) => tool(name)) });
    stage.upstream.on('tools/call', answers.result({ content: [], structuredContent: { order_id: 'B-2' } }));

    await refused('policy_denied', 'wipe');
    const missing = await refused('evidence_missing', 'refund', {}, mine);
    expect(missing).toMatchObject({ missing_evidence: ['look'], suggestion: expect.stringContaining('look') });
    expect(await stage.call('look', {}, mine)).toBeUndefined();
    expect(await refused('evidence_expired', 'old', {}, mine)).toMatchObject({ expired_evidence: ['look'] });
    const mismatch = await refused('evidence_mismatch', 'other', { order_id: 'A-1' }, mine);
    expect(mismatch['mismatched_evidence']).toHaveLength(1);
    expect(await refused('dependency_missing', 'ship', {}, mine)).toMatchObject({ missing_dependencies: ['pay'] });

    expect(await stage.call('count', {}, mine)).toBeUndefined();
    const limited = await refused('rate_limited', 'count', {}, mine);
    expect(limited).toMatchObject({ limit: 1, remaining: 0, window_ms: 3_600_000, key: 'session' });
    expect(limited['retry_after_ms']).toBeGreaterThan(0);
    expect(await refused('session_unresolved', 'count')).toMatchObject({ needs: 'session' });
    await refused('session_unresolved', 'refund');
    await refused('session_unresolved', 'ship');

    const terms = { limit: '10', remaining: '10', amount: '10.5', currency: 'GBP' };
    expect(await refused('spend_limited', 'spend', { amount: 10.5 })).toMatchObject(terms);
    expect(await refused('budget_exceeded', 'buy', { amount: 10.5 })).toMatchObject({ ...terms, budget: 'purse' });
    expect(await refused('invalid_amount', 'spend', { amount: '5' })).toMatchObject({ field: '$.amount' });
    expect(await refused('invalid_amount', 'buy', { amount: -5 })).toMatchObject({ field: '$.amount' });

    const dry = await refused('dry_run', 'pay', {}, { headers: { 'x-helio-dry-run': '1' } });
    expect(dry).toMatchObject({ would: 'forward', dry_run_by: 'call' });

    const changed = names.map((name) => tool(name, name === 'pay' ? { description: 'Pays somebody else.' } : {}));
    stage.upstream.on('tools/list', answers.result({ tools: changed }));
    await stage.operator('POST', '/api/tools/check', {});
    expect(await refused('tool_definition_drift', 'pay')).toMatchObject({ tool: 'pay', state: 'changed' });
  });

  const asking = (
    more = '',
  ) => `plugins: [policy, identity, state-sqlite, operator, approvals, approvals-dashboard, audit, feedback]
approval: { wait: 5s, deny_memory: 1s, on_shutdown: cancel }
policies:
  default: allow
  flag_destructive: require_approval
  rules:
    - { match: { tool: ask }, action: require_approval${more} }
    - { match: { tool: slow }, action: require_approval, approval: { timeout: 1s } }
`;

  it('by people: who say no, nothing, too late, or yes to what has changed meanwhile', async () => {
    const tools = names.map((name) =>
      tool(name, name === 'wipe' ? { annotations: { readOnlyHint: false, destructiveHint: true } } : {}),
    );
    stage = await setStage(asking(), { tools });

    const denied = stage.call('ask', { n: 1 });
    await stage.operator('POST', `/api/approvals/${(await oneTicket()).id}/deny`, {});
    expect(expectReason(await denied, 'approval_denied')['approval']).toMatch(/^apr_/);
    expectReason(await stage.call('slow', { n: 2 }), 'approval_timeout');
    const waiting = await stage.call('ask', { n: 3 });
    expect(expectReason(waiting, 'approval_pending')['approval_deadline']).toMatch(/Z$/);
    await stage.operator('POST', `/api/approvals/${(await oneTicket()).id}/deny`, {});

    // What a person is asked about says why, in a rehearsal: the call itself waits.
    for (const [name, reason] of [
      ['ask', 'approval_required'],
      ['wipe', 'destructive_tool'],
    ] as const) {
      const rehearsal = await stage.operator('POST', '/api/explain', { tool: name, arguments: {} });
      expect(JSON.stringify(rehearsal)).toContain(`"code":"${reason}"`);
      met.add(reason);
    }

    const superseded = stage.call('ask', { n: 4 });
    const ticket = await oneTicket();
    const path = join(stage.folder, 'helio.yaml');
    const reloads = async () => (await stage.operator('GET', '/api/audit?q=kind:reload')).rows.length;
    const [head] = (await readFile(path, 'utf8')).split('plugins:');
    const before = await reloads();
    await writeFile(path, head + asking(', approval: { timeout: 100s }'));
    await expect.poll(reloads, { timeout: 10_000 }).toBeGreaterThan(before);
    await stage.operator('POST', `/api/approvals/${ticket.id}/approve`, {}).catch(() => undefined);
    expectReason(await superseded, 'approval_superseded');

    const cancelled = stage.call('ask', { n: 5 });
    await oneTicket();
    stage.helios[0]!.signal('SIGTERM');
    expectReason(await cancelled, 'shutdown_cancelled');
    await stage.helios[0]!.exited;
    expect(stage.upstream.calls()).toHaveLength(0);
  });

  it('when a plugin fails, the store is locked, or there is no upstream', async () => {
    const yaml = `plugins: [policy, identity, state-sqlite, rate-limits, feedback, { use: ./broken.js }]
state-sqlite: { busy_timeout_ms: 20 }
policies:
  default: allow
  rules: [{ match: { tool: count }, action: rate_limit, limits: { max_calls: 100, window: 1h } }]
`;
    stage = await setStage(yaml, { tools: names.map((name) => tool(name)), processes: 0 });
    await writeFile(join(stage.folder, 'broken.js'), brokenPlugin);
    await mkdir(join(stage.folder, 'node_modules/@gethelio'), { recursive: true });
    await symlink(dirname(dirname(import.meta.dirname)), join(stage.folder, 'node_modules/@gethelio/proxy'));
    await symlink(join(import.meta.dirname, '../../node_modules/zod'), join(stage.folder, 'node_modules/zod'));
    await stage.start();
    expect(expectReason(await stage.call('wipe'), 'plugin_failed')['message']).toContain('broken');

    expect(await stage.call('count')).toBeUndefined();
    const lock = openDatabase(join(stage.folder, '.helio', 'state.db'));
    lock.exec('BEGIN IMMEDIATE');
    expectReason(await stage.call('count'), 'audit_unavailable');
    lock.exec('ROLLBACK');
    lock.close();
    expect(await stage.call('count')).toBeUndefined();

    await stage.upstream.stop();
    const gone = await stage.call('look');
    expect(expectReason(gone, 'upstream_unavailable')).toMatchObject({ blocked: false, outcome: 'not_sent' });
  });
});

const brokenPlugin = `import { definePlugin } from '@gethelio/proxy/plugin';
import { z } from 'zod';
export default definePlugin({
  name: 'broken',
  apiVersion: 1,
  config: z.strictObject({}).prefault({}),
  taps: ['evaluate'],
  register({ hooks }) {
    hooks.evaluate.tap(({ call }) => {
      if (call.name === 'wipe') throw new Error('it broke');
    });
  },
});
`;
