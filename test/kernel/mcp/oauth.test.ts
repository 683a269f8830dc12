/** An upstream's OAuth under Helio's URL. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDoors, type TestDoors } from './support/doors.ts';
import { startRecorder, type Recorder } from './support/recorder.ts';
import { call, send } from './support/wire.ts';

let upstream: Recorder;
let doors: TestDoors;
beforeAll(async () => {
  upstream = await startRecorder((request, response) => {
    const { origin } = new URL(upstream.url);
    if (request.url === '/custom/metadata') {
      return void response.writeHead(200).end(
        JSON.stringify({
          resource: upstream.url,
          authorization_servers: ['https://as.example'],
          scopes_supported: ['a'],
        }),
      );
    }
    if (request.url === '/.well-known/oauth-authorization-server')
      return void response.writeHead(200).end('{"issuer":"x"}');
    if (request.method === 'GET') return void response.writeHead(404).end();
    response
      .writeHead(401, {
        'www-authenticate': `Bearer error="invalid_token", resource_metadata="${origin}/custom/metadata", scope="a"`,
      })
      .end();
  });
  doors = await openDoors({ url: upstream.url });
});
afterAll(async () => {
  await doors.stop();
  await upstream.close();
});

test.each([
  ['a call', call('echo')],
  ['initialize', JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} })],
  ['a notification', JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })],
])('the challenge to %s names the metadata on this door, with this door as the resource', async (_what, body) => {
  const refused = await send(doors.mcp, body);
  expect(refused.status).toBe(401);
  const named = `${doors.mcp.origin}/.well-known/oauth-protected-resource/mcp`;
  expect(refused.headers['www-authenticate']).toBe(
    `Bearer error="invalid_token", resource_metadata="${named}", scope="a"`,
  );
  const document = await send(new URL(named), undefined, {}, 'GET');
  expect(JSON.parse(document.text)).toEqual({
    resource: doors.mcp.href,
    authorization_servers: ['https://as.example'],
    scopes_supported: ['a'],
  });
});

test('the authorization server’s own metadata passes, what is not there is 404, a foreign Host is refused', async () => {
  const at = (path: string) => send(new URL(path, doors.mcp), undefined, {}, 'GET');
  expect((await at('/.well-known/oauth-authorization-server')).text).toBe('{"issuer":"x"}');
  expect((await at('/.well-known/openid-configuration')).status).toBe(404);
  expect(
    (
      await send(
        new URL('/.well-known/oauth-protected-resource', doors.mcp),
        undefined,
        { host: 'evil.example' },
        'GET',
      )
    ).status,
  ).toBe(403);
});

test('with type: oauth Helio brings a token of its own, one for many calls, and a new one after a 401', async () => {
  let given = 0;
  const tokens = await startRecorder((_request, response) => {
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ access_token: `t${++given}`, expires_in: 3600 }));
  });
  const api = await startRecorder((request, response) => {
    if (request.headers.authorization === 'Bearer t1' && api.requests.length > 20)
      return void response.writeHead(401).end();
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}');
  });
  const auth = {
    type: 'oauth',
    token_url: tokens.url,
    client_id: 'me',
    client_secret: 's:e/c',
    scope: 'a b',
    audience: api.url,
  };
  const own = await openDoors({ url: api.url, auth });
  await Promise.all(
    Array.from({ length: 20 }, () => send(own.mcp, call('echo'), { authorization: 'Bearer of-the-client' })),
  );
  expect(new Set(api.requests.map((request) => request.headers.authorization))).toEqual(new Set(['Bearer t1']));
  expect(tokens.requests).toHaveLength(1);
  expect(tokens.requests[0]!.headers.authorization).toBe(`Basic ${Buffer.from('me:s%3Ae%2Fc').toString('base64')}`);
  expect(Object.fromEntries(new URLSearchParams(tokens.requests[0]!.body))).toEqual({
    grant_type: 'client_credentials',
    scope: 'a b',
    resource: api.url,
  });
  expect((await send(own.mcp, call('echo'))).status).toBe(401);
  expect((await send(own.mcp, call('echo'))).status).toBe(200);
  expect(api.requests.at(-1)!.headers.authorization).toBe('Bearer t2');
  await Promise.all([own.stop(), tokens.close(), api.close()]);
});

test('no token, no call', async () => {
  const tokens = await startRecorder((_request, response) => void response.writeHead(403).end());
  const api = await startRecorder();
  const own = await openDoors({
    url: api.url,
    auth: { type: 'oauth', token_url: tokens.url, client_id: 'me', client_secret: 'never-told' },
  });
  const answer = await send(own.mcp, call('echo'));
  expect(JSON.parse(answer.text)).toMatchObject({ id: 1, error: { code: -32603 } });
  expect(answer.text).not.toContain('never-told');
  expect(own.gate.landings[0]).toMatchObject({ kind: 'not_sent' });
  expect(api.requests).toEqual([]);
  await Promise.all([own.stop(), tokens.close(), api.close()]);
});
