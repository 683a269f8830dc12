/** What the HTTP door refuses, and that the upstream never sees a byte of it. */
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDoors, type TestDoors } from './support/doors.ts';
import { startRecorder, type Recorder } from './support/recorder.ts';
import { call, send } from './support/wire.ts';

let upstream: Recorder;
let doors: TestDoors;
beforeAll(async () => {
  upstream = await startRecorder();
  doors = await openDoors(
    { url: upstream.url },
    { body_limit: '10000B', allowed_origins: ['https://inspector.example'], allowed_hosts: ['helio.internal:3000'] },
  );
});
afterAll(async () => {
  await doors.stop();
  await upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
  doors.gate.refusals.length = 0;
  doors.gate.calls.length = 0;
});

describe('refuses and records, while the upstream sees nothing:', () => {
  afterEach(() => {
    expect(upstream.requests).toEqual([]);
    expect(doors.gate.calls).toEqual([]);
    expect(doors.gate.refusals).toHaveLength(1);
  });

  const hidden = call('danger');
  test.each([
    ['a batch', `[${hidden}]`],
    ['an empty batch', '[]'],
    ['a batch behind white space', ` \r\n\t[${hidden}]`],
    ['a batch behind a byte order mark', `\ufeff[${hidden}]`],
    ['a batch behind both', `\ufeff \n[${hidden}]`],
  ])('%s', async (_what, body) => {
    const answer = await send(doors.mcp, body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32600 } });
    expect(doors.gate.refusals[0]).toMatchObject({ code: 'batch', door: 'http' });
  });

  test.each([
    ['a repeated name', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","name":"danger"}}'],
    [
      'a repeated name spelled with an escape',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","n\\u0061me":"danger"}}',
    ],
    [
      'a repeated amount deep inside',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{"a":[{"amount":1,"amount":2}]}}}',
    ],
    ['a repeated method', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"danger"}}'],
    [
      'repeated params',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe"},"params":{"name":"danger"}}',
    ],
  ])('%s', async (_what, body) => {
    const answer = await send(doors.mcp, body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text).error.code).toBe(-32600);
    expect(doors.gate.refusals[0]).toMatchObject({ code: 'duplicate_key' });
  });

  test.each([
    ['Method', '{"jsonrpc":"2.0","id":1,"Method":"tools/call","method":"ping","params":{"name":"danger"}}'],
    ['PARAMS', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe"},"PARAMS":{"name":"danger"}}'],
    ['ID', '{"jsonrpc":"2.0","id":1,"ID":2,"method":"tools/call","params":{"name":"safe"}}'],
    ['Name', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","Name":"danger"}}'],
    ['Arguments', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","Arguments":{}}}'],
    ['URI', '{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"a:b","URI":"c:d"}}'],
  ])('the key %s', async (_key, body) => {
    const answer = await send(doors.mcp, body);
    expect([-32600, -32602]).toContain(JSON.parse(answer.text).error.code);
  });

  test.each([
    ['params as an array', { params: ['x'] }],
    ['params as a string', { params: 'x' }],
    ['params as a number', { params: 7 }],
    ['params null', { params: null }],
    ['arguments as a string', { params: { name: 'echo', arguments: '{}' } }],
    ['arguments as an array', { params: { name: 'echo', arguments: [] } }],
    ['arguments null', { params: { name: 'echo', arguments: null } }],
    ['no params', {}],
    ['no name', { params: {} }],
    ['an empty name', { params: { name: '' } }],
    ['a name that is a number', { params: { name: 7 } }],
    ['an id that is an object', { id: {}, params: { name: 'echo' } }],
    ['an id that is true', { id: true, params: { name: 'echo' } }],
    ['a method that is no string', { method: 7, params: { name: 'echo' } }],
    ['a result beside the method', { params: { name: 'echo' }, result: {} }],
    ['another JSON-RPC', { jsonrpc: '1.0', params: { name: 'echo' } }],
  ])('%s', async (_what, change) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', ...change });
    const answer = await send(doors.mcp, body);
    expect([-32600, -32602]).toContain(JSON.parse(answer.text).error.code);
    expect(doors.gate.refusals[0]!.sent).toBe(body);
  });

  test.each([
    ['without an id', { jsonrpc: '2.0', method: 'tools/call', params: { name: 'danger' } }],
    ['with id null', { jsonrpc: '2.0', id: null, method: 'tools/call', params: { name: 'danger' } }],
    ['without an id (resources/read)', { jsonrpc: '2.0', method: 'resources/read', params: { uri: 'x:y' } }],
  ])('a governed method %s, with 202 and no body', async (_what, message) => {
    const answer = await send(doors.mcp, JSON.stringify(message));
    expect(answer.status).toBe(202);
    expect(answer.text).toBe('');
    expect(doors.gate.refusals[0]).toMatchObject({ code: 'no_id', method: message.method });
  });

  test.each(['1e999', '-1e999', '1'.repeat(2000)])('the number %s', async (number) => {
    const answer = await send(
      doors.mcp,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{"amount":${number}}}}`,
    );
    expect(answer.status).toBe(400);
    expect(doors.gate.refusals[0]).toMatchObject({ code: 'number_out_of_range' });
  });

  test.each([
    ['NaN', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{"amount":NaN}}}'],
    ['half a message', '{"jsonrpc":"2.0","id":1'],
    ['nothing', ''],
    ['two messages', `${hidden}${hidden}`],
    [
      'invalid UTF-8',
      Buffer.concat([
        Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"'),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('"}}'),
      ]),
    ],
    ['a lone surrogate', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\\ud800"}}'],
    [
      'deep nesting',
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":${'['.repeat(4000)}${']'.repeat(4000)}}}}`,
    ],
  ])('%s', async (_what, body) => {
    const answer = await send(doors.mcp, body);
    expect(answer.status).toBe(400);
    expect([-32700, -32600]).toContain(JSON.parse(answer.text).error.code);
  });

  test.each(['gzip', 'deflate', 'br', 'x-unknown', 'gzip, identity'])('content-encoding %s', async (encoding) => {
    const answer = await send(doors.mcp, gzipSync(hidden), { 'content-encoding': encoding });
    expect(answer.status).toBe(415);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'multipart/form-data', ''])(
    'content-type %j',
    async (type) => {
      const answer = await send(doors.mcp, hidden, { 'content-type': type });
      expect(answer.status).toBe(415);
      expect(JSON.parse(answer.text).error.code).toBe(-32600);
    },
  );

  test('a body over the limit, told by its length', async () => {
    const answer = await send(doors.mcp, call('echo', { text: 'x'.repeat(20_000) }));
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.text)).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32600 } });
  });

  test('a body over the limit, in chunks', async () => {
    const answer = await send(doors.mcp, call('echo', { text: 'x'.repeat(20_000) }), {
      'transfer-encoding': 'chunked',
    });
    expect(answer.status).toBe(413);
  });

  test.each([
    'null',
    'http://evil.example',
    'https://localhost.evil.example',
    'file://',
    'http://127.0.0.1.evil.example:3000',
    'http://localhost@evil.example',
  ])('the Origin %s', async (origin) => {
    const answer = await send(doors.mcp, hidden, { origin });
    expect(answer.status).toBe(403);
    expect(doors.gate.refusals[0]).toMatchObject({ code: 'foreign_origin' });
  });

  test.each([
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    'localhost:3000, evil.example',
    'helio.internal:4000',
  ])('the Host %s', async (host) => {
    const answer = await send(doors.mcp, hidden, { host });
    expect(answer.status).toBe(403);
  });

  const modern = (name: string, method = 'tools/call') =>
    JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method,
      params: { name, arguments: {}, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
    });
  const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;
  test.each([
    ['Mcp-Method', ['mcp-method', 'tools/list', 'mcp-name', 'danger']],
    ['Mcp-Name', ['mcp-method', 'tools/call', 'mcp-name', 'safe']],
    ['Mcp-Name in another case', ['mcp-method', 'tools/call', 'mcp-name', 'Danger']],
    ['Mcp-Name, encoded', ['mcp-method', 'tools/call', 'mcp-name', base64('safe')]],
    ['Mcp-Name, encoded badly', ['mcp-method', 'tools/call', 'mcp-name', '=?base64?!!!?=']],
    ['Mcp-Name, repeated', ['mcp-method', 'tools/call', 'mcp-name', 'danger', 'mcp-name', 'safe']],
    ['Mcp-Method, repeated', ['mcp-method', 'tools/call', 'mcp-method', 'tools/list', 'mcp-name', 'danger']],
    ['MCP-Protocol-Version', ['mcp-protocol-version', '2025-11-25', 'mcp-method', 'tools/call', 'mcp-name', 'danger']],
  ])('a body that %s contradicts', async (_header, headers) => {
    const answer = await send(doors.mcp, modern('danger'), headers);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ id: 1, error: { code: -32020 } });
    expect(doors.gate.refusals[0]).toMatchObject({ code: 'header_mismatch', name: 'danger' });
  });
  test('a legacy body that Mcp-Name contradicts', async () => {
    const answer = await send(doors.mcp, call('danger'), { 'mcp-name': 'safe' });
    expect(answer.status).toBe(400);
  });
});

describe('lets pass', () => {
  test.each(['http://localhost:5173', 'http://127.0.0.1', 'http://[::1]:8080', 'https://inspector.example'])(
    'the Origin %s, and keeps it from the upstream',
    async (origin) => {
      expect((await send(doors.mcp, call('echo'), { origin })).status).toBe(200);
      expect(upstream.requests[0]!.headers.origin).toBeUndefined();
    },
  );
  test.each(['localhost:1', '127.0.0.1', '[::1]:3000', 'LOCALHOST', 'helio.internal:3000'])(
    'the Host %s',
    async (host) => {
      expect((await send(doors.mcp, call('echo'), { host })).status).toBe(200);
      expect(upstream.requests[0]!.headers.host).toBe(new URL(upstream.url).host);
    },
  );
  test('a name that is mirrored in Base64', async () => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'größe', _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
    });
    const headers = {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': `=?base64?${Buffer.from('größe').toString('base64')}?=`,
    };
    expect((await send(doors.mcp, body, headers)).status).toBe(200);
  });
  test('unknown members, __proto__ and exact numbers, byte for byte', async () => {
    const body =
      '{"jsonrpc":"2.0", "id":1,"x":[1.0],"method":"tools/call","params":{"name":"echo","__proto__":{"a":1},"arguments":{"a":9007199254740993,"b":-0,"c":1.10,"d":1e3,"e":"\\u0000"}}}';
    expect((await send(doors.mcp, body)).status).toBe(200);
    expect(upstream.requests[0]!.body).toBe(body);
  });
  test.each(['"a"', '0', '1', '""', '-7', '1.0', '9007199254740993', '"1"'])(
    'the id %s, which comes back as it was',
    async (id) => {
      const echoed = /^\{"jsonrpc":"2.0","id":([^,]*),/;
      upstream.respond = (request, response) => {
        const text = /"id":([^,]*),/.exec(request.body)![1];
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(`{"jsonrpc":"2.0","id":${text},"result":{"content":[]}}`);
      };
      doors.gate.judge = () => undefined;
      const body = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo"}}`;
      expect(echoed.exec((await send(doors.mcp, body)).text)![1]).toBe(id);
      const value = { content: [], isError: true };
      doors.gate.judge = () => ({
        kind: 'answer',
        answer: { kind: 'result', isError: true, bytes: Buffer.from(JSON.stringify(value)), value: () => value },
      });
      const refused = await send(doors.mcp, body);
      doors.gate.judge = undefined;
      expect(echoed.exec(refused.text)![1]).toBe(id);
      expect(refused.status).toBe(200);
      expect(upstream.requests).toHaveLength(1);
    },
  );
});

test('answers 404 beside /mcp and 405 to other methods', async () => {
  expect((await send(new URL('/other', doors.mcp), call('echo'))).status).toBe(404);
  expect((await send(new URL('/mcp/none', doors.mcp), call('echo'))).status).toBe(404);
  const put = await send(doors.mcp, call('echo'), {}, 'PUT');
  expect(put.status).toBe(405);
  expect(put.headers.allow).toBe('POST, GET, DELETE');
  expect(upstream.requests).toEqual([]);
});
