/** What the limit of a rule takes for one call: the bucket, the amount, or the deny of a call that nobody can count. */
import { bucketName, type Call, type CallContext, type Json, type TakeOp, type Verdict } from '@gethelio/proxy/plugin';
import type { MatchedRule } from '@gethelio/proxy/contracts/policy';
import { readKey, type KeyKind } from './key.ts';

/** The terms of a limit in the field `limits` of a rule. */
export interface RuleLimit {
  /** What fits into any window of this length, an exact decimal text. */
  readonly limit: string;
  readonly windowMs: number;
  readonly key: KeyKind;
  readonly currency?: string | undefined;
}

/** How much a call takes from a limit: `1` for a rate, an amount for money; or why that cannot be told. */
export type Measured = { readonly amount: string } | { readonly uncountable: Verdict };

/** What limits count: calls or money. */
export interface Measure<L extends RuleLimit> {
  readonly kind: 'rate' | 'spend';
  limitOf(rule: MatchedRule): L | undefined;
  measure(limit: L, call: Call): Measured;
  /** Kept beside the amount, for the drill-down. */
  note(call: Call): Json;
}

/** A limit that holds for a call, and what the call takes from it. */
export interface Counted<L extends RuleLimit> {
  readonly rule: MatchedRule;
  readonly limit: L;
  readonly take: TakeOp;
  readonly key: string;
}
/** A limit that holds for a call which cannot be counted: it must not count nowhere. */
export interface Uncountable {
  readonly rule: MatchedRule;
  readonly uncountable: Verdict;
}

/** The limits among the rules that matched, in the file's order. */
export function countLimits<L extends RuleLimit>(
  rules: readonly MatchedRule[],
  { kind, limitOf, measure, note }: Measure<L>,
  { call, facts, nowMs }: Pick<CallContext, 'call' | 'facts' | 'nowMs'>,
): readonly (Counted<L> | Uncountable)[] {
  return rules.flatMap((rule): readonly (Counted<L> | Uncountable)[] => {
    const limit = limitOf(rule);
    if (!limit) return [];
    const measured = measure(limit, call);
    if ('uncountable' in measured) return [{ rule, uncountable: measured.uncountable }];
    const found = readKey(limit.key, { call, facts });
    if ('unresolved' in found) return [{ rule, uncountable: found.unresolved }];
    const take: TakeOp = {
      op: 'take',
      bucket: bucketOf(kind, rule, found.key),
      entry: call.id,
      amount: measured.amount,
      limit: limit.limit,
      atMs: nowMs,
      sinceMs: sinceMs(limit, nowMs),
      expiresAtMs: nowMs + limit.windowMs,
      note: note(call),
    };
    return [{ rule, limit, take, key: found.key }];
  });
}

/** A shadow rule has counters of its own: what it counts, no real limit sees. */
export function bucketOf(kind: 'rate' | 'spend', rule: MatchedRule, key: string): string {
  return bucketName(rule.mode === 'shadow' ? `${kind}-shadow` : kind, rule.identity, key);
}

/** The oldest instant that still counts: an entry leaves exactly one window after it was made. */
export const sinceMs = (limit: RuleLimit, nowMs: number): number => nowMs - limit.windowMs + 1;
