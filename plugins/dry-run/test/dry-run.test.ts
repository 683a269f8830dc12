import { deny, definePlugin } from '@gethelio/proxy/plugin';
import { PluginTester, testPlugin } from '@gethelio/proxy/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import dryRun from '../index.ts';

/** Allows everything but delete_*: dry run must work beside any plugin that gives verdicts. */
const judge = definePlugin({
  name: 'test-judge',
  apiVersion: 1,
  config: z.strictObject({}).default({}),
  taps: ['evaluate'],
  register({ hooks }) {
    hooks.evaluate.tap(({ call }) =>
      call.name.startsWith('delete_')
        ? deny('policy_denied', 'Nothing is deleted here.')
        : { effect: call.name.startsWith('ask_') ? 'hold' : 'allow', code: 'judged', reason: 'The test says so.' },
    );
  },
});

describe('dry run by header', () => {
  PluginTester.run(dryRun, {
    with: ['feedback'],
    plugins: [judge],
    allows: [
      { call: 'echo' },
      { name: 'the header says no', call: { name: 'echo', headers: { 'x-helio-dry-run': '0' } } },
      { name: 'the header says false', call: { name: 'echo', headers: { 'x-helio-dry-run': ' False ' } } },
    ],
    simulates: ['1', 'true', 'yes', '', '1, 0', '0, 1', 'off'].map((value) => ({
      name: `the header is ${JSON.stringify(value)}`,
      call: { name: 'echo', headers: { 'x-helio-dry-run': value } },
      code: 'dry_run',
    })),
  });
});

describe('dry run by config', () => {
  PluginTester.run(dryRun, {
    with: ['feedback'],
    plugins: [judge],
    config: { enabled: true },
    simulates: [{ call: 'echo', code: 'dry_run' }],
  });
});

async function inTest(yaml: string, run: (test: Awaited<ReturnType<typeof testPlugin>>) => Promise<void>, config = {}) {
  const test = await testPlugin(dryRun, {
    ...(yaml === '' ? { with: ['feedback'], plugins: [judge] } : { with: ['policy', 'feedback'], yaml }),
    config,
  });
  try {
    await run(test);
  } finally {
    await test.stop();
  }
}

it('forwards nothing, and says what would have happened', () =>
  inTest('', async (test) => {
    const told = await test.call({
      name: 'create_payment',
      arguments: { amount: 5 },
      headers: { 'x-helio-dry-run': '1' },
    });
    expect(test.upstream.received).toEqual([]);
    expect(told.outcome).toBe('simulated');
    expect(told.answer?.isError).toBe(true);
    expect(told.feedback).toMatchObject({ blocked: true, reason: 'dry_run', would: 'forward', retry_allowed: true });
    expect(told.text).toContain('would have been forwarded');
  }));

it('says when a person would have been asked, and asks nobody', () =>
  inTest('', async (test) => {
    const told = await test.call({ name: 'ask_first', headers: { 'x-helio-dry-run': '1' } });
    expect(told.feedback).toMatchObject({ reason: 'dry_run', would: 'ask_for_approval' });
  }));

it('a rule makes its calls dry, and no others', () =>
  inTest(
    "policies: { default: allow, rules: [{ name: try-only, match: { tool: 'create_*' }, action: dry_run }] }",
    async (test) => {
      const told = await test.call('create_payment');
      expect(told.feedback).toMatchObject({ reason: 'dry_run', rule: 'try-only', retry_allowed: false });
      expect((await test.call('echo')).effect).toBe('allow');
      expect(test.upstream.received.map(({ name }) => name)).toEqual(['echo']);
    },
  ));

it('only makes stricter: what is denied stays denied', () =>
  inTest('', async (test) => {
    const told = await test.call({ name: 'delete_account', headers: { 'x-helio-dry-run': '1' } });
    expect(told.effect).toBe('deny');
    expect(told.feedback).toMatchObject({ reason: 'policy_denied', dry_run: true });
  }));

it('is asked for in _meta by clients without headers', () =>
  inTest('', async (test) => {
    expect((await test.call({ name: 'echo', meta: { 'com.gethelio/dry-run': true } })).effect).toBe('simulate');
    expect((await test.call({ name: 'echo', meta: { 'com.gethelio/dry-run': false } })).effect).toBe('allow');
  }));

it('a prompt and a resource are dry too', () =>
  inTest(
    '',
    async (test) => {
      for (const kind of ['prompt', 'resource'] as const)
        expect((await test.call({ name: 'x', kind })).outcome).toBe('simulated');
      expect(test.upstream.received).toEqual([]);
    },
    { enabled: true },
  ));

it('an unknown key of the section is refused', async () => {
  await expect(testPlugin(dryRun, { config: { enable: true } })).rejects.toThrow(/did you mean "enabled"/);
});
