/** What passes through unchanged, and how both sides learn that the other is gone. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { errorAnswer, resultAnswer } from '../../../kernel/answer.ts';
import { openDoors, quiet, type TestDoors } from './support/doors.ts';
import { echo, startRecorder, type Recorder, type Respond } from './support/recorder.ts';
import { call, openStream, send } from './support/wire.ts';

let upstream: Recorder;
let doors: TestDoors;
beforeAll(async () => {
  upstream = await startRecorder();
  doors = await openDoors({ url: upstream.url, headers: { 'x-api-key': 'from-config' } });
});
afterAll(async () => {
  await doors.stop();
  await upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.respond = echo;
  const { gate } = doors;
  gate.refusals.length = gate.calls.length = gate.landings.length = gate.seen.length = 0;
  gate.judge = gate.after = undefined;
});

const json =
  (status: number, body: string, headers = {}): Respond =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
const result = (id: unknown, value: object) => JSON.stringify({ jsonrpc: '2.0', id, result: value });
const event = (message: string, id?: string) =>
  `event: message\n${id === undefined ? '' : `id: ${id}\n`}data: ${message}\n\n`;

/** A stream that a test writes by hand. */
function script(): {
  readonly respond: Respond;
  readonly opened: Promise<{ write(text: string): void; end(): void; dropped: Promise<void> }>;
} {
  let open: (stream: { write(text: string): void; end(): void; dropped: Promise<void> }) => void;
  const opened = new Promise<{ write(text: string): void; end(): void; dropped: Promise<void> }>(
    (done) => (open = done),
  );
  const respond: Respond = (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-own': 'yes' });
    response.flushHeaders();
    open({ write: (text) => void response.write(text), end: () => void response.end(), dropped: request.dropped });
  };
  return { respond, opened };
}

describe('headers and statuses', () => {
  test('the upstream gets the client’s headers, those of the config, and none of the connection', async () => {
    await send(doors.mcp, call('echo'), {
      authorization: 'Bearer t',
      'x-custom': 'yes',
      'x-api-key': 'from-client',
      cookie: 'a=b',
      te: 'trailers',
      connection: 'keep-alive, x-drop',
      'x-drop': 'me',
      'keep-alive': 'timeout=5',
      'x-helio-session-id': 's',
      'mcp-session-id': 'abc',
      'accept-encoding': 'gzip',
      'last-event-id': '7',
      'user-agent': 'u',
    });
    const { headers, body } = upstream.requests[0]!;
    expect(headers).toMatchObject({
      authorization: 'Bearer t',
      'x-custom': 'yes',
      'x-api-key': 'from-config',
      cookie: 'a=b',
      'mcp-session-id': 'abc',
      'last-event-id': '7',
      'user-agent': 'u',
      'accept-encoding': 'identity',
    });
    for (const gone of ['te', 'x-drop', 'keep-alive', 'x-helio-session-id']) expect(headers).not.toHaveProperty(gone);
    expect(body).toBe(call('echo'));
  });

  test('with forward_headers only those go on, beside MCP’s own', async () => {
    const strict = await openDoors({ url: upstream.url, forward_headers: ['X-Tenant'], auth: 'none' });
    await send(strict.mcp, call('echo'), {
      authorization: 'Bearer t',
      'x-custom': 'yes',
      'x-tenant': '7',
      'mcp-session-id': 'abc',
    });
    await strict.stop();
    const { headers } = upstream.requests[0]!;
    expect(headers).toMatchObject({ 'x-tenant': '7', 'mcp-session-id': 'abc', 'content-type': 'application/json' });
    expect(headers).not.toHaveProperty('x-custom');
    expect(headers).not.toHaveProperty('authorization');
  });

  test('a header that a plugin set goes on', async () => {
    doors.gate.judge = async (incoming) => {
      await incoming.forward({
        callId: 'c',
        decision: { effect: 'allow', verdicts: [] },
        headers: new Map([
          ['x-signed', 'yes'],
          ['x-api-key', 'plugin'],
        ]),
      });
      return { kind: 'as_landed' };
    };
    await send(doors.mcp, call('echo'));
    expect(upstream.requests[0]!.headers).toMatchObject({ 'x-signed': 'yes', 'x-api-key': 'plugin' });
  });

  test('the client gets the upstream’s bytes and headers', async () => {
    const body = '{ "jsonrpc":"2.0",\n "result":{"content":[],"big":9007199254740993}, "id":1 }';
    upstream.respond = json(200, body, {
      'x-request-id': '7',
      'set-cookie': ['a=1', 'b=2'],
      'mcp-session-id': 's-1',
      connection: 'close, x-hop',
      'x-hop': 'no',
    });
    const answer = await send(doors.mcp, call('echo'));
    expect(answer.text).toBe(body);
    expect(answer.headers).toMatchObject({
      'x-request-id': '7',
      'set-cookie': ['a=1', 'b=2'],
      'mcp-session-id': 's-1',
      'content-length': String(body.length),
    });
    expect(answer.headers).not.toHaveProperty('x-hop');
  });

  test.each([401, 403, 404, 405, 413, 415])(
    'HTTP %d is a call that was not sent, and passes as it is',
    async (status) => {
      upstream.respond = (_request, response) =>
        void response
          .writeHead(status, { 'www-authenticate': 'Bearer realm="x"', 'content-type': 'text/plain' })
          .end('no');
      const answer = await send(doors.mcp, call('echo'));
      expect(answer).toMatchObject({ status, text: 'no' });
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="x"');
      expect(doors.gate.landings).toEqual([
        { kind: 'not_sent', reason: `the upstream refused with HTTP ${status}`, passThrough: true },
      ]);
    },
  );

  test.each([400, 429, 500, 502, 503])('HTTP %d may have acted, and passes as it is', async (status) => {
    upstream.respond = (_request, response) => void response.writeHead(status, { 'retry-after': '3' }).end('oops');
    const answer = await send(doors.mcp, call('echo'));
    expect(answer).toMatchObject({ status, text: 'oops' });
    expect(answer.headers['retry-after']).toBe('3');
    expect(doors.gate.landings[0]).toMatchObject({ kind: 'answer', acted: true, status });
  });

  test.each([
    [-32700, false],
    [-32600, false],
    [-32601, false],
    [-32602, false],
    [-32603, true],
    [-32000, true],
    [4001, true],
  ])('the error %d means acted: %s', async (code, acted) => {
    upstream.respond = json(200, JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code, message: 'm' } }));
    await send(doors.mcp, call('echo'));
    expect(doors.gate.landings[0]).toMatchObject({ kind: 'answer', acted, answer: { kind: 'error', isError: true } });
  });

  test('a redirect is not followed', async () => {
    upstream.respond = (_request, response) => void response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end();
    const answer = await send(doors.mcp, call('echo'));
    expect(answer.status).toBe(307);
    expect(upstream.requests).toHaveLength(1);
  });

  test('a connection refused is a call that was not sent', async () => {
    const gone = await startRecorder();
    await gone.close();
    const nowhere = await openDoors({ url: gone.url });
    const answer = await send(nowhere.mcp, call('echo', {}, 'x'));
    await nowhere.stop();
    expect(JSON.parse(answer.text)).toMatchObject({ id: 'x', error: { code: -32603 } });
    expect(nowhere.gate.landings[0]).toMatchObject({ kind: 'not_sent' });
  });

  test('an answer that the upstream compressed all the same is read', async () => {
    const body = gzipSync(result(1, { content: [], isError: true }));
    upstream.respond = (_request, response) =>
      void response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(body);
    const answer = await send(doors.mcp, call('echo'));
    expect(JSON.parse(answer.text).result.isError).toBe(true);
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(doors.gate.landings[0]).toMatchObject({ answer: { isError: true } });
  });

  test('202 for notifications and responses is exact', async () => {
    for (const message of [
      { method: 'notifications/initialized' },
      { id: 5, result: {} },
      { id: 'x', error: { code: 1, message: 'm' } },
    ]) {
      const answer = await send(doors.mcp, JSON.stringify({ jsonrpc: '2.0', ...message }));
      expect(answer.status).toBe(202);
      expect(answer.text).toBe('');
    }
    expect(upstream.requests).toHaveLength(3);
    expect(doors.gate.seen).toEqual([
      expect.objectContaining({ method: 'notifications/initialized', isNotification: true }),
    ]);
  });

  test('GET and DELETE pass, a 405 too', async () => {
    const answer = await send(doors.mcp, undefined, { 'mcp-session-id': 's', 'last-event-id': '9' }, 'GET');
    expect(answer.status).toBe(405);
    expect(upstream.requests[0]).toMatchObject({
      method: 'GET',
      headers: { 'mcp-session-id': 's', 'last-event-id': '9' },
    });
    upstream.respond = (_request, response) => void response.writeHead(200).end();
    expect((await send(doors.mcp, undefined, { 'mcp-session-id': 's' }, 'DELETE')).status).toBe(200);
  });
});

describe('answers that break the protocol', () => {
  test.each([
    ['no id', '{"jsonrpc":"2.0","result":{"content":[]}}'],
    ['id null', '{"jsonrpc":"2.0","id":null,"result":{"content":[]}}'],
    ['another id', '{"jsonrpc":"2.0","id":2,"result":{"content":[]}}'],
    ['the id as a string', '{"jsonrpc":"2.0","id":"1","result":{"content":[]}}'],
    ['two results', '{"jsonrpc":"2.0","id":1,"result":{"a":1},"result":{"b":1}}'],
    ['isError twice', '{"jsonrpc":"2.0","id":1,"result":{"isError":true,"isError":false}}'],
    ['isError hidden by an escape', '{"jsonrpc":"2.0","id":1,"result":{"isError":true,"is\\u0045rror":false}}'],
    ['no JSON', '<html>'],
    ['nothing', ''],
    ['half', '{"jsonrpc":"2.0","id":1,"result":{"con'],
  ])('%s: -32603 with the caller’s id', async (_what, body) => {
    upstream.respond = json(200, body);
    const answer = await send(doors.mcp, call('echo'));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ jsonrpc: '2.0', id: 1, error: { code: -32603 } });
    expect(doors.gate.landings[0]).toMatchObject({ kind: 'answer', acted: true });
  });

  test('on a stream: an answer with another id is dropped, one without an id is told as -32603', async () => {
    const { respond, opened } = script();
    upstream.respond = respond;
    const stream = openStream(doors.mcp, call('echo'));
    const up = await opened;
    up.write(event(result(99, { secret: 1 })));
    up.write(event('{"jsonrpc":"2.0","id":1,"result":{"a":1},"result":{"secret":2}}'));
    up.write(event('{"jsonrpc":"2.0","result":{"secret":3}}'));
    up.end();
    const client = await stream;
    await client.ended;
    expect(client.text()).not.toContain('secret');
    expect(client.text()).toContain('"id":1,"error":{"code":-32603');
  });

  test('an answer that comes twice is told once', async () => {
    const { respond, opened } = script();
    upstream.respond = respond;
    const stream = openStream(doors.mcp, call('echo'));
    const up = await opened;
    up.write(event(result(1, { first: 1 })) + event(result(1, { second: 1 })));
    up.end();
    const client = await stream;
    await client.ended;
    expect(client.text()).toContain('first');
    expect(client.text()).not.toContain('second');
  });
});

describe('streams', () => {
  test('the head leaves before anything was said, and every event before the next is written', async () => {
    const { respond, opened } = script();
    upstream.respond = respond;
    const client = await openStream(doors.mcp, call('echo')); // resolves on the head alone
    expect(client.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-own': 'yes' });
    const up = await opened;
    const parts = [
      ': comment\n\n',
      'id: 1\ndata:\n\n',
      'retry: 10\n\n',
      event('{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"é"}}'),
      event('{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}'), // the server's own id 1
      'event: message\r\nid: 3\r\ndata: {"jsonrpc":"2.0",\r\ndata: "method":"x"}\r\n\r\n',
      event(result(1, { content: [] }), '4'),
    ];
    for (const part of parts) {
      up.write(part);
      await client.until(part);
    }
    up.end();
    await client.ended;
    expect(client.text()).toBe(parts.join(''));
  });

  test('events cut anywhere, also inside a character and a line end, arrive byte for byte', async () => {
    const text = `${event('{"jsonrpc":"2.0","method":"x","params":{"a":"äöü€𝄞"}}', 'ü').replaceAll('\n', '\r\n')}: c\r${event(result(1, { content: 'ß' }))}`;
    const bytes = Buffer.from(text);
    upstream.respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let at = 0;
      const next = () => {
        if (at === bytes.length) return response.end();
        response.write(bytes.subarray(at, ++at));
        setImmediate(next);
      };
      next();
    };
    const client = await openStream(doors.mcp, call('echo'));
    await client.ended;
    expect(client.text()).toBe(text);
  });

  test('an answer that a plugin changed keeps its event id, and what follows it keeps its place', async () => {
    const { respond, opened } = script();
    upstream.respond = respond;
    let judged: () => void = () => {};
    const wait = new Promise<void>((done) => (judged = done));
    doors.gate.judge = async (incoming) => {
      await incoming.forward({ callId: 'c', decision: { effect: 'allow', verdicts: [] }, headers: new Map() });
      await wait;
      return { kind: 'answer', answer: resultAnswer({ content: [], redacted: true }) };
    };
    const client = await openStream(doors.mcp, call('echo'));
    const up = await opened;
    up.write(event(result(1, { secret: 1 }), 'e-1') + event('{"jsonrpc":"2.0","method":"after"}'));
    up.end();
    await new Promise((done) => setTimeout(done, 20));
    expect(client.text()).toBe('');
    judged();
    await client.ended;
    expect(client.text()).toBe(
      `${event('{"jsonrpc":"2.0","id":1,"result":{"content":[],"redacted":true}}', 'e-1')}${event('{"jsonrpc":"2.0","method":"after"}')}`,
    );
  });

  test('a stream that ends without the answer leaves the call unknown, and says so', async () => {
    const { respond, opened } = script();
    upstream.respond = respond;
    const stream = openStream(doors.mcp, call('echo'));
    (await opened).end();
    const client = await stream;
    await client.ended;
    expect(doors.gate.landings[0]).toMatchObject({ kind: 'unknown' });
    expect(client.text()).toContain('"id":1,"error":{"code":-32603');
  });
});

describe('a session whose streams can be resumed', () => {
  const session = { 'mcp-session-id': 's-9' };

  test('the answer of a call comes on a GET, judged like any other', async () => {
    const post = script();
    upstream.respond = post.respond;
    doors.gate.after = (landing) =>
      landing.kind === 'answer' ? { kind: 'answer', answer: resultAnswer({ content: [], redacted: true }) } : undefined;
    const client = await openStream(doors.mcp, call('echo'), session);
    const first = await post.opened;
    first.write('id: 1\ndata:\n\n');
    await client.until('id: 1');
    first.end();
    await client.ended;
    expect(doors.gate.landings).toEqual([]);

    const get = script();
    upstream.respond = get.respond;
    const resumed = await openStream(doors.mcp, undefined, { ...session, 'last-event-id': '1' }, 'GET');
    (await get.opened).write(event(result(1, { secret: 1 }), '2'));
    await resumed.until('redacted');
    expect(doors.gate.landings).toHaveLength(1);

    const again = script();
    upstream.respond = again.respond;
    const replay = await openStream(doors.mcp, undefined, { ...session, 'last-event-id': '1' }, 'GET');
    (await again.opened).write(
      event(result(1, { secret: 1 }), '2') +
        event(result(7, { secret: 2 }), '3') +
        event('{"jsonrpc":"2.0","method":"end"}'),
    );
    await replay.until('"end"');
    expect(replay.text()).toContain('redacted');
    expect(replay.text()).not.toContain('secret');
    resumed.destroy();
    replay.destroy();
  });

  test('the answer of another session’s call with the same id never comes here', async () => {
    const post = script();
    upstream.respond = post.respond;
    const client = await openStream(doors.mcp, call('echo'), session);
    (await post.opened).write('id: 1\ndata:\n\n');
    await client.until('id: 1');
    const get = script();
    upstream.respond = get.respond;
    const other = await openStream(doors.mcp, undefined, { 'mcp-session-id': 'other' }, 'GET');
    (await get.opened).write(event(result(1, { secret: 1 }), '2') + event('{"jsonrpc":"2.0","method":"end"}'));
    await other.until('"end"');
    expect(other.text()).not.toContain('secret');
    other.destroy();
    client.destroy();
  });

  test('an id that is still open in the session is refused', async () => {
    const post = script();
    upstream.respond = post.respond;
    const client = await openStream(doors.mcp, call('echo', {}, 55), session);
    const up = await post.opened;
    const second = await send(doors.mcp, call('other', {}, 55), session);
    expect(JSON.parse(second.text)).toMatchObject({ id: 55, error: { code: -32600 } });
    up.write(event(result(55, {})));
    up.end();
    await client.ended;
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('leaving', () => {
  test.each(['legacy', 'modern'] as const)('a %s client that leaves closes the upstream’s request', async (era) => {
    const post = script();
    upstream.respond = post.respond;
    const meta = era === 'modern' ? { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } } : {};
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', ...meta } });
    const client = await openStream(doors.mcp, body);
    const { dropped } = await post.opened;
    client.destroy();
    await dropped;
    await expect.poll(() => doors.gate.landings).toMatchObject([{ kind: 'unknown' }]);
    expect(upstream.requests).toHaveLength(1); // nobody made up a cancel
  });

  test('a client that closes its GET closes the upstream’s', async () => {
    const get = script();
    upstream.respond = get.respond;
    const client = await openStream(doors.mcp, undefined, {}, 'GET');
    client.destroy();
    await (
      await get.opened
    ).dropped;
  });

  test('an upstream that breaks off leaves the call unknown', async () => {
    upstream.respond = (_request, response) => void response.destroy();
    const answer = await send(doors.mcp, call('echo'));
    expect(JSON.parse(answer.text)).toMatchObject({ id: 1, error: { code: -32603 } });
    expect(doors.gate.landings[0]).toMatchObject({ kind: 'unknown', reason: 'the connection was lost' });
  });

  test('a client that leaves ends the wait of a held call, and nothing is sent', async () => {
    let aborted: () => void = () => {};
    const ended = new Promise<void>((done) => (aborted = done));
    let held: () => void = () => {};
    const holding = new Promise<void>((done) => (held = done));
    doors.gate.judge = (incoming) =>
      new Promise((done) => {
        held();
        incoming.signal.addEventListener('abort', () => {
          aborted();
          done({ kind: 'gone' });
        });
      });
    const controller = new AbortController();
    const headers = { 'content-type': 'application/json' };
    const client = fetch(doors.mcp, { method: 'POST', body: call('echo'), headers, signal: controller.signal }).catch(
      () => 'gone',
    );
    await holding;
    controller.abort();
    expect(await client).toBe('gone');
    await ended;
    expect(upstream.requests).toEqual([]);
  });
});

describe('cancelling', () => {
  test('a held call: the cancel is consumed, the wait ends, other sessions are left alone', async () => {
    const cut = await openDoors({ url: upstream.url });
    const signals: AbortSignal[] = [];
    cut.gate.judge = (incoming) =>
      new Promise((done) => {
        signals.push(incoming.signal);
        incoming.signal.addEventListener('abort', () => done({ kind: 'gone' }));
      });
    const first = openStream(cut.mcp, call('echo'), { 'mcp-session-id': 'a' });
    const second = openStream(cut.mcp, call('echo'), { 'mcp-session-id': 'b' });
    await expect.poll(() => signals.length).toBe(2);
    const cancel = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    expect((await send(cut.mcp, cancel, { 'mcp-session-id': 'a' })).status).toBe(202);
    await (
      await first
    ).ended;
    expect(signals.filter((signal) => signal.aborted)).toHaveLength(1);
    expect(upstream.requests).toEqual([]);
    await cut.drain();
    await (
      await second
    ).ended;
    await cut.stop();
  });

  test('a forwarded call: the cancel goes on to the upstream', async () => {
    const post = script();
    upstream.respond = post.respond;
    const client = await openStream(doors.mcp, call('echo'), { 'mcp-session-id': 'c' });
    await post.opened;
    upstream.respond = echo;
    const cancel = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    expect((await send(doors.mcp, cancel, { 'mcp-session-id': 'c' })).status).toBe(202);
    expect(upstream.requests[1]!.body).toBe(cancel);
    client.destroy();
  });
});

test('a refusal by a plugin is HTTP 200 with the caller’s id', async () => {
  doors.gate.judge = () => ({ kind: 'answer', answer: errorAnswer({ code: 4001, message: 'no' }) });
  const answer = await send(doors.mcp, call('echo', {}, 'abc'));
  expect(answer).toMatchObject({
    status: 200,
    text: '{"jsonrpc":"2.0","id":"abc","error":{"code":4001,"message":"no"}}',
  });
  expect(answer.headers['content-type']).toBe('application/json');
  expect(upstream.requests).toEqual([]);
});

test('nothing was logged but what broke the protocol', () => {
  expect(quiet.lines.filter((line) => !/broke the protocol|dropped/.test(line))).toEqual([]);
});
