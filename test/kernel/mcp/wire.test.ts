/** The client that speaks HTTP/1.1 to upstreams, against a server that writes raw bytes. */
import fc from 'fast-check';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Connections, type WireExchange } from '../../../kernel/mcp/upstreams/wire/connections.ts';

interface Told {
  readonly status: number | undefined;
  readonly headers: object;
  readonly body: string;
  readonly chunks: number;
  readonly error: string | undefined;
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Answers every request with the next list of pieces, each written by itself; `close` ends the connection. */
async function rawServer(...answers: (readonly string[])[]) {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let text = '';
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', async (bytes) => {
      text += bytes.toString('latin1');
      const length = Number(/content-length: (\d+)/.exec(text)?.[1] ?? 0);
      const end = text.indexOf('\r\n\r\n');
      if (end < 0 || text.length < end + 4 + length) return;
      requests.push(text);
      text = '';
      for (const piece of answers.shift() ?? []) {
        if (piece === 'close') socket.end();
        else if (piece === 'reset') socket.resetAndDestroy();
        else socket.write(piece, 'latin1');
        await new Promise((done) => setImmediate(done));
      }
    });
  });
  let opened = 0;
  server.on('connection', () => (opened += 1));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const connections = new Connections(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`), 2_000);
  closing.push(
    () => connections.close('now'),
    () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((done) => server.close(done));
    },
  );
  return { connections, requests, sockets, opened: () => opened };
}

function ask(connections: Connections, body?: string, onHead?: (exchange: () => WireExchange) => void): Promise<Told> {
  return new Promise((resolve) => {
    let status: number | undefined;
    let headers: object = {};
    const chunks: Buffer[] = [];
    const done = (error?: string) =>
      resolve({ status, headers, body: Buffer.concat(chunks).toString('latin1'), chunks: chunks.length, error });
    const exchange = connections.send(
      { verb: 'POST', path: '/mcp', headers: ['x-one', '1'], body: body === undefined ? undefined : Buffer.from(body) },
      {
        head(code, all) {
          status = code;
          headers = all;
          onHead?.(() => exchange);
        },
        chunk: (bytes) => chunks.push(bytes),
        end: () => done(),
        failed: (error) => done(error.message),
      },
    );
  });
}

const ok = (body: string, more = '') => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${more}\r\n${body}`;

describe('requests', () => {
  test('say host, length and the given headers, and carry the body byte for byte', async () => {
    const { connections, requests } = await rawServer([ok('yes')]);
    await ask(connections, '{"é":1}');
    expect(requests[0]).toMatch(/^POST \/mcp HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\nconnection: keep-alive\r\n/);
    expect(requests[0]).toContain('\r\nx-one: 1\r\ncontent-length: 8\r\n\r\n');
    expect(Buffer.from(requests[0]!.split('\r\n\r\n')[1]!, 'latin1').toString()).toBe('{"é":1}');
  });

  test('carry a large body whole', async () => {
    const { connections, requests } = await rawServer([ok('yes')]);
    await ask(connections, 'x'.repeat(3_000_000));
    expect(requests[0]!.length).toBeGreaterThan(3_000_000);
    expect(requests[0]!.endsWith('x'.repeat(1000))).toBe(true);
  });

  test.each([
    ['a line break in a value', ['x-one', 'a\r\nx-two: b']],
    ['a NUL in a value', ['x-one', 'a\0b']],
    ['a character that is not Latin-1', ['x-one', '\u2713']],
    ['a space in a name', ['x one', 'a']],
    ['a line break in a name', ['x\r\ny', 'a']],
    ['no name', ['', 'a']],
  ])('are not sent with %s', async (_what, headers) => {
    const { connections, requests } = await rawServer([ok('yes')]);
    const told = await new Promise<string>((resolve) => {
      const exchange = connections.send(
        { verb: 'POST', path: '/mcp', headers, body: undefined },
        { head() {}, chunk() {}, end: () => resolve('sent'), failed: (error) => resolve(error.message) },
      );
      expect(exchange.wasSent).toBe(false);
    });
    expect(told).toContain('cannot be sent');
    expect(requests).toEqual([]);
  });
});

describe('answers', () => {
  const answers: readonly (readonly [string, string, Partial<Told>])[] = [
    ['with a length', ok('hello'), { status: 200, body: 'hello' }],
    ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204, body: '' }],
    ['with an empty body', ok(''), { status: 200, body: '' }],
    ['without a reason phrase', 'HTTP/1.1 202\r\ncontent-length: 0\r\n\r\n', { status: 202 }],
    [
      'after an informational one',
      `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${ok('now')}`,
      { status: 200, body: 'now' },
    ],
    [
      'in chunks, with extensions and trailers',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nx-sum: 1\r\n\r\n',
      { status: 200, body: 'hello!' },
    ],
    [
      'with a header that stands there twice',
      ok('x', 'Set-Cookie: a\r\nset-cookie: b\r\n'),
      { headers: { 'content-length': '1', 'set-cookie': ['a', 'b'] } },
    ],
  ];

  test.each(answers)('%s are read however they are cut', async (_what, answer, expected) => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: answer.length - 1 }), { maxLength: 12 }),
        async (cuts) => {
          const places = [0, ...cuts.sort((a, b) => a - b), answer.length];
          const pieces = places.slice(1).map((end, index) => answer.slice(places[index], end));
          const { connections } = await rawServer(pieces);
          expect(await ask(connections, '{}')).toMatchObject({ error: undefined, ...expected });
        },
      ),
      { numRuns: 25 },
    );
  });

  test('without a length end with the connection', async () => {
    const { connections } = await rawServer(['HTTP/1.1 200 OK\r\n\r\nto the ', 'end', 'close']);
    expect(await ask(connections)).toMatchObject({ status: 200, body: 'to the end', error: undefined });
  });

  test('of a known length come in one piece, streams as they arrive', async () => {
    const half = 'h'.repeat(50_000);
    const stream = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    const { connections } = await rawServer(
      [ok(half + half).slice(0, 50_000), ok(half + half).slice(50_000)],
      [stream, '3\r\none\r\n', '3\r\ntwo\r\n', '0\r\n\r\n'],
    );
    expect(await ask(connections)).toMatchObject({ body: half + half, chunks: 1 });
    expect(await ask(connections)).toMatchObject({ body: 'onetwo', chunks: 2 });
  });

  test.each([
    ['no HTTP', 'SSH-2.0-server\r\n\r\n', 'status line'],
    ['another version', 'HTTP/2 200 OK\r\n\r\n', 'status line'],
    ['a bare line feed', 'HTTP/1.1 200 OK\r\ncontent-length: 2\nx: y\r\n\r\nhi', 'forbidden character'],
    ['a folded line', 'HTTP/1.1 200 OK\r\nx: a\r\n b: c\r\ncontent-length: 0\r\n\r\n', 'header line'],
    ['a space before a colon', 'HTTP/1.1 200 OK\r\ncontent-length : 0\r\n\r\n', 'header line'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      'both',
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nabc', 'length'],
    ['a length with a sign', 'HTTP/1.1 200 OK\r\ncontent-length: +3\r\n\r\nabc', 'length'],
    ['a list of lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 3, 3\r\n\r\nabc', 'length'],
    ['an unknown coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n', 'transfer encoding'],
    ['a chunk of no size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n', 'size of a chunk'],
    ['a negative chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n', 'size of a chunk'],
    ['a chunk longer than it says', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n', 'longer'],
    [
      'a bare line feed between chunks',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n',
      'between',
    ],
    ['a switch of protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 'switched'],
    ['a head without end', `HTTP/1.1 200 OK\r\n${'x: yyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(4_000)}`, 'too long'],
  ])('with %s are refused', async (_what, answer, reason) => {
    const { connections, sockets } = await rawServer([answer]);
    expect((await ask(connections)).error).toContain(reason);
    await expect.poll(() => sockets.size).toBe(0);
  });

  test('that are cut off are failures, not short answers', async () => {
    for (const end of ['close', 'reset']) {
      for (const begun of [
        ok('0123456789').slice(0, -4),
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel',
      ]) {
        const { connections } = await rawServer([begun, end]);
        const told = await ask(connections);
        expect(told.error).toMatch(/lost|ECONNRESET/);
      }
    }
  });
});

describe('connections', () => {
  test('carry one request after the other', async () => {
    const { connections, opened } = await rawServer([ok('one')], [ok('two')], [ok('three')]);
    for (const body of ['one', 'two', 'three']) expect(await ask(connections)).toMatchObject({ body });
    expect(opened()).toBe(1);
  });

  test.each([
    ['it says close', 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi'],
    ['it is HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi'],
    ['the server is about to close it', ok('hi', 'keep-alive: timeout=1\r\n')],
  ])('are not used again when %s', async (_why, answer) => {
    const { connections, opened } = await rawServer([answer], [ok('next')]);
    expect(await ask(connections)).toMatchObject({ body: 'hi' });
    expect(await ask(connections)).toMatchObject({ body: 'next' });
    expect(opened()).toBe(2);
  });

  test('never give the next request the bytes that came after an answer', async () => {
    const smuggled = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged';
    const { connections } = await rawServer(
      [ok('mine') + smuggled],
      [ok('true')],
      [ok('more'), smuggled],
      [ok('true')],
    );
    expect(await ask(connections)).toMatchObject({ body: 'mine' });
    expect(await ask(connections)).toMatchObject({ body: 'true' });
    expect(await ask(connections)).toMatchObject({ body: 'more' });
    await new Promise((done) => setTimeout(done, 20));
    expect(await ask(connections)).toMatchObject({ body: 'true' });
  });

  test('that were aborted are closed, and others go on', async () => {
    const { connections, sockets } = await rawServer(
      ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'],
      [ok('two')],
    );
    const told = await ask(connections, '{}', (exchange) => setImmediate(() => exchange().abort(new Error('enough'))));
    expect(told).toMatchObject({ status: 200, error: 'enough' });
    expect(await ask(connections)).toMatchObject({ body: 'two' });
    expect(sockets.size).toBe(1);
  });

  test('that somebody paused serve the next request', async () => {
    const { connections, opened } = await rawServer(
      ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n'],
      [ok('two')],
    );
    await ask(connections, '{}', (exchange) => exchange().pause());
    expect(await ask(connections)).toMatchObject({ body: 'two' });
    expect(opened()).toBe(1);
  });

  test('abort of an exchange that is over harms nobody', async () => {
    const { connections } = await rawServer([ok('one')], [ok('two')]);
    let first: (() => WireExchange) | undefined;
    await ask(connections, '{}', (exchange) => (first = exchange));
    const second = ask(connections);
    first!().abort(new Error('too late'));
    expect(await second).toMatchObject({ body: 'two', error: undefined });
  });

  test('to nobody say that nothing was sent', async () => {
    const connections = new Connections(new URL('http://127.0.0.1:1/mcp'), 2_000);
    const told = await new Promise<{ error: Error & { code?: string }; sent: boolean }>((resolve) => {
      const exchange: WireExchange = connections.send(
        { verb: 'POST', path: '/mcp', headers: [], body: Buffer.from('{}') },
        { head() {}, chunk() {}, end() {}, failed: (error) => resolve({ error, sent: exchange.wasSent }) },
      );
    });
    expect(told).toMatchObject({ error: { code: 'ECONNREFUSED' }, sent: false });
    await connections.close('now');
  });

  test('close when idle after the last answer, and take nothing new', async () => {
    const { connections, sockets } = await rawServer(['HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n', 'la', 'st']);
    const last = ask(connections);
    await expect.poll(() => sockets.size).toBe(1);
    const closed = connections.close('when_idle');
    expect(await ask(connections)).toMatchObject({ error: 'the upstream was closed' });
    expect(await last).toMatchObject({ body: 'last', error: undefined });
    await closed;
    await expect.poll(() => sockets.size).toBe(0);
  });
});

describe('an https upstream', () => {
  async function tlsServer() {
    const pem = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url));
    const server = createTlsServer({ key: pem('key'), cert: pem('certificate') }, (_request, response) =>
      response.end('safe'),
    );
    let opened = 0;
    server.on('secureConnection', () => (opened += 1));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = new URL(`https://localhost:${(server.address() as AddressInfo).port}/mcp`);
    const connections = new Connections(url, 2_000);
    closing.push(
      () => connections.close('now'),
      () => new Promise((done) => server.close(done)),
    );
    return { connections, opened: () => opened };
  }

  test('whose certificate nobody vouches for gets nothing', async () => {
    const { connections } = await tlsServer();
    expect(await ask(connections)).toMatchObject({ status: undefined, error: expect.stringContaining('self-signed') });
  });

  test('is spoken to over one connection', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    closing.unshift(async () => vi.unstubAllEnvs());
    const { connections, opened } = await tlsServer();
    for (let time = 0; time < 3; time += 1) expect(await ask(connections, '{}')).toMatchObject({ body: 'safe' });
    expect(opened()).toBe(1);
  });
});
