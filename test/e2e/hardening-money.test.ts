/** Limits hold for two whole Helio processes on one state store, call for call and to the penny. */
import { afterEach, expect, it } from 'vitest';
import { helioFolder, post, startHelio, toolCall, type Helio } from '../fixtures/helio.ts';
import { startRecordingUpstream, type RecordingUpstream } from '../fixtures/recording-upstream.ts';

let upstream: RecordingUpstream;
let running: Helio[] = [];
let folder: Awaited<ReturnType<typeof helioFolder>>;
afterEach(async () => {
  await Promise.all(running.map((helio) => helio.stop()));
  running = [];
  await upstream.stop();
  await folder.remove();
});

it('of 200 parallel payments through two processes exactly those that fit are sent', async () => {
  folder = await helioFolder();
  upstream = await startRecordingUpstream();
  const yaml = `version: '1'
upstream: { url: '${upstream.url}' }
listen: { port: 0 }
plugins: [policy, state-sqlite, spend-limits, budgets, feedback]
policies:
  default: allow
  rules:
    - match: { tool: echo }
      action: spend_limit
      limits: { max_spend: { field: '$.amount', limit: 6.3, currency: GBP, window: 24h } }
budgets:
  - { name: all, limit: 100, currency: GBP, window: 24h, contributors: [{ tool: '*', field: '$.amount' }] }
`;
  running.push(await startHelio(yaml, { folder: folder.path }));
  running.push(await startHelio(yaml, { folder: folder.path }));
  const told = await Promise.all(
    Array.from({ length: 200 }, (_, index) => post(running[index % 2]!.mcp, toolCall('echo', { amount: 0.1 }))),
  );
  const reasons = told.map(({ json }) => json.result._meta?.['com.gethelio/feedback']?.reason ?? 'sent');
  expect(upstream.calls()).toHaveLength(63);
  expect(reasons.filter((reason) => reason === 'sent')).toHaveLength(63);
  expect(reasons.filter((reason) => reason === 'spend_limited')).toHaveLength(137);
});
