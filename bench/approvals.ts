/**
 * 10,000 pending approvals on the SQLite store: list, approve and expire must stay fast, other calls unharmed, and a
 * restart must bring them back. `node --conditions=helio-source --import ./scripts/source.mjs bench/approvals.ts` prints one line of JSON.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testPlugin, type PluginTest } from '../kernel/testing/test-plugin.ts';

const secret = 'bench-operator-secret-that-is-long-enough';
const target = 1.1;
const rounds = 11;

export interface ApprovalsResult {
  readonly pending: number;
  /** Median microseconds of an allowed call that asks nobody, without and with the tickets, interleaved rounds. */
  readonly callUs: { readonly before: number; readonly after: number; readonly ratio: number; readonly target: number };
  readonly openPerSecond: number;
  readonly listMs: number;
  readonly lastPageMs: number;
  readonly approveMs: number;
  readonly expirePerSecond: number;
  readonly restartMs: number;
  readonly memoryMb: number;
}

export async function benchApprovals(pending = 10_000): Promise<ApprovalsResult> {
  // Two Helios side by side in one process: one holds tickets, the other none. Noise hits both alike.
  const folder = await mkdtemp(join(tmpdir(), 'helio-bench-'));
  const empty = await start();
  let full = await start(folder);
  const nowMs = full.clock.nowMs();
  const memoryBefore = process.memoryUsage().heapUsed;
  const openMs = await timed(() => open(full, pending));
  // What the test kit remembers is not Helio's.
  (full.records as unknown[]).length = 0;
  (full.logs as unknown[]).length = 0;
  (globalThis as { gc?: () => void }).gc?.();
  const memoryMb = (process.memoryUsage().heapUsed - memoryBefore) / 1024 / 1024;

  const [before, after]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const order = [
      () => perCallUs(empty).then((us) => before.push(us)),
      () => perCallUs(full).then((us) => after.push(us)),
    ];
    for (const measure of round % 2 ? order : order.reverse()) await measure();
  }
  const listMs = await median(9, () => api(full, 'GET', '/api/approvals?limit=50'));
  const { tickets } = await api(full, 'GET', '/api/approvals?limit=200');
  const lastPageMs = await median(5, () => api(full, 'GET', `/api/approvals?limit=50&cursor=${tickets.at(-1).id}`));
  let next = 0;
  const approveMs = await median(9, () => api(full, 'POST', `/api/approvals/${tickets[next++].id}/approve`, {}));

  await full.stop();
  const restartMs = await timed(async () => {
    full = await start(folder, nowMs);
  });
  const brought = await count(full);
  if (brought !== pending - next) throw new Error(`a restart brought ${brought} of ${pending - next} tickets back`);
  full.clock.advance(24 * 3_600_000);
  const expireMs = await timed(async () => {
    while ((await api(full, 'GET', '/api/approvals?limit=1')).tickets.length > 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
  });
  await empty.stop();
  await full.stop();
  await rm(folder, { recursive: true, force: true });
  // The median of the rounds' own ratios: a machine that slows down for some rounds slows both sides of each.
  const ratio = middle(after.map((us, round) => us / before[round]!));
  const callUs = { before: middle(before), after: middle(after), ratio, target };
  return {
    pending,
    callUs,
    openPerSecond: Math.round((pending / openMs) * 1000),
    listMs,
    lastPageMs,
    approveMs,
    expirePerSecond: Math.round((pending / expireMs) * 1000),
    restartMs,
    memoryMb,
  };
}

function start(folder?: string, nowMs = Date.now()): Promise<PluginTest> {
  return testPlugin(undefined, {
    with: ['state-sqlite', 'identity', 'policy', 'operator', 'approvals', 'approvals-dashboard'],
    nowMs,
    ...(folder !== undefined && { folder }),
    yaml: `dashboard: { port: 0, api_secret: '${secret}' }
approval: { wait: 1ms, timeout: 1h, max_pending: 100000 }
policies: { default: allow, rules: [{ match: { tool: 'pay' }, action: require_approval }] }`,
  });
}

async function open(helio: PluginTest, count: number): Promise<void> {
  const atOnce = 100;
  for (let i = 0; i < count; i += atOnce)
    await Promise.all(
      Array.from({ length: atOnce }, (_, n) =>
        helio.call({ name: 'pay', arguments: { order: i + n, to: 'ACME Ltd, 1 High Street, London' } }),
      ),
    );
}

async function perCallUs(helio: PluginTest): Promise<number> {
  const calls = 1_000;
  const ms = await timed(async () => {
    for (let i = 0; i < calls; i++) await helio.call({ name: 'look', arguments: { order: i } });
  });
  return (ms * 1000) / calls;
}

async function count(helio: PluginTest): Promise<number> {
  let [found, cursor]: [number, string | undefined] = [0, undefined];
  do {
    const page = await api(helio, 'GET', `/api/approvals?limit=200${cursor ? `&cursor=${cursor}` : ''}`);
    found += page.tickets.length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

async function api(helio: PluginTest, method: string, path: string, body?: unknown): Promise<any> {
  const answer = await fetch(`${helio.url('dashboard')}${path}`, {
    method,
    headers: { authorization: `Bearer ${secret}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await run();
  return performance.now() - startedMs;
}
async function median(rounds: number, run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) times.push(await timed(run));
  return middle(times);
}
const middle = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)]!;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await benchApprovals(Number(process.argv[2] ?? 10_000));
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = result.callUs.ratio <= target ? 0 : 1;
}
