/** Pots and their ledgers as the API and the commands show them. */
import type { Json } from '@gethelio/proxy/plugin';
import { gaugeOf, type Gauge } from '@gethelio/proxy/contracts/limits';
import type { Ledger } from '@gethelio/proxy/contracts/state';
import type { LedgerEntry, PotView } from './contract.ts';
import { bucketOf, type Pot } from './pot.ts';

export async function viewPot(pot: Pot, ledger: Ledger, nowMs: number, keys: number): Promise<PotView> {
  const prefix = bucketOf(pot, '');
  const buckets = await ledger.list(prefix, keys, pot.window.at(nowMs).sinceMs);
  const gauges = await Promise.all(
    buckets.map(({ bucket, lastAtMs }) => gaugeFor(pot, bucket.slice(prefix.length), ledger, nowMs, lastAtMs)),
  );
  // A pot that all share is there before anybody drew from it.
  if (pot.key === 'global' && gauges.length === 0) gauges.push(await gaugeFor(pot, 'global', ledger, nowMs));
  return {
    name: pot.name,
    line: pot.line ?? null,
    limit: pot.limit,
    currency: pot.currency ?? null,
    window: pot.window.text,
    windowMs: pot.window.slidingMs ?? null,
    zone: pot.window.zone ?? null,
    key: pot.key,
    onExceed: pot.onExceed,
    tools: [...pot.tools],
    keys: gauges,
  };
}

export async function gaugeFor(
  pot: Pot,
  key: string,
  ledger: Ledger,
  nowMs: number,
  lastAtMs?: number,
): Promise<Gauge> {
  const bucket = bucketOf(pot, key);
  const { total, entries, oldestAtMs } = await ledger.balance(bucket, pot.window.at(nowMs).sinceMs);
  const resetsAtMs = pot.window.resetsAtMs(nowMs) ?? null;
  return gaugeOf({ key, bucket, used: total, entries, oldestAtMs, lastAtMs }, pot.limit, nowMs, resetsAtMs);
}

export async function readLedger(
  pot: Pot,
  key: string,
  ledger: Ledger,
  nowMs: number,
  limit: number,
): Promise<LedgerEntry[]> {
  const entries = await ledger.entries(bucketOf(pot, key), pot.window.at(nowMs).sinceMs, limit);
  return entries.map(({ entry, amount, atMs, note }) => ({ entry, amount, atMs, ...notedIn(note) }));
}

function notedIn(note: Json): Pick<LedgerEntry, 'tool' | 'session' | 'agent' | 'adjustment'> {
  const noted = (typeof note === 'object' && note !== null && !Array.isArray(note) ? note : {}) as {
    readonly [key: string]: Json;
  };
  const text = (value: Json | undefined) => (typeof value === 'string' ? value : null);
  const { adjustment } = noted as { readonly adjustment?: { readonly by: string; readonly reason: string } };
  return {
    tool: text(noted['tool']),
    session: text(noted['session']),
    agent: text(noted['agent']),
    adjustment: adjustment ? { by: adjustment.by, reason: adjustment.reason } : null,
  };
}
