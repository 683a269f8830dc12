import { afterEach, describe, expect, test } from 'vitest';
import { Refused, testPlugin, type PluginTest } from '@gethelio/proxy/testing';
import { approvals } from '../index.ts';

const secret = "api_secret: 'operator-secret-that-is-long-enough-01'";
const two = `operators: [{ name: olga, secret: '${'o'.repeat(32)}' }, { name: pete, secret: '${'p'.repeat(32)}' }]`;
const slack = '{ type: slack, name: ops, bot_token: xoxb-1, signing_secret: abc, channel: C0123456789 }';
const all = ['identity', 'policy', 'operator', 'approvals-dashboard', 'approvals-slack', 'approvals-webhook'];

let t: PluginTest | undefined;
afterEach(async () => {
  await t?.stop();
  t = undefined;
});

async function start(rule: string, more: { dashboard?: string; approval?: string; with?: readonly string[] } = {}) {
  t = await testPlugin(approvals, {
    with: more.with ?? all,
    yaml: `dashboard: { port: 0, ${more.dashboard ?? secret} }
approval: { ${more.approval ?? ''} }
policies:
  default: deny
  rules:
    - match: { tool: pay }
      ${rule}`,
  });
  return t;
}

async function problems(...args: Parameters<typeof start>) {
  const refused = await start(...args).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(Refused);
  return (refused as Refused).problems;
}

describe('Helio does not start', () => {
  test('with an approval rule and no operator secret', async () => {
    const [problem] = await problems('action: require_approval', { dashboard: 'host: 127.0.0.1' });
    expect(problem).toMatchObject({ code: 'HELIO_APPROVALS_NO_SECRET', path: ['policies', 'rules', 0, 'action'] });
    expect(problem!.fix).toContain('dashboard.api_secret');
  });

  test('with a rule that names an unknown channel, or delegates to one', async () => {
    const found = await problems(
      'action: require_approval\n      approval: { channel: opps, escalation_after: 1m, delegates: [pagr] }',
    );
    expect(found).toMatchObject([
      { code: 'HELIO_APPROVALS_CHANNEL_UNKNOWN', path: ['policies', 'rules', 0, 'approval', 'channel'] },
      { code: 'HELIO_APPROVALS_CHANNEL_UNKNOWN', path: ['policies', 'rules', 0, 'approval', 'delegates'] },
    ]);
    expect(found[0]!.message).toContain('"opps"');
    expect(found[0]!.fix).toContain('dashboard');
  });

  test('with a channel whose plugin is not loaded: the plugin is named', async () => {
    const found = await problems('action: require_approval', {
      approval: `channels: [${slack}]`,
      with: ['identity', 'policy', 'operator', 'approvals-dashboard'],
    });
    expect(found[0]).toMatchObject({
      path: ['approval', 'channels', 0, 'type'],
      fix: expect.stringContaining('approvals-slack'),
    });
  });

  test('with a channel entry that lacks or misspells something', async () => {
    const found = await problems('action: require_approval', {
      approval: 'channels: [{ type: slack, bot_token: x, signing_secret: y, channel: "#ops", colour: red }]',
    });
    expect(found.map(({ path }) => path.join('.'))).toEqual(
      expect.arrayContaining(['approval.channels.0.channel', 'approval.channels.0.colour']),
    );
  });

  test('with two channels of one name', async () => {
    expect(await problems('action: require_approval', { approval: `channels: [${slack}, ${slack}]` })).toMatchObject([
      { code: 'HELIO_APPROVALS_CHANNEL_NAME', path: ['approval', 'channels', 1] },
    ]);
  });

  test('with a quorum that cannot be reached', async () => {
    const rule = 'action: require_approval\n      approval: { channel: dashboard, quorum: 2 }';
    const [problem] = await problems(rule);
    expect(problem).toMatchObject({
      code: 'HELIO_APPROVALS_QUORUM',
      path: ['policies', 'rules', 0, 'approval', 'quorum'],
    });
    expect(problem!.fix).toContain('dashboard.operators');
    await start(rule, { dashboard: two });
    await t!.stop();
    await start(rule.replace('dashboard', 'ops'), { approval: `channels: [${slack}]` });
  });

  test('with an approver whom no channel knows', async () => {
    const rule = 'action: require_approval\n      approval: { channel: dashboard, approvers: [olga, ghost] }';
    expect(await problems(rule, { dashboard: two })).toMatchObject([
      { code: 'HELIO_APPROVALS_APPROVER_UNKNOWN', message: expect.stringContaining('"ghost"') },
    ]);
  });

  test('with approval: beside an action that asks nobody', async () => {
    expect(await problems('action: deny\n      approval: { channel: dashboard }')).toMatchObject([
      { code: 'HELIO_APPROVALS_NOT_ASKED' },
    ]);
  });

  test('with only half of an escalation', async () => {
    expect(
      await problems('action: require_approval\n      approval: { channel: dashboard, escalation_after: 1m }'),
    ).toMatchObject([{ code: 'HELIO_APPROVALS_ESCALATION' }]);
  });

  test('without any channel', async () => {
    const found = await problems('action: require_approval', { with: ['identity', 'policy', 'operator'] });
    expect(found.map(({ code }) => code)).toContain('HELIO_APPROVALS_NO_CHANNEL');
  });
});

test('without an approval rule no secret is needed', async () => {
  await start('action: deny', { dashboard: 'host: 127.0.0.1' });
  expect((await t!.call('pay')).code).toBe('policy_denied');
});

test('a rule of the real policy holds, and its own terms hold', async () => {
  await start('action: require_approval\n      approval: { timeout: 60s }', { approval: 'wait: 20ms' });
  const told = await t!.call({ name: 'pay', arguments: { amount: 1 } });
  expect(told).toMatchObject({ outcome: 'pending' });
  expect(told.feedback).toMatchObject({ reason: 'approval_pending' });
  expect((await t!.call('other')).code).toBe('policy_denied');
});
