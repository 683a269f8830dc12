/** kill -9 on the built product under load: no answered call without its outcome row, none that may have run without a trace. */
import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cli } from '../../scripts/helio-process.mjs';
import { helioFolder, startHelio, toolCall } from '../fixtures/helio.ts';

const rounds = 20;
const answeredPerRound = 500;
const lanes = 8;

/** Remembers the number of every payment that it carried out. */
let upstream: Server;
const executed = new Set<number>();
let folder: Awaited<ReturnType<typeof helioFolder>>;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { id, method, params } = JSON.parse(body || '{}') as {
        id?: unknown;
        method?: string;
        params?: { arguments?: { n: number } };
      };
      if (request.method !== 'POST') return void response.writeHead(405).end();
      const results: { [method: string]: object } = {
        initialize: {
          protocolVersion: '2025-06-18',
          capabilities: { tools: {} },
          serverInfo: { name: 'bank', version: '1' },
        },
        'tools/list': { tools: [{ name: 'create_payment', inputSchema: { type: 'object' } }] },
        'tools/call': { content: [{ type: 'text', text: 'paid' }] },
      };
      if (method === 'tools/call') executed.add(params!.arguments!.n);
      if (id === undefined) return void response.writeHead(202).end();
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, result: results[method!] ?? {} }));
    });
  });
  await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done));
  folder = await helioFolder();
});
afterAll(async () => {
  upstream.close();
  upstream.closeAllConnections();
  await folder.remove();
});

const yaml = (): string => `version: '1'
upstream: { url: 'http://127.0.0.1:${(upstream.address() as AddressInfo).port}/mcp' }
listen: { port: 0 }
plugins: [policy, rate-limits, feedback, audit]
policies:
  default: allow
  rules:
    - match: { tool: create_payment }
      action: rate_limit
      limits: { max_calls: 1000000, window: 1h, key: tool }
`;

let next = 0;
/** Pays on one lane until Helio is gone. */
async function pay(url: string, answered: (n: number) => void): Promise<void> {
  for (;;) {
    const n = next++;
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify(toolCall('create_payment', { n }, n)),
      });
      if ((await response.text()).includes('paid')) answered(n);
    } catch {
      return;
    }
  }
}

it(`keeps the outcome of every answered call over ${rounds} kills, and what it does not know is unknown`, async () => {
  const answered = new Set<number>();
  for (let round = 0; round < rounds; round += 1) {
    const helio = await startHelio(yaml(), { folder: folder.path });
    const killAt = answered.size + answeredPerRound + Math.floor(Math.random() * 100);
    const note = (n: number): void => {
      answered.add(n);
      if (answered.size === killAt) helio.signal('SIGKILL');
    };
    await Promise.all(Array.from({ length: lanes }, () => pay(helio.mcp, note)));
    await helio.exited;
  }
  const last = await startHelio(yaml(), { folder: folder.path }); // declares what the kills left open
  await last.stop();

  const helio = (...args: string[]): string =>
    execFileSync(process.execPath, [cli, ...args, '-c', join(folder.path, 'helio.yaml')], {
      encoding: 'utf8',
      maxBuffer: 512 * 1024 * 1024,
    });
  const rows = helio('audit', 'export', '--format', 'ndjson')
    .split('\n')
    .filter((line) => line.includes('"create_payment"'))
    .map((line) => JSON.parse(line) as { outcome: string; arguments: { n: number | string } });
  const outcomes = new Map(rows.map(({ arguments: { n }, outcome }) => [Number(n), outcome]));

  expect(answered.size).toBeGreaterThanOrEqual(rounds * answeredPerRound);
  expect([...answered].filter((n) => outcomes.get(n) !== 'forwarded')).toEqual([]);
  expect(
    [...executed].filter((n) => !answered.has(n) && !['forwarded', 'unknown'].includes(outcomes.get(n) ?? '')),
  ).toEqual([]);
  expect(rows.length).toBe(outcomes.size);
  expect(helio('audit', 'verify')).toMatch(/verif|intact|whole/i);
});
