/** The bundled demo upstream, over both of its transports, with the official client. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../http.ts';

const entry = fileURLToPath(new URL('../../../dist/examples/demo-upstream/main.js', import.meta.url));

async function connected(transport: unknown): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport as Transport);
  return client;
}

describe('the demo upstream over http', () => {
  let upstream: DemoUpstream;
  let client: Client;
  beforeAll(async () => {
    upstream = await startDemoUpstream({ port: 0 });
    client = await connected(new StreamableHTTPClientTransport(new URL(upstream.url)));
  });
  afterAll(async () => {
    await client.close();
    await upstream.stop();
  });
  const call = (name: string, args: Record<string, unknown> = {}) => client.callTool({ name, arguments: args });

  it('offers eleven tools with annotations and input schemas', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([
      'create_payment',
      'customer.verify',
      'delete_account',
      'echo',
      'get_weather',
      'orders.lookup',
      'paypal_payout',
      'process_refund',
      'search_products',
      'send_email',
      'stripe_charge',
    ]);
    for (const tool of tools) {
      expect(tool.inputSchema.type).toBe('object');
      expect(typeof tool.annotations?.readOnlyHint).toBe('boolean');
    }
    const destructive = tools.filter(({ annotations }) => annotations?.destructiveHint).map(({ name }) => name);
    expect(destructive.sort()).toEqual(['delete_account', 'paypal_payout', 'process_refund']);
  });

  it('marks an order refunded for every client of the process', async () => {
    const before = await call('orders.lookup', { order_id: 'A-17' });
    expect(before.structuredContent).toMatchObject({ status: 'delivered', total: { amount: 129, currency: 'GBP' } });
    const part = await call('process_refund', { order_id: 'A-17', amount: 29.5 });
    expect(part.structuredContent).toMatchObject({ order_status: 'partly refunded', refunded: { amount: 29.5 } });
    const rest = await call('process_refund', { order_id: 'A-17' });
    expect(rest.structuredContent).toMatchObject({ order_status: 'refunded', refunded: { amount: 99.5 } });

    const other = await connected(new StreamableHTTPClientTransport(new URL(upstream.url)));
    const again = await other.callTool({ name: 'process_refund', arguments: { order_id: 'A-17' } });
    expect(again.isError).toBe(true);
    expect(again.content).toEqual([{ type: 'text', text: 'Order A-17 is already refunded in full.' }]);
    await other.close();
  });

  it('refuses what a shop would refuse, in words', async () => {
    for (const [name, args, words] of [
      ['orders.lookup', { order_id: 'Z-1' }, 'There is no order "Z-1"'],
      ['process_refund', { order_id: 'A-12' }, 'was cancelled'],
      ['process_refund', { order_id: 'A-10', amount: 10_000 }, 'Only 516.00 GBP'],
      ['customer.verify', { customer_id: 'C-1001', postcode: 'XX1 1XX' }, 'does not match'],
      ['create_payment', { amount: 1.005, recipient: 'x' }, 'two decimals'],
    ] as const) {
      const answer = await call(name, args);
      expect(answer.isError, name).toBe(true);
      expect(JSON.stringify(answer.content)).toContain(words.replaceAll(`"`, `\\"`));
    }
  });

  it('answers every other tool', async () => {
    const calls: [string, Record<string, unknown>, object][] = [
      ['customer.verify', { customer_id: 'C-1001', postcode: 'eh39dr' }, { verified: true, name: 'Ada Okafor' }],
      ['create_payment', { amount: 49.99, recipient: 'Acme' }, { id: 'pay_0001', amount: 49.99, currency: 'GBP' }],
      ['stripe_charge', { customer_id: 'C-1002', amount: 5 }, { id: 'ch_0001', status: 'succeeded' }],
      ['paypal_payout', { recipient: 'x@example.com', amount: 5, currency: 'EUR' }, { id: 'po_0001', currency: 'EUR' }],
      ['search_products', { query: 'lamp', max_price: 30 }, { count: 1 }],
      ['send_email', { to: 'x@example.com', subject: 'Hi', body: '' }, { message_id: 'msg_0001', queued: true }],
      ['echo', { text: 'hello' }, { text: 'hello' }],
      ['delete_account', { customer_id: 'C-1006' }, { deleted: true }],
    ];
    for (const [name, args, expected] of calls) {
      expect((await call(name, args)).structuredContent, name).toMatchObject(expected);
    }
    expect((await call('customer.verify', { customer_id: 'C-1006', postcode: 'N1 9GU' })).isError).toBe(true);
    const [here, again] = [await call('get_weather', { city: 'Leeds' }), await call('get_weather', { city: 'leeds' })];
    expect(here.structuredContent).toMatchObject({ city: 'Leeds', celsius: expect.any(Number) });
    expect((again.structuredContent as { celsius: number }).celsius).toBe(
      (here.structuredContent as { celsius: number }).celsius,
    );
  });

  it('offers resources, a template with completion, and prompts', async () => {
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(
      expect.arrayContaining(['shop://policies/refunds', 'shop://orders/A-10']),
    );
    const order = await client.readResource({ uri: 'shop://orders/A-10' });
    expect(JSON.parse((order.contents[0] as { text: string }).text)).toMatchObject({ id: 'A-10', totalMinor: 51_600 });
    const ref = { type: 'ref/resource', uri: 'shop://orders/{order_id}' } as const;
    const completed = await client.complete({ ref, argument: { name: 'order_id', value: 'A-16' } });
    expect(completed.completion.values).toEqual(['A-16']);
    const prompt = await client.getPrompt({ name: 'refund_reply', arguments: { order_id: 'A-17' } });
    expect(JSON.stringify(prompt.messages)).toContain('Look up order A-17');
  });

  it('says 404 to an unknown session and off the endpoint', async () => {
    const lost = await fetch(upstream.url, { method: 'POST', headers: { 'mcp-session-id': 'nope' }, body: '{}' });
    expect(lost.status).toBe(404);
    expect((await fetch(upstream.url.replace('/mcp', '/'))).status).toBe(404);
  });
});

describe('the demo upstream as a command', () => {
  beforeAll(() => {
    if (!existsSync(entry)) throw new Error('dist is missing: run `npm run build` first');
  });

  it('speaks stdio, and starts from the same data every time', async () => {
    for (const round of [1, 2]) {
      const client = await connected(new StdioClientTransport({ command: process.execPath, args: [entry] }));
      const refund = await client.callTool({ name: 'process_refund', arguments: { order_id: 'A-17' } });
      expect(refund.structuredContent, `round ${round}`).toMatchObject({
        refund_id: 're_0001',
        order_status: 'refunded',
      });
      await client.close();
    }
  });

  it('ends when its input ends', async () => {
    const child = spawn(process.execPath, [entry], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('prints where it listens, and refuses a bad or taken port with a sentence', async () => {
    const child = spawn(process.execPath, [entry, '--http', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const [line] = (await once(child.stderr.setEncoding('utf8'), 'data')) as [string];
    const url = /http:\S+/.exec(line)![0];
    const client = await connected(new StreamableHTTPClientTransport(new URL(url)));
    expect((await client.callTool({ name: 'echo', arguments: { text: 'hi' } })).structuredContent).toEqual({
      text: 'hi',
    });
    await client.close();

    const taken = spawn(process.execPath, [entry, '--http', new URL(url).port], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [said] = (await once(taken.stderr.setEncoding('utf8'), 'data')) as [string];
    expect(said).toContain('is taken');
    expect(await once(taken, 'exit')).toEqual([1, null]);
    const bad = spawn(process.execPath, [entry, '--http', '99999'], { stdio: 'ignore' });
    expect(await once(bad, 'exit')).toEqual([2, null]);
    child.kill();
    await once(child, 'exit');
  });
});
