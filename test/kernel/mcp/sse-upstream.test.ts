/** A legacy sse upstream that drops its connections: sessions go on, calls in flight fail clearly. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { upstreamEntry } from '../../../kernel/mcp/config.ts';
import { openDoors, type TestDoors } from './support/doors.ts';
import { startRecorder } from './support/recorder.ts';
import { openStream, send } from './support/wire.ts';

let server: Server;
let url: string;
let doors: TestDoors;
let foreign = false;
const streams = new Map<string, ServerResponse>();
let opened = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    const at = new URL(request.url!, 'http://x');
    if (request.method === 'GET') {
      const id = String(++opened);
      streams.set(id, response);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return void response.write(`event: endpoint\ndata: ${foreign ? 'http://127.0.0.1:9' : ''}/m?s=${id}\n\n`);
    }
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      response.writeHead(202).end('Accepted');
      const { id, method, params } = JSON.parse(body);
      const stream = streams.get(at.searchParams.get('s')!)!;
      const answer = (result: object) =>
        stream.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`);
      if (method === 'initialize')
        answer({ protocolVersion: '2024-11-05', capabilities: {}, serverInfo: { name: 's', version: '1' } });
      else if (method === 'tools/call' && params.name === 'drop') stream.destroy();
      else if (method === 'tools/call' && params.name !== 'never')
        setTimeout(
          () => answer({ content: [], echoed: params.arguments, stream: at.searchParams.get('s') }),
          params.arguments.ms ?? 0,
        );
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sse`;
  doors = await openDoors({ url, transport: 'sse' });
});
afterAll(async () => {
  await doors.stop();
  server.closeAllConnections();
  server.close();
});

async function openSession() {
  const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const answer = await send(doors.mcp, JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }));
  return { 'mcp-session-id': String(answer.headers['mcp-session-id']) };
}
const called = (name: string, args: object, id: unknown = 1) =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } });

test('100 clients with the same id never cross', async () => {
  const answers = await Promise.all(
    Array.from({ length: 100 }, async (_, who) => {
      const session = await openSession();
      return JSON.parse((await send(doors.mcp, called('echo', { who, ms: who % 5 }, 'same'), session)).text) as {
        id: string;
        result: { echoed: { who: number } };
      };
    }),
  );
  answers.forEach((answer, who) => expect(answer).toMatchObject({ id: 'same', result: { echoed: { who } } }));
});

test('after a drop the session goes on, on a new connection, and what was in flight is unknown', async () => {
  const session = await openSession();
  const landed = doors.gate.landings.length;
  const [never, drop] = await Promise.all([
    send(doors.mcp, called('never', {}, 1), session),
    send(doors.mcp, called('drop', {}, 2), session),
  ]);
  expect(JSON.parse(never.text)).toMatchObject({ id: 1, error: { code: -32603 } });
  expect(JSON.parse(drop.text)).toMatchObject({ id: 2, error: { code: -32603 } });
  expect(doors.gate.landings.slice(landed).every((landing) => landing.kind === 'unknown')).toBe(true);
  for (let n = 0; n < 3; n++) {
    expect(JSON.parse((await send(doors.mcp, called('echo', { n }, 3 + n), session)).text)).toMatchObject({
      result: { echoed: { n } },
    });
    await send(doors.mcp, called('drop', {}, 100 + n), session);
  }
});

test('an endpoint of another origin is not used', async () => {
  foreign = true;
  const answer = await openSession().catch(() => ({ 'mcp-session-id': 'undefined' }));
  foreign = false;
  expect(answer['mcp-session-id']).toBe('undefined');
});

test('a reload changes the upstream for the next call and drops no stream in flight', async () => {
  const before = await startRecorder((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
    finish = () => response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id: 1, result: { from: 'before' } })}\n\n`);
  });
  let finish: () => void = () => {};
  const after = await startRecorder();
  const own = await openDoors({ url: before.url });
  const client = await openStream(own.mcp, called('echo', {}));
  await client.until('open');
  const listen = {
    host: '127.0.0.1',
    port: 1,
    allow_remote: false,
    allowed_origins: [],
    allowed_hosts: [],
    body_limit: 1e6,
    drain_timeout: 1000,
    separator: '__',
  };
  expect(own.configure({ listen, upstreams: { default: upstreamEntry.parse({ url: after.url }) } })).toEqual([
    'listen.port',
  ]);
  expect((await send(own.mcp, called('echo', {}))).status).toBe(200);
  expect(after.requests).toHaveLength(1);
  finish();
  await client.ended;
  expect(client.text()).toContain('"from":"before"');
  await Promise.all([own.stop(), before.close(), after.close()]);
});
