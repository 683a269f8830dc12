/** Upstreams of 2026-07-28 as one: one subscription over all of them, and tasks at the one that has them. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { commands, startFixture, type UpstreamProcess } from '../../fixtures/upstreams.ts';
import { openDoors, type TestDoors } from './support/doors.ts';
import { startRecorder, type Recorder } from './support/recorder.ts';
import { openStream, send } from './support/wire.ts';

const eventually = { timeout: 8_000, interval: 20 };
const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
};
const message = (method: string, params: object = {}, id: unknown = 1) =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } });
const headers = (method: string, name?: string) => ({
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': method,
  ...(name !== undefined && { 'mcp-name': name }),
});

describe('subscriptions/listen', () => {
  let web: UpstreamProcess;
  let doors: TestDoors;
  let opened: Client[];
  beforeAll(async () => {
    web = await startFixture();
    doors = await openDoors({ upstreams: { web: { url: web.url }, child: commands.fixture } });
  });
  afterAll(async () => {
    await doors.stop();
    await web.stop();
  });
  afterEach(() => Promise.all(opened.map((client) => client.close())));

  async function listener() {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    const heard: { method: string; params?: any }[] = [];
    client.fallbackNotificationHandler = async (one) => void heard.push(one as never);
    await client.connect(new StreamableHTTPClientTransport(doors.mcp));
    opened = [client];
    return { client, heard };
  }

  test('one acknowledgement, and the news of every upstream under the names that the client knows', async () => {
    const { client, heard } = await listener();
    const uris = ['web+test://watched-resource', 'child+test://watched-resource'];
    const subscription: any = await client.listen({ toolsListChanged: true, resourceSubscriptions: uris } as never);
    for (const part of ['child', 'web']) await client.callTool({ name: `${part}__test_touch_resource`, arguments: {} });
    await expect
      .poll(
        () =>
          heard
            .map(({ params }) => params?.uri)
            .filter(Boolean)
            .sort(),
        eventually,
      )
      .toEqual([...uris].sort());
    await client.callTool({ name: 'child__test_trigger_tool_change', arguments: {} });
    await expect
      .poll(() => heard.filter(({ method }) => method === 'notifications/tools/list_changed').length, eventually)
      .toBe(1);
    const ids = heard.map(({ params }) => params._meta['io.modelcontextprotocol/subscriptionId']);
    expect(new Set(ids).size).toBe(1);
    await subscription.close();
  });

  test('an upstream whose resources nobody asked for says nothing of them', async () => {
    const { client, heard } = await listener();
    await client.listen({ resourceSubscriptions: ['web+test://watched-resource'] } as never);
    await client.callTool({ name: 'child__test_touch_resource', arguments: {} });
    await client.callTool({ name: 'web__test_touch_resource', arguments: {} });
    await expect
      .poll(() => heard.map(({ params }) => params?.uri), eventually)
      .toEqual(['web+test://watched-resource']);
  });

  test('a client that leaves frees all upstreams, and one that asks again is served again', async () => {
    const filter = { notifications: { toolsListChanged: true } };
    for (let round = 0; round < 2; round++) {
      const stream = await openStream(
        doors.mcp,
        message('subscriptions/listen', filter, 'mine'),
        headers('subscriptions/listen'),
      );
      await stream.until('acknowledged');
      const first = JSON.parse(/^data: (.*)$/m.exec(stream.text())![1]!);
      expect(first).toEqual({
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: {
          notifications: { toolsListChanged: true },
          _meta: { 'io.modelcontextprotocol/subscriptionId': 'mine' },
        },
      });
      stream.destroy();
    }
  });
});

describe('subscriptions of upstreams that come and go', () => {
  let one: Recorder;
  let two: Recorder;
  let doors: TestDoors;
  const listens: { [name: string]: { write(text: string): void; end(): void; destroy(): void }[] } = {};
  const acknowledged = (id: unknown, notifications: object) =>
    `data: ${JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications, _meta: { 'io.modelcontextprotocol/subscriptionId': id } },
    })}\n\n`;
  const serve =
    (name: string, told: object | undefined): Recorder['respond'] =>
    (request, response) => {
      const { id, method } = JSON.parse(request.body);
      if (method === 'server/discover') {
        const result = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} } };
        return void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      }
      if (told === undefined) {
        const error = { code: -32601, message: 'Method not found' };
        return void response
          .writeHead(404, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id, error }));
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(acknowledged(id, told));
      (listens[name] ??= []).push({
        write: (text) => void response.write(text),
        end: () => void response.end(),
        destroy: () => void response.destroy(),
      });
    };
  const filter = { notifications: { toolsListChanged: true, promptsListChanged: true } };
  const listen = () => openStream(doors.mcp, message('subscriptions/listen', filter), headers('subscriptions/listen'));
  beforeAll(async () => {
    one = await startRecorder(serve('one', { toolsListChanged: true }));
    two = await startRecorder(serve('two', { toolsListChanged: false, promptsListChanged: true }));
    doors = await openDoors({ upstreams: { one: { url: one.url }, two: { url: two.url } } });
  });
  afterAll(async () => {
    await doors.stop();
    await Promise.all([one.close(), two.close()]);
  });

  test('what either can is acknowledged; the stream outlives that of one upstream, which is opened again', async () => {
    const stream = await listen();
    await stream.until('acknowledged');
    expect(JSON.parse(/^data: (.*)$/m.exec(stream.text())![1]!).params.notifications).toEqual({
      toolsListChanged: true,
      promptsListChanged: true,
    });
    listens['one']![0]!.destroy();
    listens['two']![0]!.write(
      `data: {"jsonrpc":"2.0","method":"notifications/prompts/list_changed","params":{"n":2}}\n\n`,
    );
    await stream.until('"n":2');
    await expect.poll(() => listens['one']!.length, eventually).toBe(2);
    // Nobody knows what it said in between.
    await stream.until('notifications/tools/list_changed');
    listens['one']![1]!.write(
      `data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"n":3}}\n\n`,
    );
    await stream.until('"n":3');
    expect(stream.text().match(/acknowledged/g)).toHaveLength(1);
    expect(stream.text()).not.toContain('"result"');
    stream.destroy();
  });

  test('an upstream without subscriptions is left out; when none has them, that is the answer', async () => {
    one.respond = serve('one', undefined);
    const stream = await listen();
    await stream.until('acknowledged');
    expect(stream.text()).not.toContain('toolsListChanged":true');
    stream.destroy();
    two.respond = serve('two', undefined);
    const answer = await send(doors.mcp, message('subscriptions/listen', filter), headers('subscriptions/listen'));
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.text)).toMatchObject({ id: 1, error: { code: -32601 } });
  });
});

test('tasks (SEP-2663) are looked up, answered and cancelled where they are, under the names that the client knows', async () => {
  const asked: { method: string; params: any; name: unknown }[] = [];
  const respond: Recorder['respond'] = (request, response) => {
    const { id, method, params } = JSON.parse(request.body);
    asked.push({ method, params, name: request.headers['mcp-name'] });
    const task = { resultType: 'complete', taskId: 't 1', status: 'completed', ttlMs: 60_000, pollIntervalMs: 10 };
    const content = [{ type: 'resource_link', uri: 'x://1', name: 'one' }];
    const capabilities = { tools: {}, extensions: { 'io.modelcontextprotocol/tasks': {}, 'x/own': {} } };
    const results: { [method: string]: object } = {
      'server/discover': { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities },
      'tools/list': { resultType: 'complete', tools: [{ name: 'long', inputSchema: { type: 'object' } }] },
      'tools/call': { resultType: 'task', taskId: 't 1', status: 'working', ttlMs: 60_000 },
      'tasks/get': { ...task, result: { resultType: 'complete', content, big: 1 } },
      'tasks/update': { resultType: 'complete' },
      'tasks/cancel': { resultType: 'complete' },
    };
    // A number beyond 2^53 keeps its digits.
    const body = JSON.stringify({ jsonrpc: '2.0', id, result: results[method] }).replace(
      '"big":1',
      '"big":9007199254740993',
    );
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  };
  const shop = await startRecorder(respond);
  const crm = await startRecorder(respond);
  const doors = await openDoors({ upstreams: { shop: { url: shop.url }, crm: { url: crm.url } } });
  const ask = async (method: string, params: object, name?: string) => {
    const { text } = await send(doors.mcp, message(method, params), headers(method, name));
    return { text, ...JSON.parse(text) };
  };
  try {
    const discovered = await ask('server/discover', {});
    expect(discovered.result.capabilities.extensions).toEqual({ 'io.modelcontextprotocol/tasks': {} });
    const made = await ask('tools/call', { name: 'crm__long', arguments: {} }, 'crm__long');
    expect(made.result).toMatchObject({ resultType: 'task', taskId: 'crm__t 1', status: 'working' });
    const taskId = made.result.taskId as string;
    const got = await ask('tasks/get', { taskId }, taskId);
    expect(got.result).toMatchObject({ taskId, result: { content: [{ uri: 'crm+x://1' }] } });
    expect(got.text).toContain('9007199254740993');
    await ask('tasks/update', { taskId, inputResponses: { a: { action: 'accept' } } }, taskId);
    await ask('tasks/cancel', { taskId }, taskId);
    expect(crm.requests.length).toBeGreaterThan(shop.requests.length);
    expect(
      asked
        .filter(({ method }) => method.startsWith('tasks/'))
        .map(({ method, params, name }) => [method, params.taskId, name, params.inputResponses]),
    ).toEqual([
      ['tasks/get', 't 1', 't 1', undefined],
      ['tasks/update', 't 1', 't 1', { a: { action: 'accept' } }],
      ['tasks/cancel', 't 1', 't 1', undefined],
    ]);
    expect((await ask('tasks/get', { taskId: 't 1' }, 't 1')).error).toMatchObject({ code: -32602 });
  } finally {
    await doors.stop();
    await Promise.all([shop.close(), crm.close()]);
  }
});
