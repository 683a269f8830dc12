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

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const start = async () => {
  proxy = await startProxy({
    configPath: join(folder, 'helio.yaml'),
    env: {},
    log: quiet,
    doors: 'http',
    hotReload: false,
  });
};

beforeAll(async () => {
  upstream = await startDemoUpstream();
  folder = await mkdtemp(join(tmpdir(), 'helio-example-'));
  const printed = await readFile(new URL('../helio.yaml', import.meta.url), 'utf8');
  // The file as printed, but for the addresses (the demo over http, a free port) and the listeners for people.
  const yaml = printed.replace(/upstream:\n  command: npx\n  args: .*\n/, `upstream: { url: '${upstream.url}' }\n`);
  expect(yaml).not.toBe(printed);
  const plugins = 'policy, identity, state-sqlite, rate-limits, spend-limits, budgets, feedback';
  await writeFile(join(folder, 'helio.yaml'), `${yaml}\nlisten: { port: 0 }\nplugins: [${plugins}]\n`);
  await start();
});
afterAll(async () => {
  await proxy?.stop();
  await upstream?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function pay(name: string, args: object): Promise<string> {
  const client = new Client({ name: 'example', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(proxy.doors.url()!)) as never);
  const answer = await client.callTool({ name, arguments: args as Record<string, unknown> });
  await client.close();
  return answer.isError ? String((answer.content as { text: string }[])[0]!.text) : 'paid';
}

it('does what its README says, also over a restart', async () => {
  const payment = (amount: unknown, more = {}) => ({ amount, recipient: 'Ada', currency: 'GBP', ...more });
  expect(await pay('create_payment', payment(400))).toBe('paid');
  expect(await pay('create_payment', payment(200))).toMatch(/100 GBP are left/);
  await proxy.stop();
  await start();
  expect(await pay('create_payment', payment(101))).toMatch(/100 GBP are left/);
  expect(await pay('stripe_charge', { customer_id: 'C-1001', amount: 100, currency: 'GBP' })).toBe('paid');
  expect(await pay('create_payment', payment('50'))).toMatch(/not a number/);
  expect(await pay('create_payment', payment(1, { currency: 'EUR' }))).toMatch(/not GBP/);
});
