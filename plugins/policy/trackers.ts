/** What `state` conditions count: calls and money so far, in buckets of the state store. */
import { createHash } from 'node:crypto';
import { agent, principal, session } from '@gethelio/proxy/contracts/identity';
import { bucketName, isDecimal, type Call, type Facts, type StoreOp, type Verdict } from '@gethelio/proxy/plugin';
import type { CompiledPath } from './contract.ts';

export type TrackerKey = 'global' | 'tool' | 'session' | 'agent' | 'principal';

/** One thing that is counted. Two conditions with the same question share it. */
export interface Tracker {
  readonly id: string;
  readonly what: 'calls' | 'spend';
  readonly counts: (call: Call) => boolean;
  readonly key: TrackerKey;
  readonly windowMs: number;
  /** The amount of one call, for `spend`. */
  readonly field: CompiledPath | undefined;
}

export function trackerId(question: unknown): string {
  return createHash('sha256').update(JSON.stringify(question)).digest('hex').slice(0, 16);
}

/** Undefined when the caller has no such key: then nothing can be judged or counted. */
export function trackerBucket(tracker: Tracker, call: Call, facts: Facts): string | undefined {
  const key = keyOf(tracker.key, call, facts);
  return key === undefined ? undefined : bucketName(`state-${tracker.what}`, tracker.id, key);
}

function keyOf(key: TrackerKey, call: Call, facts: Facts): string | undefined {
  if (key === 'global') return '*';
  if (key === 'tool') return `${call.upstream}/${call.name}`;
  if (key === 'principal') return facts.get(principal);
  return facts.get(key === 'agent' ? agent : session)?.id;
}

/** The call's amount: the sum of what stands at the field; `0` where nothing does; undefined for what is no amount. */
export function amountOf(tracker: Tracker, call: Call): readonly string[] | undefined {
  const found = tracker.field!.read(call.arguments);
  const texts = found?.map((one) => one.decimal());
  const fine = texts?.every((text) => text !== undefined && isDecimal(text) && !text.startsWith('-'));
  return fine ? (texts as string[]) : undefined;
}

/** What this call adds, without a limit: a `state` condition looks, it does not refuse. */
export function trackerOps(
  trackers: readonly Tracker[],
  call: Call,
  facts: Facts,
  nowMs: number,
  sum: (amounts: readonly string[]) => string,
): readonly StoreOp[] {
  const ops: StoreOp[] = [];
  for (const tracker of trackers) {
    if (!tracker.counts(call)) continue;
    const bucket = trackerBucket(tracker, call, facts);
    if (bucket === undefined) continue;
    const amount = tracker.what === 'calls' ? '1' : sum(amountOf(tracker, call) ?? []);
    ops.push({ op: 'take', bucket, entry: call.id, amount, atMs: nowMs, sinceMs: nowMs - tracker.windowMs });
  }
  return ops;
}

/** Money that cannot be read would be counted as nothing: refuse it instead. */
export function invalidAmount(trackers: readonly Tracker[], call: Call): Verdict | undefined {
  const bad = trackers.find((tracker) => tracker.what === 'spend' && tracker.counts(call) && !amountOf(tracker, call));
  if (!bad) return undefined;
  const field = bad.field!.text;
  return {
    effect: 'deny',
    code: 'invalid_amount',
    reason: `${field} must be a number of zero or more: a rule sums it up.`,
    details: { field },
    suggestion: `Call again with a plain number at ${field}.`,
    retry: { allowed: true },
  };
}
