import { afterEach, expect, test } from 'vitest';
import type { PluginTest } from '@gethelio/proxy/testing';
import { eventually, rowsOf, withAudit } from './kit.ts';

let running: PluginTest | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

test('a call is on record, with who, what, why and how it ended, before its answer is read', async () => {
  running = await withAudit();
  const told = await running.call({ name: 'get_weather', arguments: { city: 'Paris' } });
  const rows = rowsOf(running.folder).filter(({ kind }) => kind === 'call');
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({
    kind: 'call',
    tool: 'get_weather',
    arguments: { city: 'Paris' },
    effect: 'allow',
    outcome: 'forwarded',
    rule: 'open',
    plugin: 'gate',
    method: 'tools/call',
    answer_form: 'whole',
  });
  expect(told).toBeDefined();
});

test('a refused call is on record with the rule that refused it, and the upstream saw nothing', async () => {
  running = await withAudit();
  await running.call('denied_thing');
  expect(rowsOf(running.folder)).toMatchObject([
    { outcome: 'denied', effect: 'deny', code: 'policy_denied', rule: 'closed', reason: 'This tool is closed.' },
  ]);
});

test('the trail can be asked while Helio runs', async () => {
  running = await withAudit();
  for (const city of ['Paris', 'Oslo', 'Rome']) await running.call({ name: 'get_weather', arguments: { city } });
  const { journal: _journal } = running.generation;
  await eventually(() => rowsOf(running!.folder).length === 3);
});
