/** Approval channels against forgery, disguise and failure: sent to the built product, with a Slack that runs here. */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startFakeSlack, type FakeSlack } from '../fixtures/fake-slack.ts';
import { helioFolder, post, startHelio } from '../fixtures/helio.ts';
import { operatorSecret, setStage, type Stage } from '../fixtures/stage.ts';

let stage: Stage;
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await stage?.stop();
  for (const stop of stops.splice(0).reverse()) await stop();
});

const plugins = (more: string) =>
  `plugins: [policy, identity, state-sqlite, operator, approvals, approvals-dashboard, ${more}, audit, feedback]`;
const rules = 'policies: { default: allow, rules: [{ match: { tool: create_payment }, action: require_approval }] }';
const tickets = async (status = 'all'): Promise<any[]> =>
  (await stage.operator('GET', `/api/approvals?status=${status}`)).tickets;
const refusals = async (): Promise<number> =>
  (await stage.operator('GET', '/api/audit?q=kind:approval_callback_refused&limit=500')).rows.length;

async function withSlack(): Promise<FakeSlack> {
  const slack = await startFakeSlack();
  stops.push(() => slack.stop());
  stage = await setStage(`${plugins('approvals-slack')}
approval:
  wait: 300ms
  channels: [{ type: slack, name: ops, bot_token: '${slack.token}', signing_secret: '${slack.signingSecret}', channel: C0123456789, api_url: '${slack.apiUrl}', approvers: [U1] }]
${rules}`);
  slack.setRequestUrl(`${stage.helios[0]!.dashboard}/hooks/approvals-slack/interactions`);
  return slack;
}
interface Posted {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
async function receiver(): Promise<{ url: string; posted: Posted[] }> {
  const posted: Posted[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += String(part);
    posted.push({ headers: request.headers, body });
    response.writeHead(200).end();
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  stops.push(() => new Promise((done) => server.close(done)));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, posted };
}

describe('a forged callback', () => {
  it('of Slack decides nothing, is answered 401 and recorded: wrong, missing, old, replayed, from nobody', async () => {
    const slack = await withSlack();
    await stage.call('create_payment', { amount: 5 });
    await expect.poll(() => slack.messages).toHaveLength(1);
    const press = { action: 'approve', user: 'U1' };
    const old = String(Math.floor(Date.now() / 1000) - 301);
    const ahead = String(Math.floor(Date.now() / 1000) + 301);
    const forged = [
      () => slack.press(press, (headers) => ({ ...headers, 'x-slack-signature': 'v0=00' })),
      () => slack.press(press, (headers) => ({ ...headers, 'x-slack-signature': '' })),
      () => slack.press(press, ({ 'x-slack-signature': _gone, ...headers }) => headers),
      () => slack.press(press, ({ 'x-slack-request-timestamp': _gone, ...headers }) => headers),
      () => slack.press(press, (_headers, body) => slack.sign(body, undefined, 'another secret')),
      () => slack.press(press, (_headers, body) => slack.sign(`${body}&more=1`)),
      () => slack.press(press, (_headers, body) => slack.sign(body, old)),
      () => slack.press(press, (_headers, body) => slack.sign(body, ahead)),
    ];
    for (const forge of forged) expect((await forge()).status).toBe(401);
    // Who it was is what Slack signed, never a name in the body of a ticket.
    await slack.press({ action: 'approve', user: 'U666' });
    expect((await tickets())[0]).toMatchObject({ state: 'pending', votes: [] });

    const payload = slack.pressed({ action: 'approve', user: 'U666' });
    let signed: Record<string, string> = {};
    await slack.deliver(payload, (headers) => (signed = headers));
    expect((await slack.deliver(payload, () => signed)).status).toBe(401);
    expect(await refusals()).toBe(forged.length + 1);
    // A replay after a restart is one, too.
    await stage.helios[0]!.kill();
    const again = await stage.start();
    slack.setRequestUrl(`${again.dashboard}/hooks/approvals-slack/interactions`);
    expect((await slack.deliver(payload, () => signed)).status).toBe(401);
    expect((await slack.press(press)).status).toBe(200);
    expect((await tickets())[0]).toMatchObject({ state: 'approved', votes: [{ approver: 'U1', channel: 'ops' }] });
    expect(stage.upstream.calls()).toHaveLength(0);
  });

  it('of a webhook decides nothing; its own message is signed, and the link decides once', async () => {
    const hook = await receiver();
    stage = await setStage(`${plugins('approvals-webhook')}
approval:
  wait: 300ms
  channels: [{ type: webhook, name: pager, url: '${hook.url}', secret: a-webhook-secret-that-is-long, allow_hosts: [127.0.0.1] }]
${rules}`);
    await stage.call('create_payment', { amount: 5 });
    await expect.poll(() => hook.posted).toHaveLength(1);
    const { headers, body } = hook.posted[0]!;
    const mac = createHmac('sha256', 'a-webhook-secret-that-is-long')
      .update(`${String(headers['x-helio-timestamp'])}.${body}`)
      .digest('hex');
    expect(String(headers['x-helio-signature'])).toContain(mac);
    expect(headers['x-helio-id']).toBeTruthy();
    const { url } = JSON.parse(body).decision as { url: string };
    const say = async (to: string, said: unknown, more: Record<string, string> = {}, method = 'POST') => {
      const answer = await fetch(to, {
        method,
        headers: { 'content-type': 'application/json', ...more },
        ...(method === 'POST' && { body: JSON.stringify(said) }),
      });
      await answer.text();
      return answer;
    };
    const yes = { decision: 'approve' };
    const seen = await say(url, undefined, {}, 'GET');
    expect(seen.status).toBe(200);
    expect(seen.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect((await say(url, { ...yes, approver: 'the boss' })).status).toBe(400);
    expect((await say(url, yes, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await say(url.replace('/pager/', '/dashboard/'), yes)).status).toBe(404);
    for (let at = url.lastIndexOf('/') + 1; at < url.length; at += 9) {
      const bent = url.slice(0, at) + (url[at] === 'A' ? 'B' : 'A') + url.slice(at + 1);
      expect([404, 409]).toContain((await say(bent, yes)).status);
    }
    expect((await tickets())[0]).toMatchObject({ state: 'pending', votes: [] });
    expect((await say(url, yes)).status).toBe(200);
    expect((await say(url, { decision: 'deny' })).status).toBe(409);
    expect((await tickets())[0]).toMatchObject({ state: 'approved', votes: [{ approver: 'pager' }] });
  });

  it('of an operator decides nothing: no GET, no cookie without its token, no name in the body, no frame', async () => {
    stage = await setStage(`${plugins('approvals-webhook')}\napproval: { wait: 300ms }\n${rules}`);
    await stage.call('create_payment', { amount: 5 });
    const [{ id }] = await tickets();
    const { dashboard } = stage.helios[0]!;
    const bearer = { authorization: `Bearer ${operatorSecret}` };
    for (const how of ['approve', 'deny', 'break-glass']) {
      const answer = await fetch(`${dashboard}/api/approvals/${id}/${how}?decision=approve`, { headers: bearer });
      expect([404, 405]).toContain(answer.status);
      const head = await fetch(`${dashboard}/api/approvals/${id}/${how}`, { method: 'HEAD', headers: bearer });
      expect([404, 405]).toContain(head.status);
      const nobody = await fetch(`${dashboard}/api/approvals/${id}/${how}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"reason":"x"}',
      });
      expect(nobody.status).toBe(401);
    }
    const login = await fetch(`${dashboard}/api/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: dashboard! },
      body: JSON.stringify({ secret: operatorSecret }),
    });
    expect(login.status).toBe(200);
    const cookie = String(login.headers.get('set-cookie')).split(';')[0]!;
    const crossSite = await fetch(`${dashboard}/api/approvals/${id}/approve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: '{}',
    });
    expect(crossSite.status).toBe(403);
    expect((await tickets())[0]).toMatchObject({ state: 'pending', votes: [] });
    const named = await fetch(`${dashboard}/api/approvals/${id}/approve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer },
      body: JSON.stringify({ approver: 'the boss', note: 'ok' }),
    });
    if (named.status === 200) expect((await tickets())[0].votes).toMatchObject([{ approver: 'operator' }]);
    else expect((await tickets())[0].votes).toEqual([]);
    for (const path of ['/', '/api/approvals', `/api/approvals/${id}`]) {
      const { headers } = await fetch(dashboard + path, { headers: bearer });
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    }
  });
});

describe('a card', () => {
  it('cannot mislead: nothing in it pings, links, hides, reorders or slips past its end', async () => {
    const slack = await withSlack();
    const evil = '<!channel> <https://evil|approve> *bold* ``` \u202edeny\u202c\u200b<@U1> \u0007\u2066x\u2069';
    await stage.call('create_payment', { note: evil, tail: 'x'.repeat(20_000), end: 'HIDDEN_TAIL' });
    await expect.poll(() => slack.messages).toHaveLength(1);
    const card = JSON.stringify(slack.messages[0]!.blocks) + slack.messages[0]!.text;
    expect(card).not.toMatch(/<!channel|<https:\/\/evil|<@U1|[\u202a-\u202e\u2066-\u2069\u0007]/);
    for (const shown of ['\\\\u202e', '\\\\u200b', '\\\\u2066']) expect(card).toContain(shown);
    expect(card).toContain('Cut:');
    const [ticket] = await tickets();
    expect(card).toContain(ticket.argumentsHash);
    expect(ticket.argumentsText).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\u0007]/);
    expect(ticket.argumentsText).toContain('HIDDEN_TAIL');
    expect(JSON.parse(ticket.argumentsText).note).toBe(evil); // escaped, not changed
  });
});

describe('a channel', () => {
  it('that is not there keeps Helio from starting, and the error names what to add', async () => {
    const missing: readonly (readonly [string, string, RegExp])[] = [
      [
        'not loaded',
        `${plugins('dry-run')}\napproval: { channels: [{ type: slack, bot_token: x, signing_secret: y, channel: C1 }] }\n${rules}`,
        /approvals-slack/,
      ],
      [
        'not configured',
        `${plugins('approvals-slack')}\n${rules.replace('require_approval }', 'require_approval, approval: { channel: ops } }')}`,
        /HELIO_APPROVALS_CHANNEL_UNKNOWN|channel "ops"/,
      ],
      [
        'no channel at all',
        `plugins: [policy, identity, state-sqlite, operator, approvals, audit, feedback]\n${rules}`,
        /no channel to ask on/,
      ],
      ['no approvals', `plugins: [policy, identity, state-sqlite, operator, audit, feedback]\n${rules}`, /"approvals"/],
    ];
    for (const [what, yaml, said] of missing) {
      const folder = await helioFolder();
      stops.push(() => folder.remove());
      const whole = `version: '1'\nupstream: { url: 'http://127.0.0.1:9/mcp' }\nlisten: { port: 0 }\ndashboard: { port: 0, api_secret: '${operatorSecret}' }\n${yaml}`;
      const failed = await startHelio(whole, { folder: folder.path }).then(
        (helio) => helio.stop().then(() => `${what}: it started`),
        (error: Error) => error.message,
      );
      expect(failed).toMatch(/Helio ended at start \(3\)/);
      expect(failed).toMatch(said);
    }
  });

  it('that fails while Helio runs is logged and recorded; the ticket stays and is decided elsewhere', async () => {
    const slack = await withSlack();
    slack.fails({ status: 500 });
    expect(await stage.reason('create_payment', { amount: 5 })).toBe('approval_pending');
    const failed = async () =>
      (await stage.operator('GET', '/api/audit?q=kind:approval_notification_failed')).rows as { id: string }[];
    await expect.poll(async () => (await failed()).length, { timeout: 25_000 }).toBe(1);
    const [ticket] = await tickets();
    expect(ticket).toMatchObject({ state: 'pending', deliveries: { ops: { state: 'failed' } } });
    const row = JSON.stringify(await stage.operator('GET', `/api/audit/${(await failed())[0]!.id}`));
    for (const word of [ticket.id, 'ops']) expect(row).toContain(word);
    expect(stage.helios[0]!.logs()).toContain('could not show an approval');
    for (const secret of [slack.token, slack.signingSecret])
      expect(stage.helios[0]!.logs() + row).not.toContain(secret);
    await stage.operator('POST', `/api/approvals/${ticket.id}/approve`, {});
    expect(await stage.reason('create_payment', { amount: 5 })).toBe('sent');
    expect(stage.upstream.calls()).toHaveLength(1);
  });
});

describe("the agent's side", () => {
  it('has no way to a decision: not on its port, not by a tool, not with a header that claims one', async () => {
    stage = await setStage(`${plugins('approvals-slack')}\napproval: { wait: 300ms }\n${rules}`);
    await stage.call('create_payment', { amount: 5 });
    const [{ id, digest }] = await tickets();
    const { mcp } = stage.helios[0]!;
    const { origin } = new URL(mcp);
    for (const path of [`/api/approvals/${id}/approve`, '/api/approvals', '/hooks/approvals-slack/interactions', '/'])
      for (const method of ['GET', 'POST']) {
        const headers = { authorization: `Bearer ${operatorSecret}`, 'content-type': 'application/json' };
        const answer = await fetch(origin + path, { method, headers, ...(method === 'POST' && { body: '{}' }) });
        expect(answer.status).toBeGreaterThanOrEqual(400);
      }
    const claim = {
      jsonrpc: '2.0',
      id: 'claim',
      method: 'tools/call',
      params: {
        name: 'create_payment',
        arguments: { amount: 5 },
        requestState: `helio.approval.1.${Date.now() + 60_000}.${'A'.repeat(43)}`,
        inputResponses: { approval: { approved: true, ticket: id } },
        _meta: { 'com.gethelio/approval': id, approved: true },
      },
    };
    const told = await post(mcp, claim, {
      'x-helio-approval': id,
      'x-helio-grant': digest,
      authorization: `Bearer ${operatorSecret}`,
    });
    expect(JSON.stringify(told.json)).toContain('approval_pending');
    expect((await tickets()).every(({ state, votes }) => state === 'pending' && votes.length === 0)).toBe(true);
    expect(stage.upstream.calls()).toHaveLength(0);
  });
});
