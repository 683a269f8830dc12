/** A decider in another process: what it is asked, what it may answer, and that everything else is a deny. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testPlugin } from '@gethelio/proxy/testing';
import { createDecider } from '../../kernel/plugins/decider.ts';

type Answering = (response: ServerResponse) => void;
const asked: { text: string; headers: IncomingHttpHeaders }[] = [];
let answering: Answering;
let url: string;
const server = createServer(async (request, response) => {
  asked.push({ text: Buffer.concat(await request.toArray()).toString(), headers: request.headers });
  answering(response);
});
const json =
  (value: unknown): Answering =>
  (response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/decide`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked.length = 0;
  answering = json({ verdicts: [] });
});

async function call(to = url, config = {}) {
  const helio = await testPlugin(createDecider(to), {
    with: ['policy', 'identity'],
    yaml: 'policies: { default: allow }\nenvironment: staging',
    config,
  });
  const told = await helio.call({
    name: 'pay',
    argumentsText: '{"amount":10.50,"big":9007199254740993}',
    session: 's-1',
  });
  const sent = helio.upstream.received.length;
  await helio.stop();
  return { ...told, sent };
}

describe('a decider', () => {
  it('is asked with the whole call, numbers as the client wrote them, and abstains with no verdict', async () => {
    const told = await call(url, { token: 'the-token-of-the-test' });
    expect(told).toMatchObject({ effect: 'allow', outcome: 'forwarded', sent: 1 });
    expect(asked[0]!.text).toContain('"amount":10.50');
    expect(asked[0]!.text).toContain('9007199254740993');
    expect(asked[0]!.headers.authorization).toBe('Bearer the-token-of-the-test');
    expect(JSON.parse(asked[0]!.text)).toMatchObject({
      version: 1,
      mode: 'live',
      environment: 'staging',
      session: expect.any(String),
      call: { kind: 'tool', name: 'pay', arguments: { amount: 10.5 } },
      tool: { annotations: { destructiveHint: true } },
    });
  });

  it('refuses a call in its own words', async () => {
    const verdict = {
      effect: 'deny',
      code: 'too_late',
      reason: 'The bank is closed.',
      suggestion: 'Try on Monday.',
      retry: { allowed: false },
    };
    answering = json({ verdicts: [verdict] });
    expect(await call()).toMatchObject({
      effect: 'deny',
      code: 'too_late',
      sent: 0,
      text: expect.stringContaining('The bank is closed.'),
    });
  });

  const failures: [string, Answering][] = [
    ['does not answer in time', () => {}],
    ['breaks the connection', (response) => void response.destroy()],
    ['answers 500', (response) => void response.writeHead(500).end()],
    ['redirects', (response) => void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()],
    ['answers text', (response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('allow')],
    [
      'answers half a JSON',
      (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"verd'),
    ],
    ['answers without verdicts', json({})],
    ['invents an effect', json({ verdicts: [{ effect: 'permit', code: 'x', reason: 'y' }] })],
    ['answers a megabyte', json({ verdicts: [], more: 'x'.repeat(1_000_000) })],
    ['has a key too much', json({ verdicts: [{ effect: 'allow', code: 'x', reason: 'y', shadow: true }] })],
  ];
  it.each(failures)('that %s denies the call and is named', async (_what, how) => {
    answering = how;
    const told = await call(url, { deadline: '300ms' });
    expect(told).toMatchObject({ effect: 'deny', code: 'plugin_failed', sent: 0 });
    expect(told.text).toContain('decider-127-0-0-1');
  });

  it('that is not there denies the call', async () => {
    expect(await call('http://127.0.0.1:9/')).toMatchObject({ effect: 'deny', code: 'plugin_failed', sent: 0 });
  });

  it.each(['http://decider.example.com/', 'http://user:word@127.0.0.1:7000/', 'http://'])(
    '%s is refused at start',
    (use) => {
      expect(() => createDecider(use)).toThrow(expect.objectContaining({ code: 'HELIO_PLUGIN_URL' }));
    },
  );
});
