/** Two legacy upstreams as one, with the official client: streams, subscriptions, levels, pages, questions, tasks. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import * as v1 from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDoors, type TestDoors } from './support/doors.ts';
import { startStateful, type Stateful, type StatefulOptions } from './support/stateful.ts';
import { openStream, send } from './support/wire.ts';

const eventually = { timeout: 8_000, interval: 20 };
const capabilities = {
  tools: { listChanged: true },
  resources: { subscribe: true },
  prompts: {},
  logging: {},
  completions: {},
  tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
  experimental: { 'x-own': {} },
};
let shop: Stateful;
let crm: Stateful;
let doors: TestDoors;
let client: Client;
let transport: StreamableHTTPClientTransport;
let notifications: { method: string; params?: any }[];
let answerOf: { [part: string]: StatefulOptions['answer'] };

beforeEach(async () => {
  answerOf = {};
  const options = (name: string): StatefulOptions => ({
    name,
    capabilities,
    answer: (...args) => answerOf[name]?.(...args),
  });
  shop = await startStateful(options('shop'));
  crm = await startStateful({ ...options('crm'), version: '2025-06-18' });
  doors = await openDoors({ upstreams: { shop: { url: shop.url }, crm: { url: crm.url } } });
  notifications = [];
  client = new Client(
    { name: 'test', version: '1' },
    { capabilities: { sampling: {}, elicitation: { form: {}, url: {} } } },
  );
  client.fallbackNotificationHandler = async (one) => void notifications.push(one);
  transport = new StreamableHTTPClientTransport(doors.mcp);
  await client.connect(transport);
  await expect.poll(() => [shop.streams.size, crm.streams.size], eventually).toEqual([1, 1]);
});
afterEach(async () => {
  await client.close();
  await doors.stop();
  await Promise.all([shop.close(), crm.close()]);
});
const asked = (upstream: Stateful, method: string) => upstream.asked.filter((one) => one.method === method);
const news = (method: string) => notifications.filter((one) => one.method === method);

test('the handshake tells the oldest version and what any of them can; each is spoken to in its own version', async () => {
  expect(client.getServerCapabilities()).toMatchObject({
    tools: { listChanged: true },
    resources: { subscribe: true, listChanged: true },
    logging: {},
    completions: {},
    tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
  });
  expect(client.getServerCapabilities()).not.toHaveProperty('experimental');
  await client.listTools();
  expect(asked(shop, 'tools/list')[0]!.version).toBe('2025-11-25');
  expect(asked(crm, 'tools/list')[0]!.version).toBe('2025-06-18');
});

describe('the stream of news', () => {
  test('carries what every upstream says, resources under the names that the client knows', async () => {
    shop.tell({ method: 'notifications/tools/list_changed' });
    crm.tell({ method: 'notifications/resources/updated', params: { uri: 'x://1' } });
    crm.tell({ method: 'notifications/message', params: { level: 'info', data: { uri: 'x://1' } } });
    await expect
      .poll(() => [...notifications].sort((a, b) => a.method.localeCompare(b.method)), eventually)
      .toEqual(
        [
          { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: { uri: 'x://1' } } },
          { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'crm+x://1' } },
          { jsonrpc: '2.0', method: 'notifications/tools/list_changed' },
        ].map(({ jsonrpc: _version, ...one }) => expect.objectContaining(one)),
      );
  });

  test('goes on for all when the stream of one ends, and brings that one back where it broke off', async () => {
    shop.tell({ method: 'notifications/message', params: { level: 'info', data: 'first' } }, 'e 1&');
    await expect.poll(() => news('notifications/message').length, eventually).toBe(1);
    for (const stream of shop.streams.values()) stream.end();
    await expect.poll(() => shop.asked.at(-1), eventually).toMatchObject({ verb: 'GET', lastEventId: 'e 1&' });
    crm.tell({ method: 'notifications/message', params: { level: 'info', data: 'crm' } });
    await expect.poll(() => shop.streams.size, eventually).toBe(1);
    shop.tell({ method: 'notifications/message', params: { level: 'info', data: 'second' } });
    await expect
      .poll(() => news('notifications/message').map(({ params }) => params.data), eventually)
      .toEqual(['first', 'crm', 'second']);
    expect(crm.asked.filter(({ verb }) => verb === 'GET')).toHaveLength(1);
  });

  test('a client that comes back resumes every upstream where its own stream broke off', async () => {
    await client.close();
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
    const opened = await send(doors.mcp, JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }));
    const session = { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
    const stream = await openStream(doors.mcp, undefined, session, 'GET');
    const streams = () => [...shop.streams.keys(), ...crm.streams.keys()];
    await expect.poll(streams, eventually).toEqual(['shop-2', 'crm-2']);
    shop.tell({ method: 'notifications/message', params: { level: 'info', data: 1 } }, 'same');
    await stream.until('"data":1');
    crm.tell({ method: 'notifications/message', params: { level: 'info', data: 2 } }, 'later');
    await stream.until('"data":2');
    const lastId = [...stream.text().matchAll(/^id: (.*)$/gm)].at(-1)![1]!;
    const again = await openStream(doors.mcp, undefined, { ...session, 'last-event-id': lastId }, 'GET');
    await stream.ended; // one stream per session: the old one gives way
    const last = (upstream: Stateful) => upstream.asked.filter(({ verb }) => verb === 'GET').at(-1)!.lastEventId;
    await expect.poll(() => [last(shop), last(crm)], eventually).toEqual(['same', 'later']);
    again.destroy();
  });

  test('a client that leaves it frees the streams of all upstreams', async () => {
    await client.close();
    await expect.poll(() => [shop.streams.size, crm.streams.size], eventually).toEqual([0, 0]);
  });
});

test('a subscription goes to the upstream that has the resource, under its own name', async () => {
  await client.subscribeResource({ uri: 'crm+x://1' });
  await client.unsubscribeResource({ uri: 'crm+x://1' });
  expect(asked(crm, 'resources/subscribe')[0]!.params).toEqual({ uri: 'x://1' });
  expect(asked(crm, 'resources/unsubscribe')[0]!.params).toEqual({ uri: 'x://1' });
  expect(asked(shop, 'resources/subscribe')).toEqual([]);
  await expect(client.subscribeResource({ uri: 'x://1' })).rejects.toThrow(/Unknown resource/);
});

test('the logging level goes to all, and what lasts is said again to one that forgot its session', async () => {
  await client.setLoggingLevel('warning');
  await client.subscribeResource({ uri: 'shop+x://1' });
  expect([shop, crm].map((one) => asked(one, 'logging/setLevel').map(({ params }) => params.level))).toEqual([
    ['warning'],
    ['warning'],
  ]);
  shop.forget();
  const before = shop.asked.length;
  expect(await client.callTool({ name: 'shop__echo', arguments: { n: 1 } })).toMatchObject({
    echoed: { n: 1 },
    session: 'shop-2',
  });
  const since = shop.asked.slice(before).filter(({ session }) => session !== 'shop-1');
  expect(since.map(({ method }) => method).filter((method) => method !== undefined)).toEqual([
    'initialize',
    'notifications/initialized',
    'logging/setLevel',
    'resources/subscribe',
    'tools/call',
  ]);
  // The other one, and the client, noticed nothing but that lists may have changed; its news arrive again.
  expect(asked(crm, 'initialize')).toHaveLength(1);
  await expect.poll(() => [...shop.streams.keys()], eventually).toEqual(['shop-2']);
  await expect.poll(() => news('notifications/tools/list_changed').length, eventually).toBe(1);
  shop.tell({ method: 'notifications/resources/updated', params: { uri: 'x://1' } });
  await expect
    .poll(() => news('notifications/resources/updated').at(-1)?.params, eventually)
    .toEqual({
      uri: 'shop+x://1',
    });
});

test('lists of all pages of all upstreams are one page; a cursor that nobody gave out is refused', async () => {
  const pages = (part: string, count: number) => (method: string, params: any) => {
    if (method !== 'tools/list') return undefined;
    const at = params?.cursor === undefined ? 0 : params.cursor === '' ? 1 : Number(params.cursor);
    const tools = [{ name: `${part}_${at}`, inputSchema: { type: 'object' } }];
    return { result: { tools, ...(at + 1 < count && { nextCursor: at === 0 ? '' : String(at + 1) }) } };
  };
  answerOf = { shop: pages('s', 3), crm: pages('c', 2) };
  const listed = await client.listTools();
  expect(listed.tools.map(({ name }) => name)).toEqual(['shop__s_0', 'shop__s_1', 'shop__s_2', 'crm__c_0', 'crm__c_1']);
  expect(listed.nextCursor).toBeUndefined();
  await expect(client.listTools({ cursor: 'x' })).rejects.toMatchObject({ code: -32602 });
});

test('a list without an end leaves its upstream out, not the others', async () => {
  answerOf = {
    shop: (method) =>
      method === 'prompts/list' ? { result: { prompts: [{ name: 'p' }], nextCursor: 'x' } } : undefined,
    crm: (method) => (method === 'prompts/list' ? { result: { prompts: [{ name: 'q' }] } } : undefined),
  };
  const listed = await client.listPrompts();
  expect(listed.prompts.map(({ name }) => name)).toEqual(['crm__q']);
  expect(listed._meta).toEqual({ 'com.gethelio/unavailable': ['shop'] });
});

describe('questions of the servers', () => {
  test('with the same id at the same time: every answer finds back to who asked', async () => {
    client.setRequestHandler(v1.CreateMessageRequestSchema, async ({ params }) => {
      const { text } = params.messages[0]!.content as { text: string };
      await new Promise((done) => setTimeout(done, text === 'shop asks' ? 50 : 0));
      return { model: 'm', role: 'assistant', content: { type: 'text', text: `to ${text}` } };
    });
    for (const [part, upstream] of [
      ['shop', shop],
      ['crm', crm],
    ] as const) {
      for (const id of [1, '1']) {
        const content = { type: 'text', text: `${part} asks` };
        const params = { messages: [{ role: 'user', content }], maxTokens: 5 };
        upstream.tell({ id, method: 'sampling/createMessage', params });
      }
    }
    const bodies = (upstream: Stateful) =>
      upstream.asked.filter(({ verb, method }) => verb === 'POST' && method === undefined);
    await expect.poll(() => [bodies(shop).length, bodies(crm).length], eventually).toEqual([2, 2]);
    for (const [part, upstream] of [
      ['shop', shop],
      ['crm', crm],
    ] as const) {
      expect(new Set(upstream.answers.map(({ id }) => id))).toEqual(new Set([1, '1']));
      for (const { result } of upstream.answers) expect(result.content.text).toBe(`to ${part} asks`);
    }
  });

  test('a question that is taken back is taken back under the id that the client knows', async () => {
    let aborted: unknown;
    client.setRequestHandler(
      v1.ElicitRequestSchema,
      (_request, { signal }) =>
        new Promise((done) =>
          signal.addEventListener('abort', () => done({ action: 'cancel' } as never), { once: true }),
        ),
    );
    client.onerror = () => {};
    const params = { mode: 'form', message: 'well?', requestedSchema: { type: 'object', properties: {} } };
    const seen: any[] = [];
    const { onmessage } = transport;
    transport.onmessage = (message: any) => {
      seen.push(message);
      if (message.method === 'notifications/cancelled') aborted = message.params.requestId;
      onmessage?.(message);
    };
    crm.tell({ id: 7, method: 'elicitation/create', params });
    await expect.poll(() => seen.length, eventually).toBe(1);
    crm.tell({ method: 'notifications/cancelled', params: { requestId: 7, reason: 'never mind' } });
    await expect.poll(() => aborted, eventually).toBe(seen[0].id);
  });

  test('an elicitation elsewhere, its end and the error that asks for one have one id', async () => {
    const elicitation = { mode: 'url', message: 'go', elicitationId: 'e1', url: 'http://127.0.0.1/x' };
    answerOf['crm'] = (method) =>
      method === 'tools/call'
        ? { error: { code: -32042, message: 'first go there', data: { elicitations: [elicitation] } } }
        : undefined;
    const refused = await client.callTool({ name: 'crm__echo', arguments: {} }).catch((error) => error);
    expect(refused.data.elicitations[0].elicitationId).toBe('crm__e1');
    crm.tell({ method: 'notifications/elicitation/complete', params: { elicitationId: 'e1' } });
    await expect
      .poll(() => news('notifications/elicitation/complete')[0]?.params, eventually)
      .toEqual({ elicitationId: 'crm__e1' });
  });
});

describe('tasks (2025-11-25)', () => {
  const task = (taskId: string, status = 'working') => ({
    taskId,
    status,
    ttl: 60_000,
    createdAt: '2026-01-01T00:00:00Z',
    lastUpdatedAt: '2026-01-01T00:00:00Z',
    pollInterval: 1,
  });
  const related = (taskId: string) => ({ 'io.modelcontextprotocol/related-task': { taskId } });
  const tasks =
    (part: string): StatefulOptions['answer'] =>
    (method, params) => {
      const { taskId } = params ?? {};
      if (method === 'tools/call' && params.task) return { result: { task: task('t1') } };
      if (method === 'tasks/list') return { result: { tasks: [task('t1'), task('t2')] } };
      if (method.startsWith('tasks/') && taskId !== 't1') return { error: { code: -32602, message: 'no such task' } };
      if (method === 'tasks/get') return { result: task(taskId, 'completed') };
      if (method === 'tasks/cancel') return { result: task(taskId, 'cancelled') };
      if (method !== 'tasks/result') return undefined;
      const content = [
        { type: 'text', text: part },
        { type: 'resource_link', uri: 'x://1', name: 'one' },
      ];
      return { result: { content, _meta: related('t1') } };
    };

  test('are created, looked up, listed, cancelled and fetched where they are', async () => {
    answerOf = { shop: tasks('shop'), crm: tasks('crm') };
    const raw = (method: string, params: object) =>
      client.request({ method, params } as never, v1.ResultSchema) as Promise<any>;
    for (const part of ['shop', 'crm']) {
      const taskId = `${part}__t1`;
      const made = await raw('tools/call', { name: `${part}__echo`, arguments: {}, task: { ttl: 60_000 } });
      expect(made.task).toMatchObject({ taskId, status: 'working' });
      expect(await client.experimental.tasks.getTask(taskId)).toMatchObject({ taskId, status: 'completed' });
      expect(await client.experimental.tasks.getTaskResult(taskId, v1.CallToolResultSchema)).toEqual({
        content: [
          { type: 'text', text: part },
          { type: 'resource_link', uri: `${part}+x://1`, name: 'one' },
        ],
        _meta: related(taskId),
      });
      expect(await client.experimental.tasks.cancelTask(taskId)).toMatchObject({ taskId, status: 'cancelled' });
    }
    const { tasks: all } = await client.experimental.tasks.listTasks();
    expect(all.map(({ taskId }) => taskId)).toEqual(['shop__t1', 'shop__t2', 'crm__t1', 'crm__t2']);
    expect(new Set([...shop.asked, ...crm.asked].map(({ params }) => params?.taskId))).toEqual(
      new Set([undefined, 't1']),
    );
    for (const name of ['t1', 'none__t1', 'shopt1'])
      await expect(client.experimental.tasks.getTask(name)).rejects.toMatchObject({ code: -32602 });
  });

  test('news and questions of a task name it as the client knows it, and its answer as the server does', async () => {
    client.setRequestHandler(v1.ElicitRequestSchema, async ({ params }) => {
      expect(params._meta).toEqual(related('shop__t1'));
      return { action: 'accept', content: {}, _meta: related('shop__t1') };
    });
    shop.tell({ method: 'notifications/tasks/status', params: task('t1', 'input_required') });
    await expect
      .poll(() => news('notifications/tasks/status')[0]?.params, eventually)
      .toEqual(task('shop__t1', 'input_required'));
    const requestedSchema = { type: 'object', properties: {} };
    shop.tell({ id: 1, method: 'elicitation/create', params: { message: 'm', requestedSchema, _meta: related('t1') } });
    await expect
      .poll(() => shop.answers, eventually)
      .toEqual([expect.objectContaining({ id: 1, result: { action: 'accept', content: {}, _meta: related('t1') } })]);
  });
});

test('the end of the session ends it at every upstream', async () => {
  await transport.terminateSession();
  expect([shop.sessions.size, crm.sessions.size]).toEqual([0, 0]);
  expect((await send(doors.mcp, undefined, { 'mcp-session-id': 'x' }, 'GET')).status).toBe(404);
});
