/** The client that speaks HTTP/1.1 to upstreams, against a server that writes raw bytes. */
import fc from 'fast-check';
import { createServer, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { UpstreamConfig } from '../../../kernel/mcp/config.ts';
import type { Leg, Receiver } from '../../../kernel/mcp/upstream.ts';
import { createHttpUpstream } from '../../../kernel/mcp/upstreams/http.ts';
import { Connections, type WireExchange } from '../../../kernel/mcp/upstreams/wire/connections.ts';
import { createDial } from '../../../kernel/mcp/upstreams/wire/dial.ts';
import { quiet } from './support/doors.ts';

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
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const connections = new Connections(new URL(url), 2_000);
  closing.push(
    () => connections.close('now'),
    () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((done) => server.close(done));
    },
  );
  return { url, connections, requests, sockets, opened: () => opened };
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
    ['a length of its own', ['content-length', '7']],
    ['a transfer coding', ['transfer-encoding', 'chunked']],
    ['a word on the connection', ['connection', 'close']],
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

describe('the first line and the host', () => {
  test.each(['/a b', '/a\r\nx-two: b', '/a\0'])('are not sent with the path %j', async (path) => {
    const { connections, requests } = await rawServer([ok('yes')]);
    const told = await new Promise<string>((resolve) => {
      const receiver = { head() {}, chunk() {}, end: () => resolve('sent'), failed: (e: Error) => resolve(e.message) };
      connections.send({ verb: 'GET', path, headers: [], body: undefined }, receiver);
    });
    expect(told).toContain('cannot be sent');
    expect(requests).toEqual([]);
  });

  test('name one host: the one that the config gives', async () => {
    const { connections, requests } = await rawServer([ok('yes')]);
    await new Promise<void>((end) => {
      const receiver = { head() {}, chunk() {}, end, failed: () => end() };
      connections.send({ verb: 'GET', path: '/', headers: ['host', 'mcp.test'], body: undefined }, receiver);
    });
    expect(requests[0]!.match(/^host: .*$/gm)).toEqual(['host: mcp.test']);
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
    ['a length behind a vertical tab', 'HTTP/1.1 200 OK\r\ncontent-length: \x0b2\r\n\r\nhi', 'forbidden character'],
    ['a length behind a hard space', 'HTTP/1.1 200 OK\r\ncontent-length: \xa02\r\n\r\nhi', 'length'],
    ['a line feed before a line end', 'HTTP/1.1 200 OK\r\nx: y\n\r\ncontent-length: 0\r\n\r\n', 'forbidden character'],
    ['a bare carriage return', 'HTTP/1.1 200 OK\r\nx: y\r\r\ncontent-length: 0\r\n\r\n', 'forbidden character'],
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
    [
      'it is HTTP/1.0 in chunks',
      'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    ],
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

  test('are not used again after an answer that may have no body and names its length', async () => {
    const { connections, opened } = await rawServer(
      ['HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n'],
      [ok('two')],
    );
    expect(await ask(connections)).toMatchObject({ status: 204, body: '' });
    expect(await ask(connections)).toMatchObject({ body: 'two' });
    expect(opened()).toBe(2);
  });

  test.each([
    ['head', ok('')],
    ['chunk', ok('all')],
    ['chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nall\r\n0\r\n\r\n'],
  ])('that were aborted at the last %s of an answer are not used again', async (when, answer) => {
    const { connections } = await rawServer([answer], [ok('two')]);
    const told = await new Promise<string>((resolve) => {
      const abort = () => exchange.abort(new Error('enough'));
      const exchange: WireExchange = connections.send(
        { verb: 'POST', path: '/mcp', headers: [], body: undefined },
        {
          head: () => void (when === 'head' && abort()),
          chunk: () => void (when === 'chunk' && abort()),
          end: () => resolve('ended'),
          failed: (error) => resolve(error.message),
        },
      );
    });
    expect(told).toBe('enough');
    expect(await ask(connections)).toMatchObject({ body: 'two', error: undefined });
  });

  test('do not keep what they sent', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { connections } = await rawServer([ok('one')], [ok('two')]);
    const sent = await (async () => {
      const body = Buffer.alloc(100_000, 'x');
      await new Promise<void>((end) => {
        const receiver = { head() {}, chunk() {}, end, failed: () => end() };
        connections.send({ verb: 'POST', path: '/', headers: [], body }, receiver);
      });
      return new WeakRef(body);
    })();
    expect(await ask(connections)).toMatchObject({ body: 'two' });
    await expect
      .poll(() => {
        collect();
        return sent.deref() === undefined;
      })
      .toBe(true);
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
  async function tlsServer(more: ServerOptions = {}) {
    const pem = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url));
    const server = createTlsServer({ ...more, key: pem('key'), cert: pem('certificate') }, (_request, response) =>
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
    return { server, url, connections, opened: () => opened };
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

  test('that is silent for hours is looked after as a plain one is', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    closing.unshift(async () => vi.unstubAllEnvs());
    const { url } = await tlsServer();
    const alive = vi.spyOn(Socket.prototype, 'setKeepAlive');
    const noDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
    closing.unshift(async () => vi.restoreAllMocks());
    await new Promise<void>((open) => {
      const socket = createDial(url)(() => {}, open);
      closing.unshift(async () => void socket.destroy());
    });
    expect(alive).toHaveBeenCalledWith(true, 60_000);
    expect(noDelay).toHaveBeenCalledWith(true);
  });

  test('that lost its sessions is reached again by a new handshake', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    closing.unshift(async () => vi.unstubAllEnvs());
    const noTicket = 1 << 14;
    const { server, connections } = await tlsServer({ maxVersion: 'TLSv1.2', secureOptions: noTicket });
    const given = new Set<string>();
    server.on('newSession', (id: Buffer, _session, done: () => void) => {
      given.add(id.toString('hex'));
      done();
    });
    let broken = 0;
    server.on('resumeSession', (id: Buffer, done: (error: Error | null, session: null) => void) => {
      const isKnown = given.has(id.toString('hex'));
      if (isKnown) broken += 1;
      done(isKnown ? new Error('lost') : null, null);
    });
    expect(await ask(connections)).toMatchObject({ body: 'safe', error: undefined });
    await Promise.all([ask(connections), ask(connections)]); // the second needs a new connection
    expect(broken).toBe(1);
    expect(await Promise.all([ask(connections), ask(connections)])).toMatchObject([{ body: 'safe' }, { body: 'safe' }]);
  });
});

describe('an HTTP upstream', () => {
  const gzipped = (bytes: Buffer) =>
    `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bytes.length}\r\n\r\n${bytes.toString('latin1')}`;

  /** What the receiver was told, one word each. `at` runs when it is told so. */
  function tell(url: string, at: { [word: string]: ((leg: Leg) => void) | undefined } = {}) {
    const config = { connect_timeout: 2_000, timeout: 2_000, auth: 'none' } as UpstreamConfig;
    const upstream = createHttpUpstream({ name: 'u', config: { ...config, url }, log: quiet });
    closing.unshift(() => upstream.close('now'));
    const words: string[] = [];
    let bytes = 0;
    const over = new Promise<void>((done) => {
      const told = (word: string) => {
        words.push(word);
        try {
          at[word.split(':')[0]!]?.(leg);
        } finally {
          if (word !== 'head' && word !== 'chunk') setTimeout(done, 50); // time for what must not come after it
        }
      };
      const receiver: Receiver = {
        head: () => told('head'),
        chunk(chunk) {
          bytes += chunk.length;
          told('chunk');
        },
        end: () => told('end'),
        failed: (reason, sent) => told(`failed: ${reason}, sent: ${sent}`),
      };
      const leg: Leg = upstream.exchange({ verb: 'POST', era: 'modern', headers: {}, session: undefined }, receiver);
    });
    return { words, over, bytes: () => bytes };
  }

  test('that encodes an answer of no bytes gave an empty answer', async () => {
    const { url } = await rawServer(['HTTP/1.1 202 Accepted\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n']);
    const { words, over } = tell(url);
    await over;
    expect(words).toEqual(['head', 'end']);
  });

  test('is told to have failed once, and nothing after it, when the caller leaves while its answer is decoded', async () => {
    const { url } = await rawServer([gzipped(gzipSync(Buffer.alloc(4_000_000)))]);
    const { words, over } = tell(url, { chunk: (leg) => leg.abort('cancelled') });
    await over;
    expect(words).toEqual(['head', 'chunk', 'failed: cancelled, sent: true']);
  });

  test('whose decoded answer nobody can take has failed, and Helio lives', async () => {
    const { url } = await rawServer([gzipped(gzipSync(Buffer.alloc(4_000_000)))]);
    const { words, over } = tell(url, {
      chunk() {
        throw new RangeError('an event is too large');
      },
    });
    await over;
    expect(words).toEqual(['head', 'chunk', 'failed: an event is too large, sent: true']);
  });

  test('whose answer cannot be decoded has failed, and its connection is closed', async () => {
    const { url, sockets } = await rawServer([`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\nno gzip at all`]);
    const { words, over } = tell(url);
    await over;
    expect(words).toEqual(['head', expect.stringContaining('could not be decoded')]);
    await expect.poll(() => sockets.size).toBe(0);
  });

  test('is decoded no further than its client reads', async () => {
    const { url } = await rawServer([gzipped(gzipSync(Buffer.alloc(50_000_000)))]);
    const { words, bytes, over } = tell(url, { head: (leg) => setImmediate(() => leg.pause()) });
    await Promise.race([over, new Promise((done) => setTimeout(done, 300))]);
    expect(words).not.toContain('end');
    expect(bytes()).toBeLessThan(25_000_000);
  });

  test('whose end nobody can take has failed', async () => {
    for (const answer of [[ok('x')], ['HTTP/1.1 200 OK\r\n\r\nx', 'close'], [gzipped(gzipSync('x'))]]) {
      const { url } = await rawServer(answer);
      const { words, over } = tell(url, {
        end() {
          throw new Error('no such answer');
        },
      });
      await over;
      await expect.poll(() => words).toEqual(['head', 'chunk', 'end', 'failed: no such answer, sent: true']);
    }
  });

  test('that cannot be reached is not named to the agent', async () => {
    const { words, over } = tell('http://255.255.255.255:9/mcp');
    await over;
    expect(words).toEqual([expect.stringMatching(/^failed: the connection failed \(E[A-Z]+\), sent: false$/)]);
  });
});
