/** The operator's listener as scripts, browsers and attackers meet it: login, CSRF, Host, Origin, throttling, headers, openapi. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHelio, type Helio } from '../fixtures/helio.ts';
import { startRecordingUpstream, type RecordingUpstream } from '../fixtures/recording-upstream.ts';

const secret = 'the-operators-secret';
const base = (upstream: string, dashboard: string) => `version: '1'
upstream: { url: '${upstream}' }
listen: { port: 0 }
policies: { default: allow }
dashboard: ${dashboard}
plugins: [policy, identity, audit, feedback, dashboard]
`;

/** fetch does not let a test set Host. */
function ask(url: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}) {
  return new Promise<{ status: number; headers: Record<string, string | string[] | undefined>; text: string }>(
    (done, fail) => {
      const sent = request(url, { method: options.method ?? 'GET', headers: options.headers ?? {} }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => done({ status: response.statusCode!, headers: response.headers, text }));
      });
      sent.on('error', fail);
      sent.end(options.body);
    },
  );
}
const login = (url: string, body: object, headers: Record<string, string> = {}) =>
  ask(`${url}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

describe('the operator listener', () => {
  let upstream: RecordingUpstream;
  let helio: Helio;
  let url: string;
  const bearer = { authorization: `Bearer ${secret}` };

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    helio = await startHelio(
      base(
        upstream.url,
        `{ port: 0, api_secret: '${secret}', operators: [{ name: ada, secret: 'adas-own-secret' }], allowed_hosts: [helio.example.com], public_url: 'http://ops.example.com' }`,
      ),
    );
    // With a public_url the banner names that; the listener itself is asked on its own port.
    url = `http://127.0.0.1:${new URL(helio.dashboard!).port || '80'}`;
  });
  afterAll(async () => {
    await helio?.stop();
    await upstream?.stop();
  });

  it('lets nobody in without the secret, and scripts in with it', async () => {
    expect((await ask(`${url}/api/status`)).status).toBe(401);
    expect((await ask(`${url}/api/status`, { headers: { authorization: 'Bearer wrong-secret' } })).status).toBe(401);
    expect((await ask(`${url}/api/status`, { headers: { authorization: `Basic ${secret}` } })).status).toBe(401);
    expect((await ask(`${url}/api/status`, { headers: bearer })).status).toBe(200);
  });

  it('tells people with a secret of their own by name', async () => {
    const answer = await login(url, { secret: 'adas-own-secret' });
    expect(JSON.parse(answer.text)).toMatchObject({ name: 'ada', how: 'session' });
  });

  it('keeps the session in a cookie that scripts cannot read and other sites do not send along', async () => {
    const answer = await login(url, { secret });
    const cookie = String(answer.headers['set-cookie']);
    expect(cookie).toMatch(/^helio_session_\d+=/);
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Lax/);
    expect(answer.text).not.toContain(cookie.split(/[=;]/)[1]);
  });

  it('changes nothing for a cookie without the CSRF token', async () => {
    const answer = await login(url, { secret });
    const cookie = String(answer.headers['set-cookie']).split(';')[0]!;
    const { csrf } = JSON.parse(answer.text) as { csrf: string };
    const logout = (headers: Record<string, string>) =>
      ask(`${url}/api/logout`, { method: 'POST', headers: { cookie, ...headers } });
    expect((await logout({})).status).toBe(403);
    expect((await logout({ 'x-helio-csrf': 'x'.repeat(csrf.length) })).status).toBe(403);
    expect((await ask(`${url}/api/status`, { headers: { cookie } })).status).toBe(200);
    expect((await logout({ 'x-helio-csrf': csrf })).status).toBe(200);
    expect((await ask(`${url}/api/status`, { headers: { cookie } })).status).toBe(401);
  });

  it('refuses foreign Host and Origin headers, `null` included', async () => {
    const status = (headers: Record<string, string>) =>
      ask(`${url}/api/status`, { headers: { ...bearer, ...headers } }).then((answer) => answer.status);
    expect(await status({ host: 'evil.example.net' })).toBe(403);
    expect(await status({ host: 'helio.example.com' })).toBe(200);
    expect(await status({ host: 'ops.example.com' })).toBe(200);
    expect(await status({ host: 'ops.example.com.evil.net' })).toBe(403);
    expect(await status({ origin: 'null' })).toBe(403);
    expect(await status({ origin: 'http://evil.example.net' })).toBe(403);
    expect(await status({ origin: 'http://ops.example.com@evil.example.net' })).toBe(403);
    expect(await status({ origin: 'http://ops.example.com' })).toBe(200);
  });

  it('refuses a change that a browser says comes from another site', async () => {
    const answer = await login(url, { secret }, { 'sec-fetch-site': 'cross-site' });
    expect(answer.status).toBe(403);
  });

  it('sends the strict policy with every answer', async () => {
    for (const path of ['/', '/login', '/api/status', '/nowhere.js']) {
      const { headers } = await ask(url + path);
      expect(headers['content-security-policy']).toBe(
        "default-src 'none';script-src 'self';style-src 'self';connect-src 'self';img-src 'self' data:;font-src 'self';" +
          "base-uri 'none';form-action 'self';frame-ancestors 'none';require-trusted-types-for 'script';trusted-types lit-html",
      );
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['x-frame-options']).toBe('DENY');
      expect(headers['referrer-policy']).toBe('no-referrer');
    }
  });

  it('serves no file from outside its folder', async () => {
    for (const path of [
      '/../package.json',
      '/%2e%2e/package.json',
      '/..%2fpackage.json',
      '/assets/../../package.json',
      '/plugins/x/../../package.json',
    ]) {
      expect((await ask(url + path)).text).not.toContain('"dependencies"');
    }
  });

  it('describes its routes from the schemas that check them', async () => {
    const openapi = JSON.parse((await ask(`${url}/api/openapi.json`, { headers: bearer })).text) as {
      openapi: string;
      paths: Record<string, Record<string, { parameters?: { name: string }[] }>>;
    };
    expect(openapi.openapi).toBe('3.1.0');
    expect(Object.keys(openapi.paths)).toEqual(
      expect.arrayContaining(['/api/login', '/api/status', '/api/audit/{id}', '/api/events']),
    );
    expect(openapi.paths['/api/audit/{id}']!['get']!.parameters!.map(({ name }) => name)).toEqual(['id']);
  });

  it('answers what does not fit a schema with 400 and the place', async () => {
    const answer = await login(url, { secrets: 'x' });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text).error.message).toMatch(/^body/);
  });

  it('never answers with a stack trace', async () => {
    const answer = await ask(`${url}/api/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{broken',
    });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toMatch(/\bat .*:\d+/);
  });

  it('makes a peer wait after ten wrong secrets, even with the right one', async () => {
    const guesses = await Promise.all(
      Array.from({ length: 14 }, (_, index) => login(url, { secret: `guess number ${index}` })),
    );
    expect(guesses.some(({ status }) => status === 429)).toBe(true);
    const answer = await login(url, { secret });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('keeps secrets out of its log', () => {
    expect(helio.logs()).not.toContain(secret);
    expect(helio.logs()).not.toContain('adas-own-secret');
  });
});

describe('the operator listener without a secret', () => {
  it('makes one for the run and prints a link that signs in once', async () => {
    const upstream = await startRecordingUpstream();
    const helio = await startHelio(base(upstream.url, '{ port: 0 }'));
    try {
      expect((await ask(`${helio.dashboard}/api/status`)).status).toBe(401);
      const status = (await ask(`${helio.dashboard}/login`)).status;
      expect(status).toBe(200);
      const once = /#once=([\w-]+)/.exec(helio.logs())?.[1];
      expect(once).toBeDefined();
      expect((await login(helio.dashboard!, { once })).status).toBe(200);
      expect((await login(helio.dashboard!, { once })).status).toBe(401);
      expect((await login(helio.dashboard!, { once: 'A'.repeat(32) })).status).toBe(401);
    } finally {
      await helio.stop();
      await upstream.stop();
    }
  });

  it('lets everybody in when open mode says so, and still refuses foreign origins', async () => {
    const upstream = await startRecordingUpstream();
    const helio = await startHelio(base(upstream.url, '{ port: 0, allow_open_mode: true }'));
    try {
      expect((await ask(`${helio.dashboard}/api/status`)).status).toBe(200);
      expect(
        (await ask(`${helio.dashboard}/api/status`, { headers: { origin: 'http://evil.example.net' } })).status,
      ).toBe(403);
    } finally {
      await helio.stop();
      await upstream.stop();
    }
  });

  it.each([
    ['another address without allow_remote', "{ port: 0, host: 0.0.0.0, api_secret: 'long-enough' }", 'allow_remote'],
    [
      'open mode on another address',
      '{ port: 0, host: 0.0.0.0, allow_remote: true, allow_open_mode: true }',
      'allow_open_mode',
    ],
    ['open mode beside a secret', "{ port: 0, allow_open_mode: true, api_secret: 'long-enough' }", 'allow_open_mode'],
    [
      'two operators with one secret',
      "{ port: 0, operators: [{ name: a, secret: 'same-secret' }, { name: b, secret: 'same-secret' }] }",
      'same secret',
    ],
  ])('does not start with %s', async (_what, dashboard, said) => {
    const upstream = await startRecordingUpstream();
    try {
      await expect(startHelio(base(upstream.url, dashboard))).rejects.toThrow(said);
    } finally {
      await upstream.stop();
    }
  });
});
