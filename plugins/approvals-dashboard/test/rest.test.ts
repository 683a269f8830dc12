import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { definePlugin } from '@gethelio/proxy/plugin';
import { testPlugin, type PluginTest } from '@gethelio/proxy/testing';
import { approvalsDashboard } from '../index.ts';

let t: PluginTest;
afterEach(async () => t?.stop());

const olga = 'olga-secret-that-is-long-enough-000001';
const pete = 'pete-secret-that-is-long-enough-000002';

/** Holds every call, as a plugin with no rule of its own does. */
const holdAll = definePlugin({
  name: 'hold-all',
  apiVersion: 1,
  config: z.strictObject({}).default({}),
  taps: ['evaluate'],
  register({ hooks }) {
    hooks.evaluate.tap(() => ({ effect: 'hold', code: 'approval_required', reason: 'Everything is held.' }));
  },
});

async function start(yaml = "approval: { wait: '50ms' }"): Promise<void> {
  t = await testPlugin(approvalsDashboard, {
    with: ['approvals', 'operator'],
    plugins: [holdAll],
    yaml: `dashboard: { port: 0, operators: [{ name: olga, secret: '${olga}' }, { name: pete, secret: '${pete}' }] }\n${yaml}`,
  });
}

async function ask(method: string, path: string, body?: unknown, secret: string | undefined = olga) {
  const answer = await fetch(`${t.url('dashboard')}${path}`, {
    method,
    headers: {
      ...(secret && { authorization: `Bearer ${secret}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as any };
}

async function oneTicket(name = 'pay'): Promise<string> {
  const told = await t.call({ name, arguments: { amount: 5 } });
  expect(told.outcome).toBe('pending');
  const { body } = await ask('GET', '/api/approvals');
  return body.tickets.find((ticket: { name: string }) => ticket.name === name).id;
}

test('lists, shows and approves in the name of who is logged in', async () => {
  await start();
  const id = await oneTicket();
  expect((await ask('GET', `/api/approvals/${id}`)).body).toMatchObject({
    id,
    state: 'pending',
    channels: ['dashboard'],
  });
  const approved = await ask('POST', `/api/approvals/${id}/approve`, { note: 'fine' }, pete);
  expect(approved).toMatchObject({ status: 200, body: { counted: false, ticket: { state: 'approved' } } });
  expect(approved.body.ticket.votes).toMatchObject([{ approver: 'pete', channel: 'dashboard', note: 'fine' }]);
  expect((await ask('GET', '/api/approvals/grants')).body.grants).toMatchObject([{ by: ['pete'], ticket: id }]);
  expect((await t.call({ name: 'pay', arguments: { amount: 5 } })).outcome).toBe('forwarded');
  expect((await ask('GET', '/api/approvals?status=decided')).body.tickets).toMatchObject([{ id, usedBy: {} }]);
});

test('takes the approver from the login, never from the body', async () => {
  await start();
  const id = await oneTicket();
  expect((await ask('POST', `/api/approvals/${id}/approve`, { approver: 'ceo' })).status).toBe(400);
  expect((await ask('GET', `/api/approvals/${id}`)).body.state).toBe('pending');
});

test('answers 409 on a decided ticket, 404 on an unknown one, 401 without a secret', async () => {
  await start();
  const id = await oneTicket();
  expect((await ask('POST', `/api/approvals/${id}/deny`, { reason: 'no' })).status).toBe(200);
  for (const what of ['approve', 'deny'] as const)
    expect(await ask('POST', `/api/approvals/${id}/${what}`, {})).toMatchObject({
      status: 409,
      body: { error: { code: 'decided' } },
    });
  expect((await ask('POST', `/api/approvals/${id}/break-glass`, { reason: 'urgent' })).status).toBe(409);
  expect((await ask('POST', '/api/approvals/apr_00000000000000000000000000/approve', {})).status).toBe(404);
  expect((await ask('POST', `/api/approvals/${id}/approve`, {}, 'wrong')).status).toBe(401);
  expect((await fetch(`${t.url('dashboard')}/api/approvals`)).status).toBe(401);
});

test('GET decides nothing, and no page of it may be framed', async () => {
  await start();
  const id = await oneTicket();
  for (const what of ['approve', 'deny', 'break-glass'])
    expect((await ask('GET', `/api/approvals/${id}/${what}?reason=x`)).status).toBe(404);
  const { headers, body } = await ask('GET', `/api/approvals/${id}`);
  expect(body.state).toBe('pending');
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
});

test('breaks the glass only with a reason, flags it, and keeps a deny a deny', async () => {
  await start();
  const id = await oneTicket();
  expect((await ask('POST', `/api/approvals/${id}/break-glass`, {})).status).toBe(400);
  expect((await ask('POST', `/api/approvals/${id}/break-glass`, { reason: '  ' })).status).toBe(400);
  const broken = await ask('POST', `/api/approvals/${id}/break-glass`, { reason: 'production is down' });
  expect(broken).toMatchObject({
    status: 200,
    body: { ticket: { state: 'break_glass', decidedBecause: 'production is down' } },
  });
  expect(t.records.some(({ kind, data }) => kind === 'approval_resolved' && data?.['break_glass'] === true)).toBe(true);
  const told = await t.call({ name: 'pay', arguments: { amount: 5 } });
  expect(told.outcome).toBe('forwarded');
});

test('revokes a grant', async () => {
  await start();
  const id = await oneTicket();
  await ask('POST', `/api/approvals/${id}/approve`, {});
  const [grant] = (await ask('GET', '/api/approvals/grants')).body.grants;
  expect((await ask('DELETE', `/api/approvals/grants/${grant.id}`)).status).toBe(200);
  expect((await ask('DELETE', `/api/approvals/grants/${grant.id}`)).status).toBe(404);
  expect((await t.call({ name: 'pay', arguments: { amount: 5 } })).outcome).toBe('pending');
});

test('pages through pending and decided tickets without missing or repeating one', async () => {
  await start("approval: { wait: '5ms', max_pending: 100 }");
  for (let i = 0; i < 12; i++) await t.call({ name: `tool${i}`, arguments: {} });
  const { body } = await ask('GET', '/api/approvals?limit=50');
  for (const { id } of body.tickets.slice(0, 5)) await ask('POST', `/api/approvals/${id}/deny`, {});
  for (const status of ['pending', 'decided', 'all', 'denied']) {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = (await ask('GET', `/api/approvals?status=${status}&limit=3${cursor ? `&cursor=${cursor}` : ''}`))
        .body;
      seen.push(...page.tickets.map(({ name }: { name: string }) => name));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect([status, new Set(seen).size, seen.length]).toEqual([
      status,
      ...{ pending: [7, 7], decided: [5, 5], all: [12, 12], denied: [5, 5] }[status]!,
    ]);
  }
});

test('is described in the API document', async () => {
  await start();
  const { body } = await ask('GET', '/api/openapi.json');
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining(['/api/approvals/{id}/approve', '/api/approvals/{id}/break-glass']),
  );
});
