/** What makes an upstream of the merged endpoint count as away, and what only refuses one client. */
import { afterEach, expect, test } from 'vitest';
import { openDoors, type TestDoors } from './support/doors.ts';
import { startRecorder, type Recorder, type Respond } from './support/recorder.ts';
import { startStateful, type Stateful, type StatefulOptions } from './support/stateful.ts';
import { openStream, send } from './support/wire.ts';

const eventually = { timeout: 15_000, interval: 20 };
const open: { close(): Promise<void> }[] = [];
let doors: TestDoors;
afterEach(async () => {
  await doors.stop();
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const stateful = async (name: string, options: StatefulOptions = {}): Promise<Stateful> => {
  const started = await startStateful({ name, ...options });
  open.push(started);
  return started;
};
const scripted = async (respond: Respond): Promise<Recorder> => {
  const started = await startRecorder(respond);
  open.push(started);
  return started;
};
const legacy = (method: string, params: object = {}, id: unknown = 1) =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });
const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
async function session(headers = {}): Promise<Record<string, string>> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const told = await send(doors.mcp, legacy('initialize', params), headers);
  const own = { 'mcp-session-id': String(told.headers['mcp-session-id']), ...headers };
  await send(doors.mcp, '{"jsonrpc":"2.0","method":"notifications/initialized"}', own);
  return own;
}
const tools = async (headers: Record<string, string>) => {
  const { result } = JSON.parse((await send(doors.mcp, legacy('tools/list'), headers)).text);
  return { names: (result.tools as { name: string }[]).map(({ name }) => name.split('__')[0]), meta: result._meta };
};
const states = () => doors.views().map(({ name, state }) => [name, state]);

test('one that refuses a client without credentials is there for those who have them', async () => {
  const guarded = await stateful('guarded', {
    before(request, response, go) {
      if (request.headers['authorization'] === 'Bearer good') go();
      else response.writeHead(401).end();
    },
  });
  const free = await stateful('free');
  doors = await openDoors({ upstreams: { free: { url: free.url }, guarded: { url: guarded.url } } });
  const stranger = await session();
  expect(await tools(stranger)).toEqual({
    names: ['free', 'free', 'free'],
    meta: { 'com.gethelio/unavailable': ['guarded'] },
  });
  expect(states()).toEqual([
    ['free', 'up'],
    ['guarded', 'up'],
  ]);
  const known = await session({ authorization: 'Bearer good' });
  expect(new Set((await tools(known)).names)).toEqual(new Set(['free', 'guarded']));
});

test('one that never answers is down for all, waited for once, and served again when it answers', async () => {
  let isHanging = true;
  const held: (() => void)[] = [];
  const slow = await stateful('slow', {
    before(_request, _response, go) {
      if (isHanging) held.push(go);
      else go();
    },
  });
  const fast = await stateful('fast');
  doors = await openDoors({ upstreams: { slow: { url: slow.url }, fast: { url: fast.url } } });
  const own = await session();
  const stream = await openStream(doors.mcp, undefined, own, 'GET');
  const first = await tools(own);
  expect(first).toEqual({ names: ['fast', 'fast', 'fast'], meta: { 'com.gethelio/unavailable': ['slow'] } });
  expect(states()).toEqual([
    ['slow', 'down'],
    ['fast', 'up'],
  ]);
  const refused = await send(doors.mcp, legacy('tools/call', { name: 'slow__echo', arguments: {} }), own);
  expect(JSON.parse(refused.text).error.message).toMatch(/^The upstream slow is not available: /);
  expect(doors.gate.refusals.at(-1)).toMatchObject({ code: 'upstream_unavailable', name: 'slow__echo' });
  expect(held.length).toBeGreaterThan(0); // it still has not answered anything
  isHanging = false;
  for (const answer of held) answer();
  // The client learns of it where it listens, and has not asked for anything in between.
  await stream.until('notifications/tools/list_changed');
  await expect.poll(async () => new Set((await tools(own)).names), eventually).toEqual(new Set(['slow', 'fast']));
  const called = await send(doors.mcp, legacy('tools/call', { name: 'slow__echo', arguments: { n: 1 } }), own);
  expect(JSON.parse(called.text).result.echoed).toEqual({ n: 1 });
  await expect.poll(states, eventually).toEqual([
    ['slow', 'up'],
    ['fast', 'up'],
  ]);
  stream.destroy();
});

test('a client of both eras is led to the older one while an upstream speaks only that, whatever it says', async () => {
  const modern = await scripted((request, response) => {
    const { id } = JSON.parse(request.body);
    const result = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} } };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  });
  const probe = () =>
    send(doors.mcp, legacy('server/discover', { _meta: meta }), {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'server/discover',
    });
  const says: [number, object | undefined][] = [
    [400, { code: -32000, message: 'Bad Request: Server not initialized' }],
    [404, { code: -32601, message: 'Method not found' }],
    [200, { code: -32601, message: 'Method not found' }],
    [400, undefined],
  ];
  for (const [status, error] of says) {
    const old = await scripted((_request, response) => {
      const body = error ? JSON.stringify({ jsonrpc: '2.0', id: 1, error }) : 'no';
      response.writeHead(status, { 'content-type': error ? 'application/json' : 'text/plain' }).end(body);
    });
    doors = await openDoors({ upstreams: { modern: { url: modern.url }, old: { url: old.url } } });
    const answer = await probe();
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.text).error).toEqual({
      code: -32601,
      message: 'Method not found: not all upstreams speak this MCP (old)',
    });
    await doors.stop();
  }
  doors = await openDoors({ upstreams: { modern: { url: modern.url }, dead: { url: 'http://127.0.0.1:9/mcp' } } });
  expect(JSON.parse((await probe()).text).result.supportedVersions).toEqual(['2026-07-28']);
});

test('one that forgets every session at once is asked now and then, and the news of the others go on', async () => {
  const forgetful = await stateful('forgetful');
  forgetful.sessions.add = () => forgetful.sessions;
  const steady = await stateful('steady');
  doors = await openDoors({ upstreams: { forgetful: { url: forgetful.url }, steady: { url: steady.url } } });
  const own = await session();
  const stream = await openStream(doors.mcp, undefined, own, 'GET');
  await expect.poll(() => steady.streams.size, eventually).toBe(1);
  const opened = () => forgetful.asked.filter(({ method }) => method === 'initialize').length;
  await expect.poll(opened, eventually).toBeGreaterThan(1);
  expect(opened()).toBeLessThan(5);
  steady.tell({ method: 'notifications/message', params: { level: 'info', data: 'heard' } });
  await stream.until('heard');
  forgetful.sessions.add = Set.prototype.add;
  await expect.poll(() => forgetful.streams.size, eventually).toBe(1);
  stream.destroy();
});
