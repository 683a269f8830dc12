import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareDecimal, openDatabase, sumDecimals } from '@gethelio/proxy/plugin';

const rounds = 20;
const answeredPerRound = 500;
const lanes = 8;
const price = '0.07';
const root = fileURLToPath(new URL('../../', import.meta.url));

/** Executes payments, and remembers every one of them in its own books. */
let upstream: Server;
let executed = 0;
let folder: string;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const message = JSON.parse(body || '{}') as { id?: unknown; method?: string; params?: { name?: string } };
      const answer = (result: object) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
      };
      if (request.method !== 'POST') return void response.writeHead(405).end();
      if (message.id === undefined) return void response.writeHead(202).end();
      if (message.method === 'initialize') {
        return answer({
          protocolVersion: '2025-06-18',
          capabilities: { tools: {} },
          serverInfo: { name: 'bank', version: '1' },
        });
      }
      if (message.method === 'tools/list') {
        return answer({ tools: [{ name: 'create_payment', inputSchema: { type: 'object' } }] });
      }
      executed += 1;
      return answer({ content: [{ type: 'text', text: 'paid' }] });
    });
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  folder = await mkdtemp(join(tmpdir(), 'helio-money-'));
  await writeFile(
    join(folder, 'helio.yaml'),
    `version: '1'
upstream: { url: 'http://127.0.0.1:${(upstream.address() as AddressInfo).port}/mcp' }
listen: { port: 0 }
plugins: [policy, state-sqlite, spend-limits, budgets, feedback]
policies:
  default: allow
  rules:
    - match: { tool: 'create_payment' }
      name: payments
      action: spend_limit
      limits: { max_spend: { field: '$.amount', limit: 1000000, currency: 'GBP', window: 24h } }
budgets:
  - { name: all, limit: 1000000, currency: GBP, window: 90d, contributors: [{ tool: 'create_*', field: '$.amount' }] }
`,
  );
});
afterAll(async () => {
  upstream.close();
  upstream.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

async function startHelio(): Promise<{ readonly process: ChildProcess; readonly url: string }> {
  const loader = new URL('../../scripts/source.mjs', import.meta.url).href;
  const main = join(root, 'kernel/cli/main.ts');
  const child = spawn(
    process.execPath,
    ['--conditions=helio-source', '--import', loader, main, 'start', '-c', join(folder, 'helio.yaml')],
    { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder },
  );
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        const found = /http:\/\/127\.0\.0\.1:\d+\/mcp/.exec(line);
        if (found && line.includes('listening')) resolve(found[0]);
      });
    }
    child.once('close', () => reject(new Error('helio ended before it listened')));
  });
  return { process: child, url };
}

/** Pays until Helio is gone; counts answers and calls whose fate the caller does not know. */
async function payUntilKilled(url: string, answered: () => void): Promise<number> {
  let unknown = 0;
  const lane = async (): Promise<void> => {
    for (let n = 0; ; n += 1) {
      try {
        const answer = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
          body: `{"jsonrpc":"2.0","id":${n},"method":"tools/call","params":{"name":"create_payment","arguments":{"amount":${price}}}}`,
        });
        const text = await answer.text();
        if (!text.includes('paid')) throw new Error(`not paid: ${text.slice(0, 300)}`);
        answered();
      } catch (error) {
        if (String(error).includes('not paid')) throw error;
        unknown += 1;
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return unknown;
}

function readPots(): { readonly budget: string; readonly spend: string; readonly entries: string } {
  const database = openDatabase(join(folder, '.helio', 'state.db'));
  const total = (kind: string) =>
    sumDecimals(
      database
        .prepare('SELECT total FROM buckets WHERE name >= ? AND name < ?')
        .all<{ total: string }>(`${kind}:`, `${kind};`)
        .map((row) => row.total),
    );
  const entries = sumDecimals(
    database
      .prepare(
        "SELECT amount FROM entries JOIN buckets ON buckets.id = bucket WHERE name >= 'budget:' AND name < 'budget;'",
      )
      .all<{ amount: string }>()
      .map(({ amount }) => amount),
  );
  const pots = { budget: total('budget'), spend: total('spend'), entries };
  database.close();
  return pots;
}

it(`keeps executed <= pot <= executed + unknown, to the cent, over ${rounds} kills`, async () => {
  let answered = 0;
  let unknown = 0;
  for (let round = 0; round < rounds; round += 1) {
    const helio = await startHelio();
    const killAt = answered + answeredPerRound + Math.floor(Math.random() * 100);
    unknown += await payUntilKilled(helio.url, () => {
      answered += 1;
      if (answered === killAt) helio.process.kill('SIGKILL');
    });
    if (helio.process.exitCode === null && helio.process.signalCode === null) await once(helio.process, 'close');

    const cents = (count: number) => sumDecimals([`${(BigInt(count) * 7n).toString()}e-2`]);
    const { budget, spend, entries } = readPots();
    expect(executed).toBeGreaterThanOrEqual(answered);
    for (const pot of [budget, spend]) {
      expect(compareDecimal(cents(executed), pot)).toBeLessThanOrEqual(0);
      expect(compareDecimal(pot, cents(executed + unknown))).toBeLessThanOrEqual(0);
    }
    expect(entries).toBe(budget);
    expect(spend).toBe(budget);
  }
  expect(answered).toBeGreaterThanOrEqual(rounds * answeredPerRound);
});
