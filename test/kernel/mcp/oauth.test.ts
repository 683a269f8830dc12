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
      return void response.writeHead(200).end(JSON.stringify({ resource: upstream.url, authorization_servers: ['https://as.example'], scopes_supported: ['a'] }));
    }
    if (request.url === '/.well-known/oauth-authorization-server') return void response.writeHead(200).end('{"issuer":"x"}');
    if (request.method === 'GET') return void response.writeHead(404).end();
    response.writeHead(401, { 'www-authenticate': `Bearer error="invalid_token", resource_metadata="${origin}/custom/metadata", scope="a"` }).end();
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
  expect(refused.headers['www-authenticate']).toBe(`Bearer error="invalid_token", resource_metadata="${named}", scope="a"`);
  const document = await send(new URL(named), undefined, {}, 'GET');
  expect(JSON.parse(document.text)).toEqual({ resource: doors.mcp.href, authorization_servers: ['https://as.example'], scopes_supported: ['a'] });
});

test('the authorization server’s own metadata passes, what is not there is 404, a foreign Host is refused', async () => {
  const at = (path: string) => send(new URL(path, doors.mcp), undefined, {}, 'GET');
  expect((await at('/.well-known/oauth-authorization-server')).text).toBe('{"issuer":"x"}');
  expect((await at('/.well-known/openid-configuration')).status).toBe(404);
  expect((await send(new URL('/.well-known/oauth-protected-resource', doors.mcp), undefined, { host: 'evil.example' }, 'GET')).status).toBe(403);
});
