/** Clients that dribble what they send, or do not read what they are told, cost bounded time and memory. */
import type { Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpDoor } from '../../../kernel/mcp/doors/http.ts';
import { createNetworkGuard } from '../../../kernel/mcp/network-guard.ts';
import { openDoors, type TestDoors } from './support/doors.ts';
import { startRecorder, type Recorder } from './support/recorder.ts';
import { call, send } from './support/wire.ts';

describe('a client that sends slowly', () => {
  let upstream: Recorder;
  let doors: TestDoors;
  let door: Server;
  let port: number;
  beforeAll(async () => {
    upstream = await startRecorder();
    doors = await openDoors({ url: upstream.url });
    door = createHttpDoor({
      relay: doors.relay,
      guard: () => createNetworkGuard({ host: '127.0.0.1', allowedHosts: [], allowedOrigins: [] }),
      bodyLimitBytes: () => 1e6,
      upstreamAt: () => doors.upstream(),
      other: () => false,
      isDraining: () => false,
      requestTimeoutMs: 600,
    });
    await new Promise<void>((done) => door.listen(0, '127.0.0.1', done));
    port = (door.address() as AddressInfo).port;
  });
  afterAll(async () => {
    door.closeAllConnections();
    door.close();
    await doors.stop();
    await upstream.close();
  });

  /** Writes a byte now and then until the other side ends it; what it was told. */
  async function dribble(text: string): Promise<string> {
    const socket: Socket = connect(port, '127.0.0.1');
    let told = '';
    let at = 0;
    const timer = setInterval(() => at < text.length && socket.writable && socket.write(text[at++]!), 60);
    socket.on('data', (chunk) => (told += chunk));
    socket.on('error', () => {});
    await new Promise((done) => socket.once('close', done));
    clearInterval(timer);
    expect(at).toBeLessThan(text.length);
    return told;
  }
  const head = 'POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n';

  test('its head is not waited for', async () => {
    expect(await dribble(head)).toMatch(/^HTTP\/1\.1 408 /);
  });
  test('its body is not waited for, and the upstream never hears of it', async () => {
    const socket: Socket = connect(port, '127.0.0.1');
    let told = '';
    socket.on('data', (chunk) => (told += chunk));
    socket.write(`${head}\r\n`);
    const timer = setInterval(() => socket.writable && socket.write(' '), 60);
    await new Promise((done) => socket.once('close', done));
    clearInterval(timer);
    expect(told).toMatch(/^HTTP\/1\.1 408 /);
    expect(upstream.requests).toEqual([]);
  });
  test('an answer may take as long as it likes', async () => {
    upstream.respond = (_request, response) =>
      void setTimeout(
        () =>
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}'),
        1_500,
      );
    const answer = await send(new URL(`http://127.0.0.1:${port}/mcp`), call('echo'));
    expect(JSON.parse(answer.text)).toEqual({ jsonrpc: '2.0', id: 1, result: { content: [] } });
  });
});

describe('a client that does not read', () => {
  const big = 'x'.repeat(64 * 1024);
  /** A child that answers `flood` with that much progress before its result, and `quick` at once. */
  const script = `
    const big = ${JSON.stringify(big)};
    const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, method, params } = JSON.parse(line);
      const modern = params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
      const answer = (result) => send({ id, result: { ...result, ...(modern && { resultType: 'complete' }) } });
      if (id === undefined) return;
      if (method === 'server/discover') return answer({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } });
      if (method === 'initialize')
        return answer({ protocolVersion: params.protocolVersion, capabilities: {}, serverInfo: { name: 'c', version: '1' } });
      if (method === 'tools/list')
        return answer({ tools: ['flood', 'quick'].map((name) => ({ name, inputSchema: { type: 'object' } })) });
      if (params.name === 'quick') return answer({ content: [], quick: true });
      for (let progress = 1; progress <= params.arguments.count; progress++)
        send({ method: 'notifications/progress', params: { progressToken: params._meta.progressToken, progress, message: big } });
      answer({ content: [], flooded: true });
    });`;
  let doors: TestDoors;
  beforeAll(async () => {
    doors = await openDoors({ command: process.execPath, args: ['-e', script] });
  });
  afterAll(() => doors.stop());
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    progressToken: 'p',
  };
  const modern = (name: string, args: object) =>
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args, _meta: meta } });
  const headers = (name: string) => ({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': name,
  });

  test('on a child that all share: it is cut off, and others are served meanwhile', async () => {
    const body = modern('flood', { count: 800 });
    const socket: Socket = connect(Number(doors.mcp.port), '127.0.0.1');
    socket.pause();
    const lines = Object.entries({ ...headers('flood'), accept: 'application/json, text/event-stream' });
    socket.write(
      `POST /mcp HTTP/1.1\r\nhost: ${doors.mcp.host}\r\ncontent-type: application/json\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}content-length: ${body.length}\r\n\r\n${body}`,
    );
    await expect
      .poll(() => doors.gate.landings.at(-1), { timeout: 20_000 })
      .toEqual({
        kind: 'unknown',
        reason: 'the client does not read what it is told',
      });
    const quick = await send(doors.mcp, modern('quick', {}), headers('quick'));
    expect(quick.text).toContain('"quick":true');
    socket.destroy();
  });

  test('one that reads gets all of it, in order', async () => {
    const answer = await send(doors.mcp, modern('flood', { count: 300 }), headers('flood'));
    const seen = [...answer.text.matchAll(/"progress":(\d+)/g)].map((match) => Number(match[1]));
    expect(seen).toEqual(Array.from({ length: 300 }, (_, at) => at + 1));
    expect(answer.text).toContain('"flooded":true');
  });
});
