import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { startProxy, type Proxy } from '../../../kernel/proxy.ts';
import { startDemoUpstream, type DemoUpstream } from '../../demo-upstream/http.ts';

let folder: string;
let upstream: DemoUpstream;
let proxy: Proxy;
let client: Client;

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

beforeAll(async () => {
  upstream = await startDemoUpstream();
  folder = await mkdtemp(join(tmpdir(), 'helio-example-'));
  const printed = await readFile(new URL('../helio.yaml', import.meta.url), 'utf8');
  // The file as printed, but for the demo over http, a free port, and the listeners for people.
  const yaml = printed
    .replace(/upstream:\n  command: npx\n  args: .*\n/, `upstream: { url: '${upstream.url}' }\n`)
    .replace('listen: { port: 3000 }', 'listen: { port: 0 }');
  expect(yaml).toContain(upstream.url);
  await writeFile(
    join(folder, 'helio.yaml'),
    `${yaml}\nplugins: [policy, identity, state-sqlite, evidence, feedback]\n`,
  );
  proxy = await startProxy({
    configPath: join(folder, 'helio.yaml'),
    env: {},
    log: quiet,
    doors: 'http',
    hotReload: false,
  });
  client = new Client({ name: 'example', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(proxy.doors.url()!)) as never);
});
afterAll(async () => {
  await client?.close();
  await proxy?.stop();
  await upstream?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function call(name: string, args: Record<string, unknown>) {
  const { isError, content, _meta } = await client.callTool({ name, arguments: args });
  const { reason } = (_meta?.['com.gethelio/feedback'] ?? {}) as { reason?: string };
  return { done: isError !== true, text: (content as { text: string }[])[0]!.text, reason };
}
const refund = (amount: number, order = 'A-17') => call('process_refund', { order_id: order, amount });
const lookup = () => call('orders.lookup', { order_id: 'A-17' });

it('does what its README says', async () => {
  const first = await refund(20);
  expect(first).toMatchObject({ done: false, reason: 'evidence_missing' });
  expect(first.text).toContain('Call orders.lookup with order_id "A-17" before retrying');

  expect((await lookup()).done).toBe(true);
  expect(await refund(200)).toMatchObject({ done: false, reason: 'evidence_mismatch' });
  const other = await refund(20, 'B-42');
  expect(other).toMatchObject({ done: false, reason: 'evidence_mismatch' });
  expect(other.text).not.toContain('129');

  expect((await refund(20)).text).toContain('re_0001');
  expect(await refund(20)).toMatchObject({ done: false, reason: 'evidence_missing' });
  await lookup();
  expect((await refund(20)).text).toContain('re_0002');
});

it('refuses a refund without an amount, which would be everything', async () => {
  await lookup();
  const whole = await call('process_refund', { order_id: 'A-17' });
  expect(whole.done).toBe(false);
  expect(whole.text).toContain('A refund says its amount');
});
