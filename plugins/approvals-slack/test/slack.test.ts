import { afterEach, expect, test } from 'vitest';
import { startFakeSlack, type FakeSlack } from '../../../test/fixtures/fake-slack.ts';
import { startApprovals, type Running } from '../../approvals/test/running.ts';
import { approvalsSlack } from '../index.ts';

let slack: FakeSlack;
let t: Running;
afterEach(async () => {
  await t?.stop();
  await slack?.stop();
});

async function start(more = ', approvers: [U1, { id: U2, name: pete }]', approval = ''): Promise<void> {
  slack = await startFakeSlack();
  t = await startApprovals(approvalsSlack, {
    channels: `{ type: slack, name: ops, bot_token: '${slack.token}', signing_secret: '${slack.signingSecret}', channel: C0123456789, api_url: '${slack.apiUrl}'${more} }`,
    approval: `channel: ops, wait: 5s${approval}`,
  });
  slack.setRequestUrl(`${t.url('dashboard')}/hooks/approvals-slack/interactions`);
}

const card = () => t.until(() => slack.messages[0]);
const state = async () => (await t.api('GET', '/api/approvals?status=all')).body.tickets[0]?.state;

test('posts a card that Slack takes, and lets the call go when an approver presses Approve', async () => {
  await start();
  const call = t.call({ name: 'create_payment', argumentsText: '{"amount":1250.50,"to":"ACME"}' });
  const message = await card();
  expect(message.channel).toBe('C0123456789');
  const text = JSON.stringify(message.blocks);
  expect(text).toContain('create_payment');
  expect(text).toContain('1250.50');
  expect((await slack.press({ action: 'approve', user: 'U1' })).status).toBe(200);
  expect((await call).outcome).toBe('forwarded');
  await t.until(() => message.updates > 0 || undefined);
  expect(JSON.stringify(message.blocks)).toContain('approved by U1');
  expect(JSON.stringify(message.blocks)).not.toContain('button');
});

test('asks for a reason behind Deny and hands it to the agent', async () => {
  await start();
  const call = t.call('pay');
  await card();
  await slack.press({ action: 'deny', user: 'U2' });
  expect(await state()).toBe('pending');
  expect((await slack.submit(slack.views[0]!, 'U2', 'wrong supplier')).status).toBe(200);
  const told = await call;
  expect(told.text).toContain('wrong supplier');
  expect((await t.api('GET', '/api/approvals?status=decided')).body.tickets[0].votes).toMatchObject([
    { approver: 'pete', decision: 'deny', note: 'wrong supplier' },
  ]);
});

test('listens to approvers only, and tells others so', async () => {
  await start();
  const call = t.call('pay');
  await card();
  await slack.press({ action: 'approve', user: 'U666' });
  await slack.press({ action: 'deny', user: 'U666' });
  expect(slack.told.map(({ user }) => user)).toEqual(['U666', 'U666']);
  expect(slack.views).toHaveLength(0);
  const submitted = await slack.submit(
    { id: 'V1', view: { private_metadata: JSON.stringify({ ticket: 'x', channel: 'ops' }) } },
    'U666',
    'x',
  );
  expect(submitted.status).toBe(200);
  expect(await state()).toBe('pending');
  await slack.press({ action: 'approve', user: 'U1' });
  expect((await call).outcome).toBe('forwarded');
});

test('refuses forged, old and replayed messages, and records them', async () => {
  await start();
  const call = t.call('pay');
  await card();
  const press = { action: 'approve', user: 'U1' };
  const old = String(Math.floor(t.clock.nowMs() / 1000) - 301);
  const bad = [
    () => slack.press(press, (headers) => ({ ...headers, 'x-slack-signature': 'v0=00' })),
    () => slack.press(press, ({ 'x-slack-signature': _gone, ...headers }) => headers),
    () => slack.press(press, (_headers, body) => slack.sign(body, undefined, 'another secret')),
    () => slack.press(press, (_headers, body) => slack.sign(body, old)),
    () => slack.press(press, (headers) => ({ ...headers, 'x-slack-request-timestamp': '99999999999999' })),
  ];
  for (const forge of bad) expect((await forge()).status).toBe(401);
  expect(await state()).toBe('pending');
  expect(t.records.filter(({ kind }) => kind === 'approval_callback_refused')).toHaveLength(bad.length);

  const payload = slack.pressed({ action: 'approve', user: 'U666' });
  let signed: Record<string, string> = {};
  await slack.deliver(payload, (headers) => (signed = headers));
  expect((await slack.deliver(payload, () => signed)).status).toBe(401);
  await slack.press(press);
  expect((await call).outcome).toBe('forwarded');
});

test('a double click and a late click change nothing and are told', async () => {
  await start();
  const call = t.call('pay');
  const message = await card();
  const copy = { ...message };
  await slack.press({ action: 'approve', user: 'U1', message: copy });
  await call;
  await slack.press({ action: 'approve', user: 'U1', message: copy });
  await slack.press({ action: 'approve', user: 'U2', message: copy });
  expect(slack.told).toHaveLength(2);
  expect(slack.told[0]!.text).toContain('final');
  expect(t.upstream.received).toHaveLength(1);
});

test('shows nothing that pings, links, hides or reorders; cuts with a mark and a hash', async () => {
  await start();
  const evil = '<!channel> <https://evil|Click> *bold* ``` \u202eDENY\u202c \u200b<@U1> :tada: &amp;';
  void t.call({ name: 'pay', arguments: { note: evil, tail: 'x'.repeat(10_000), end: 'HIDDEN' } });
  const message = await card();
  const blocks = JSON.stringify(message.blocks) + message.text;
  expect(blocks).not.toMatch(/<!channel|<https:\/\/evil|<@U1|\u202e/);
  expect(blocks).toContain('\\\\u202e');
  expect(blocks).toContain('Cut:');
  expect(blocks).toMatch(/hash `[0-9a-f]{64}`/);
  expect((blocks.match(/```/g) ?? []).length).toBe(2);
  const id = (await t.api('GET', '/api/approvals')).body.tickets[0].id;
  await t.api('POST', `/api/approvals/${id}/break-glass`, { reason: 'end of test' });
});

test('a delivery that fails is logged, recorded and kept; the ticket lives on', async () => {
  await start();
  slack.fails({ status: 200, error: 'channel_not_found' });
  const call = t.call('pay');
  const failed = await t.until(() => t.records.find(({ kind }) => kind === 'approval_notification_failed'));
  expect(failed.data).toMatchObject({ channel: 'ops', reason: expect.stringContaining('channel_not_found') });
  expect(t.logs.some(({ level, message }) => level === 'warn' && message.includes('could not show'))).toBe(true);
  const { tickets } = (await t.api('GET', '/api/approvals')).body;
  expect(tickets[0]).toMatchObject({ state: 'pending', deliveries: { ops: { state: 'failed' } } });
  await t.api('POST', `/api/approvals/${tickets[0].id}/break-glass`, { reason: 'Slack is down' });
  expect((await call).outcome).toBe('forwarded');
});

test('a quorum of two needs two people; the card counts', async () => {
  await start(undefined, '');
  t.setTerms({ quorum: 2 });
  const call = t.call('pay');
  const message = await card();
  await slack.press({ action: 'approve', user: 'U1' });
  await t.until(() => JSON.stringify(message.blocks).includes('1 of 2') || undefined);
  await slack.press({ action: 'approve', user: 'U1' });
  expect(slack.told[0]!.text).toContain('before');
  await slack.press({ action: 'approve', user: 'U2' });
  expect((await call).outcome).toBe('forwarded');
});

test('no secret of the channel stands in any log line or record', async () => {
  await start();
  slack.fails({ status: 200, error: 'invalid_auth' });
  void t.call('pay');
  await t.until(() => t.records.find(({ kind }) => kind === 'approval_notification_failed'));
  const all = JSON.stringify([t.logs, t.records.map(({ data, error }) => [data, error])]);
  expect(all).not.toContain(slack.token);
  expect(all).not.toContain(slack.signingSecret);
  const id = (await t.api('GET', '/api/approvals')).body.tickets[0].id;
  await t.api('POST', `/api/approvals/${id}/break-glass`, { reason: 'end of test' });
});
