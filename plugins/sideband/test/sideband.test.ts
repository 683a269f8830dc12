import { testPlugin } from '@gethelio/proxy/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { sideband } from '../index.ts';
import { adapterToken, ask, desk, sdkToken, type Desk } from './desk.ts';

let test: Desk;
afterEach(() => test?.stop());

const mark = { session_id: 's1', tool_name: 'orders.lookup', evidence_key: 'order_data', evidence_data: { total: 40 } };
const refund = { tool_name: 'process_refund', session_id: 's1', arguments: { order_id: 'A-17' } };
const needsLookup = `
policies:
  default: allow
  rules:
    - match: { tool: process_refund }
      action: deny
      evidence: { requires: ['orders.lookup'] }
`;

describe('who comes in', () => {
  it('nobody without the token, nobody with a wrong one', async () => {
    test = await desk();
    for (const authorization of ['', 'Bearer ', 'Bearer wrong', `Basic ${sdkToken}`, `Bearer ${sdkToken}x`]) {
      const asked = await test.ask('POST', '/evidence', mark, { authorization });
      expect(asked).toMatchObject({ status: 401, body: { error: { code: 'unauthorized' } } });
    }
    expect((await test.ask('POST', '/evidence', mark)).status).toBe(201);
  });

  it('no web page: any Origin is refused on every route, "null" included', async () => {
    test = await desk();
    for (const origin of ['null', 'http://127.0.0.1:3200', 'https://example.com', ''])
      for (const path of ['/evidence', '/evaluate', '/healthz', '/nothing'])
        expect((await test.ask('POST', path, mark, { origin })).status, `${origin} ${path}`).toBe(403);
  });

  it('no foreign Host', async () => {
    test = await desk({ config: { allowed_hosts: ['helio.internal'] } });
    const withHost = async (host: string) => (await test.ask('GET', '/healthz', undefined, { host })).status;
    expect(await withHost('evil.example:3200')).toBe(403);
    expect(await withHost('helio.internal.evil.example')).toBe(403);
    expect(await withHost('helio.internal:3200')).toBe(200);
    expect(await withHost('localhost:3200')).toBe(200);
  });

  it("the adapter's token opens the adapter's routes alone", async () => {
    test = await desk();
    const authorization = `Bearer ${adapterToken}`;
    expect((await test.ask('POST', '/evaluate', refund, { authorization })).status).toBe(200);
    expect((await test.ask('GET', '/approval/apr_1', undefined, { authorization })).status).toBe(501);
    for (const [method, path] of [
      ['POST', '/evidence'],
      ['POST', '/actions'],
      ['POST', '/context'],
      ['GET', '/session/s1/state'],
      ['GET', '/sessions/current'],
    ] as const)
      expect((await test.ask(method, path, method === 'POST' ? {} : undefined, { authorization })).status, path).toBe(
        401,
      );
  });

  it('a right token passes however many wrong ones came before it', async () => {
    test = await desk();
    const wrong = { authorization: 'Bearer wrong' };
    const statuses = [];
    for (let i = 0; i < 30; i++) statuses.push((await test.ask('POST', '/evidence', mark, wrong)).status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect((await test.ask('POST', '/evidence', mark)).status).toBe(201);
  });

  it('a token that is made: 64 hex digits, on stderr lines alone, never in the log', async () => {
    test = (await testPlugin(sideband, {
      with: ['policy', 'identity'],
      yaml: 'policies: { default: allow }',
      config: { port: 0 },
    })) as Desk;
    const lines = test.generation.extensions.collect<{ to?: string; text(): string }>({
      kind: 'extension',
      id: 'kernel.banner',
    });
    const aside = lines.find(({ to }) => to === 'stderr')!.text();
    const url = test.url('sideband')!;
    const [, token] =
      /^SDK sideband listening on (?:http\S+)\nSDK token \(pass as HELIO_SDK_TOKEN env var to your SDK clients\):\n {2}([0-9a-f]{64})$/.exec(
        aside,
      )!;
    expect(aside).toContain(url);
    const told = await ask(url, 'GET', '/session/s1/state', undefined, { authorization: `Bearer ${token}` });
    expect(told.status).toBe(200);
    expect(JSON.stringify([test.logs, test.records.map(({ data }) => data)])).not.toContain(token);
    expect(lines.filter(({ to }) => to === undefined).map((line) => line.text())).not.toContain(token);
  });

  it('a token that is given is not said again', async () => {
    test = await desk();
    const lines = test.generation.extensions.collect<{ text(): string }>({ kind: 'extension', id: 'kernel.banner' });
    expect(lines.map((line) => String(line.text())).join('\n')).not.toContain(sdkToken);
  });

  it.each([
    ['a token that is too short', {}, { HELIO_SDK_TOKEN: 'short' }, 'HELIO_SDK_TOKEN'],
    ['an address that others can reach', { host: '0.0.0.0' }, {}, 'can be reached from other machines'],
  ])('does not start with %s', async (_name, config, env, message) => {
    await expect(desk({ config, env: { HELIO_SDK_TOKEN: sdkToken, ...env } })).rejects.toThrow(message);
  });
});

describe('what it takes', () => {
  it('refuses bodies over 1 MiB, of other types, with mistakes, with keys that it does not know', async () => {
    test = await desk();
    const big = { ...mark, evidence_data: 'x'.repeat(1024 * 1024) };
    expect((await test.ask('POST', '/evidence', big)).status).toBe(413);
    expect((await test.ask('POST', '/evidence', 'a=1', { 'content-type': 'text/plain' })).status).toBe(415);
    for (const body of [
      '{',
      '{"tool_name":"a","tool_name":"b","evidence_key":"k","evidence_data":1}',
      '[]',
      { ...mark, ttl: 5 },
      { ...mark, ttl_seconds: -1 },
      { ...mark, session_id: 'two words' },
      { tool_name: 'a', evidence_key: 'k', session_id: 's1' },
    ]) {
      const asked = await test.ask('POST', '/evidence', body);
      expect(asked.status, JSON.stringify(body)).toBe(400);
      expect(asked.body.error.message).not.toBe('');
    }
    expect((await test.ask('POST', '/actions', { session_id: 's1', tool_name: 'a', status: 'maybe' })).status).toBe(
      400,
    );
  });

  it('keeps every digit of a number in evidence', async () => {
    test = await desk({
      yaml: `
policies:
  default: allow
  rules:
    - match: { tool: process_refund }
      evidence: { requires: [{ name: orders.lookup, where: { '$.total': { equals_input: '$.amount' } } }] }
`,
    });
    const body = `{"session_id":"s1","tool_name":"orders.lookup","evidence_key":"k","evidence_data":{"total":9007199254740993.10}}`;
    expect((await test.ask('POST', '/evidence', body)).status).toBe(201);
    const judged = async (amount: string) =>
      (await test.call({ name: 'process_refund', session: 's1', argumentsText: `{"amount":${amount}}` })).code;
    expect(await judged('9007199254740993')).toBe('evidence_mismatch');
    expect(await judged('9007199254740993.1')).not.toBe('evidence_mismatch');
  });

  it('unlocks the call for the session it was marked for, and for no other, until it expires', async () => {
    test = await desk({ yaml: needsLookup });
    const call = async (session: string) =>
      (await test.call({ name: 'process_refund', arguments: { order_id: 'A-17' }, session })).outcome;
    expect(await call('s1')).toBe('denied');
    await test.ask('POST', '/evidence', { ...mark, ttl_seconds: 60 });
    expect(await call('s1')).toBe('forwarded');
    expect(await call('s2')).toBe('denied');
    test.clock.advance(60_001);
    expect(await call('s1')).toBe('denied');
    expect(test.records.map(({ kind }) => kind)).toContain('evidence_marked');
  });

  it('a completed step outside MCP meets `requires`; a failed one does not', async () => {
    test = await desk({
      yaml: `
policies:
  default: allow
  rules:
    - match: { tool: process_refund }
      requires: ['customer.verify']
`,
    });
    const call = async () => (await test.call({ name: 'process_refund', session: 's1' })).code;
    const note = (status: string) =>
      test.ask('POST', '/actions', { session_id: 's1', tool_name: 'customer.verify', status });
    expect(await call()).toBe('dependency_missing');
    await note('failure');
    expect(await call()).toBe('dependency_missing');
    expect((await note('success')).status).toBe(201);
    expect(await call()).not.toBe('dependency_missing');
  });

  it('values of a session are what `match.context` reads, also after a restart', async () => {
    const yaml = `
policies:
  default: allow
  rules:
    - match: { tool: close_case, context: { role: guest } }
      action: deny
`;
    const withStore = ['policy', 'identity', 'feedback', 'evidence', 'dependencies', 'state-sqlite'];
    test = await desk({ yaml, with: withStore });
    const call = async (session: string) => (await test.call({ name: 'close_case', session })).outcome;
    await test.ask('POST', '/context', { session_id: 's1', key: 'role', value: 'guest' });
    expect(await call('s1')).toBe('denied');
    expect(await call('s2')).toBe('forwarded');
    const { folder } = test;
    const again = await desk({ yaml, with: withStore, folder });
    expect((await again.call({ name: 'close_case', session: 's1' })).outcome).toBe('denied');
    await again.stop();
    await test.ask('POST', '/context', { session_id: 's1', key: 'role', value: 'staff' });
    expect(await call('s1')).toBe('forwarded');
  });

  it('refuses a value that could not be kept as it is', async () => {
    test = await desk();
    const set = async (value: string) =>
      (await test.ask('POST', '/context', `{"session_id":"s1","key":"k","value":${value}}`)).status;
    expect(await set('9007199254740993')).toBe(400);
    expect(await set('0.1')).toBe(201);
    expect(await set(JSON.stringify('x'.repeat(20_000)))).toBe(400);
  });
});

describe('the session that is left out', () => {
  const unnamed = { tool_name: 'orders.lookup', evidence_key: 'k', evidence_data: 1 };

  it('is the one MCP session of the last ten minutes', async () => {
    test = await desk({ yaml: needsLookup });
    await test.call({ name: 'search', session: 'only' });
    const { status, body } = await test.ask('POST', '/evidence', unnamed);
    expect([status, body.session_id]).toEqual([201, 'only']);
    expect((await test.ask('GET', '/sessions/current')).body).toMatchObject({ session_id: 'only', context: {} });
    test.clock.advance(600_000);
    expect((await test.ask('POST', '/evidence', unnamed)).body.error.code).toBe('session_unknown');
  });

  it('must be named when there are none or several, and the answer says how', async () => {
    test = await desk();
    const none = await test.ask('POST', '/evidence', unnamed);
    expect(none).toMatchObject({ status: 409, body: { error: { code: 'session_unknown' } } });
    await test.call({ name: 'search', session: 'a' });
    await test.call({ name: 'search', session: 'b' });
    const two = await test.ask('POST', '/evidence', unnamed);
    expect(two).toMatchObject({ status: 409, body: { error: { code: 'session_ambiguous' } } });
    expect(two.body.error.fix).toContain('session_id');
  });

  it('is never one that only the sideband has named', async () => {
    test = await desk();
    await test.ask('POST', '/evaluate', { session_id: 'made-up', tool_name: 'search' });
    expect((await test.ask('GET', '/sessions/current')).status).toBe(409);
  });

  it('an id of 128 characters is found under its own state', async () => {
    test = await desk();
    const id = '%/'.repeat(64);
    await test.ask('POST', '/context', { session_id: id, key: 'k', value: [1] });
    const { body } = await test.ask('GET', `/session/${encodeURIComponent(id)}/state`);
    expect(body).toMatchObject({ session_id: id, context: { k: [1] } });
  });
});

it('without the plugin that keeps it, evidence is refused and not swallowed', async () => {
  test = await desk({ with: ['policy', 'identity'] });
  expect(await test.ask('POST', '/evidence', mark)).toMatchObject({
    status: 501,
    body: { error: { fix: 'add evidence to plugins:' } },
  });
});
