import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Refused } from '@gethelio/proxy/testing';
import { startApprovals, type Running } from '../../approvals/test/running.ts';
import { approvalsWebhook } from '../index.ts';

interface Got {
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  readonly json: any;
}

let server: Server;
let t: Running;
let got: Got[];
let answers: (n: number) => { status: number; headers?: Record<string, string> };
afterEach(async () => {
  await t?.stop();
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
});

const secret = 'webhook-secret-0001';

async function listen(): Promise<number> {
  got = [];
  answers = () => ({ status: 204 });
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      got.push({ headers: request.headers, text, json: JSON.parse(text) });
      const { status, headers } = answers(got.length);
      response.writeHead(status, headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function start(more = ', allow_hosts: [127.0.0.1]', url?: string): Promise<void> {
  const port = await listen();
  t = await startApprovals(approvalsWebhook, {
    channels: `{ type: webhook, name: pager, url: '${url ?? `http://127.0.0.1:${port}/hook`}', secret: ${secret}${more} }`,
    approval: 'channel: pager, wait: 5s',
  });
}

const message = (n = 0) => t.until(() => got[n]);
const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

test('posts a signed message; its link decides, once', async () => {
  await start();
  const call = t.call({ name: 'pay', argumentsText: '{"amount":10.00}' });
  const { headers, text, json } = await message();
  expect(json).toMatchObject({ type: 'approval.requested', ticket: { name: 'pay', state: 'pending' } });
  expect(json.ticket.argumentsText).toContain('10.00');
  const wanted = createHmac('sha256', secret).update(`${headers['x-helio-timestamp']}.${text}`).digest('hex');
  expect(headers['x-helio-signature']).toBe(`v1=${wanted}`);
  expect(headers['x-helio-id']).toBe(json.id);

  const { url } = json.decision;
  expect((await post(url, { decision: 'approve', reason: 'on call' })).status).toBe(200);
  expect((await call).outcome).toBe('forwarded');
  expect((await post(url, { decision: 'approve' })).status).toBe(409);
  expect((await post(url, { decision: 'deny' })).status).toBe(409);
  const resolved = await message(1);
  expect(resolved.json).toMatchObject({
    type: 'approval.resolved',
    ticket: { state: 'approved', votes: [{ approver: 'pager' }] },
  });
});

test('GET shows the ticket, escaped, and decides nothing', async () => {
  await start();
  void t.call({ name: 'pay', arguments: { note: '<script>alert(1)</script>' } });
  const { url } = (await message()).json.decision;
  const page = await fetch(url);
  const html = await page.text();
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(html).not.toContain('<script>');
  expect(html).toContain('&#60;script&#62;');
  expect((await t.api('GET', '/api/approvals')).body.tickets).toHaveLength(1);
  const form = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'decision=deny&reason=no',
  });
  expect(await form.text()).toContain('denied');
});

test('takes no approver from a body, no forged link, no link of another channel, no link that is over', async () => {
  await start();
  const call = t.call('pay');
  const { url } = (await message()).json.decision;
  expect((await post(url, { decision: 'approve', approver: 'ceo' })).status).toBe(400);
  expect(
    (
      await post(
        url.replace(/.$/, (c: string) => (c === 'A' ? 'B' : 'A')),
        { decision: 'approve' },
      )
    ).status,
  ).toBe(404);
  expect((await post(url.replace('/pager/', '/other/'), { decision: 'approve' })).status).toBe(404);
  expect((await post(url, { decision: 'approve' }, { origin: 'https://evil.example' })).status).toBe(403);
  expect((await t.api('GET', '/api/approvals')).body.tickets).toHaveLength(1);
  t.clock.advance(301_000);
  expect((await post(url, { decision: 'approve' })).status).toBe(404);
  expect((await call).code).toBe('approval_timeout');
});

test('tries again with the same id while the other side fails, and gives up on a clear no', async () => {
  await start();
  answers = (n) => ({ status: n < 3 ? 503 : 200 });
  const call = t.call('pay');
  const first = await message();
  const third = await message(2);
  expect(third.headers['x-helio-id']).toBe(first.headers['x-helio-id']);
  await post(third.json.decision.url, { decision: 'approve' });
  await call;

  answers = () => ({ status: 410 });
  const before = got.length;
  const next = t.call('pay2');
  const failed = await t.until(() => t.records.find(({ kind }) => kind === 'approval_notification_failed'));
  expect(failed.data).toMatchObject({ channel: 'pager', reason: expect.stringContaining('410') });
  expect(got.filter(({ json }) => json.type === 'approval.requested').length).toBeGreaterThanOrEqual(
    before > 0 ? 1 : 0,
  );
  const id = (await t.api('GET', '/api/approvals')).body.tickets[0].id;
  await t.api('POST', `/api/approvals/${id}/break-glass`, { reason: 'the pager is gone' });
  expect((await next).outcome).toBe('forwarded');
});

test('follows no redirect', async () => {
  await start();
  answers = () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } });
  const leaving = new AbortController();
  void t.call({ name: 'pay', signal: leaving.signal });
  const failed = await t.until(() => t.records.find(({ kind }) => kind === 'approval_notification_failed'));
  expect(String(failed.data?.['reason'])).toContain('redirects are not followed');
  expect(got).toHaveLength(1);
  leaving.abort();
});

for (const host of ['localhost', '127.0.0.1', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1'])
  test(`does not dial https://${host} unless it is allowed`, async () => {
    const port = await listen();
    t = await startApprovals(approvalsWebhook, {
      channels: `{ type: webhook, name: pager, url: 'https://${host}:${port}/', secret: ${secret} }`,
      approval: 'channel: pager, wait: 5s',
    });
    const leaving = new AbortController();
    void t.call({ name: 'pay', signal: leaving.signal });
    const failed = await t.until(() => t.records.find(({ kind }) => kind === 'approval_notification_failed'));
    expect(String(failed.data?.['reason'])).toContain('may not reach');
    leaving.abort();
  });

test('wants https, unless the host is allowed', async () => {
  await expect(start('', 'http://hooks.example/x')).rejects.toThrow(Refused);
  await expect(start('', 'http://hooks.example/x')).rejects.toThrow(/must be https/);
});
