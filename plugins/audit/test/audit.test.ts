import { afterEach, expect, test } from 'vitest';
import { definePlugin } from '@gethelio/proxy/plugin';
import { testPlugin, type PluginTest } from '@gethelio/proxy/testing';
import { z } from 'zod';
import { audit } from '../index.ts';
import { rowsOf, withAudit } from './kit.ts';

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

test('the row says who called, which rules were tried, and what was sent before a plugin rewrote it', async () => {
  const rewriter = definePlugin({
    name: 'rewriter',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    taps: ['onRequest'],
    register({ hooks }) {
      hooks.onRequest.tap((ctx) => ctx.rewriteArguments({ ...ctx.call.arguments, added: true }, 'a test'));
    },
  });
  running = await testPlugin(audit, {
    with: ['identity', 'policy'],
    plugins: [rewriter],
    yaml: "policies: { default: allow, rules: [{ name: closed, match: { tool: 'delete_*' }, action: deny }] }",
  });
  await running.call({ name: 'delete_account', session: 's-1', argumentsText: '{"amount":10000000000000000.01}' });
  await running.call({ name: 'get_weather', session: 's-1' });
  const [denied, allowed] = rowsOf(running.folder);
  expect(denied).toMatchObject({
    session: 's-1',
    effect: 'deny',
    rule: 'closed',
    plugin: 'policy',
    sent_arguments: { amount: expect.any(Number) },
  });
  expect(denied!.arguments).toHaveProperty('added', true);
  expect(JSON.stringify(denied!.trace)).toContain('closed');
  expect(allowed).toMatchObject({
    effect: 'allow',
    trace: null,
    outcome: 'forwarded',
    config_hash: expect.stringMatching(/.+/),
  });
  expect(denied!.helio_ms).toBeGreaterThan(0);
});
