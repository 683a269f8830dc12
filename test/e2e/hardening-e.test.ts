/** Network and identity on the built product: who may speak to which listener, and what of a request goes on. */
import { connect } from 'node:net';
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { post, toolCall } from '../fixtures/helio.ts';
import { setStage, type Stage } from '../fixtures/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage(`plugins: [policy, operator, audit, feedback, evidence, identity, sideband, state-sqlite]
sdk: { port: 0 }
policies: { default: allow }
`);
});
afterAll(() => stage.stop());
beforeEach(() => stage.upstream.forget());

/** fetch sets Host and Origin itself: a raw request says what it likes. */
function ask(url: string, headers: Record<string, string>, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: body === undefined ? 'GET' : 'POST', headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode!));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
/** These very bytes, and what came back until the connection was closed. */
function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(stage.helios[0]!.mcp);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let said = '';
    socket.setTimeout(3_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      said += chunk;
      if (/\r\n\r\n/.test(said)) socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(said));
  });
}

describe('DNS rebinding', () => {
  const listeners: [string, () => string, string | undefined][] = [
    ['/mcp', () => stage.helios[0]!.mcp, JSON.stringify(toolCall('echo'))],
    ['the dashboard', () => new URL('/api/status', stage.helios[0]!.dashboard).href, undefined],
    ['the sideband', () => new URL('/evidence', stage.helios[0]!.sideband).href, '{}'],
  ];
  it.each(listeners)('%s refuses a foreign Host and a foreign Origin with 403', async (_what, url, body) => {
    const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const own = new URL(url()).host;
    for (const host of [
      'evil.example',
      `evil.example:${new URL(url()).port}`,
      'localhost.evil.example',
      '127.0.0.1.nip.io',
    ])
      expect(await ask(url(), { ...json, host }, body)).toBe(403);
    for (const origin of ['null', 'https://evil.example', 'http://localhost.evil.example', 'file://'])
      expect(await ask(url(), { ...json, host: own, origin }, body)).toBe(403);
    expect(stage.upstream.bytes()).toHaveLength(0);
  });
});

describe('headers', () => {
  const body = JSON.stringify(toolCall('echo'));
  const head = (...lines: string[]) =>
    [
      'POST /mcp HTTP/1.1',
      `Host: ${new URL(stage.helios[0]!.mcp).host}`,
      'Content-Type: application/json',
      'Accept: application/json, text/event-stream',
      ...lines,
      '',
      '',
    ].join('\r\n');
  const length = `Content-Length: ${Buffer.byteLength(body)}`;

  it.each<[string, string[]]>([
    ['a bare line feed in a value', [length, 'X-A: one\nX-Injected: yes']],
    ['a bare carriage return in a value', [length, 'X-A: one\rX-Injected: yes']],
    ['NUL in a value', [length, 'X-A: one\0X-Injected: yes']],
    ['two lengths', [length, 'Content-Length: 0']],
    ['a length beside chunks', [length, 'Transfer-Encoding: chunked']],
    ['chunked twice', ['Transfer-Encoding: chunked, chunked']],
    ['an obfuscated Transfer-Encoding', [length, 'Transfer-Encoding : chunked']],
  ])('%s is refused, and nothing of it is sent', async (_what, lines) => {
    const said = await raw(head(...lines) + body);
    expect(said).toMatch(/^HTTP\/1\.1 4\d\d/);
    expect(stage.upstream.bytes().toString()).not.toMatch(/injected|tools\/call/i);
  });

  it('of the connection, of Helio and those that Connection names stay here; the others go on', async () => {
    const said = await raw(
      head(
        length,
        'Connection: keep-alive, X-Private',
        'X-Private: secret',
        'TE: trailers',
        'Proxy-Authorization: Basic c2VjcmV0',
        'X-Helio-Session-Id: s-1',
        'X-Own: goes-on',
      ) + body,
    );
    expect(said).toMatch(/^HTTP\/1\.1 200/);
    const { headers } = stage.upstream.calls()[0]!;
    expect(headers).toMatchObject({ 'x-own': 'goes-on' });
    for (const name of ['x-private', 'te', 'proxy-authorization', 'x-helio-session-id', 'origin'])
      expect(headers[name]).toBeUndefined();
  });
});

describe('a hundred clients with the same JSON-RPC id', () => {
  it('each get their own answer', async () => {
    const told = await Promise.all(
      Array.from({ length: 100 }, (_, n) => post(stage.helios[0]!.mcp, toolCall('echo', { n }, 1))),
    );
    told.forEach(({ json }, n) => expect(JSON.parse(json.result.content[0].text).arguments).toEqual({ n }));
  });
});

describe('session ids that Helio makes itself', () => {
  it('are random, of at least 128 bits', async () => {
    const ids = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const gone = new AbortController();
        const stream = await fetch(new URL('/sse', stage.helios[0]!.mcp), { signal: gone.signal });
        const first = Buffer.from((await stream.body!.getReader().read()).value!).toString();
        gone.abort();
        return /sessionId=(\S+)/.exec(first)![1]!;
      }),
    );
    expect(new Set(ids).size).toBe(50);
    // A random UUID: 122 bits of chance in 128.
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
