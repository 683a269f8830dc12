/** `limits: { max_calls, window, key }` of a rule, and the bucket that counts for it. */
import { bucketName, duration, type CallContext, type TakeOp, type Verdict } from '@gethelio/proxy/plugin';
import { keySchema, readKey, type KeyKind } from '@gethelio/proxy/contracts/limits';
import type { MatchedRule } from '@gethelio/proxy/contracts/policy';
import { z } from 'zod';

export const limitSchema = z.strictObject({
  max_calls: z.int().min(0).max(1_000_000_000).describe('Calls in any window of this length.'),
  window: duration()
    .refine((ms) => ms > 0, 'must be longer than nothing')
    .describe('A sliding window: a call leaves it exactly this long after it was made.'),
  key: keySchema
    .default('tool')
    .describe('Who shares the count: every tool, session or agent has its own, or all share one.'),
});
export interface CallLimit {
  readonly maxCalls: number;
  readonly windowMs: number;
  readonly key: KeyKind;
}
/** What the field `limits` holds of ours. */
export interface Limits {
  readonly calls?: CallLimit;
}

/** One limit that counts for a call: the take that it asks for, or the deny when nobody knows whom to count it for. */
export type Counted = {
  readonly rule: MatchedRule;
  readonly limit: CallLimit;
} & ({ readonly take: TakeOp; readonly key: string } | { readonly unresolved: Verdict });

/** The limits of the rules that matched, in the file's order. */
export function countedLimits(
  rules: readonly MatchedRule[],
  ctx: Pick<CallContext, 'call' | 'facts' | 'nowMs'>,
): readonly Counted[] {
  const names = new Set<string>();
  return rules.flatMap((rule): Counted[] => {
    const limit = (rule.fields['limits'] as Limits | undefined)?.calls;
    if (!limit) return [];
    const found = readKey(limit.key, ctx);
    if ('unresolved' in found) return [{ rule, limit, unresolved: found.unresolved }];
    // Two rules with one match and action (ten a minute, a hundred an hour) share an identity, and must not share a bucket.
    const own = names.has(`${rule.mode} ${rule.identity}`)
      ? `${rule.identity} ${limit.windowMs} ${limit.maxCalls}`
      : rule.identity;
    names.add(`${rule.mode} ${rule.identity}`);
    const take: TakeOp = {
      op: 'take',
      bucket: bucketName(kindOf(rule), own, found.key),
      entry: ctx.call.id,
      amount: '1',
      limit: String(limit.maxCalls),
      atMs: ctx.nowMs,
      sinceMs: ctx.nowMs - limit.windowMs + 1,
      expiresAtMs: ctx.nowMs + limit.windowMs,
      note: { tool: ctx.call.name },
    };
    return [{ rule, limit, take, key: found.key }];
  });
}

/** Counters of their own: what a shadow rule counts, no real limit sees. */
export function kindOf(rule: MatchedRule): 'rate' | 'rate-shadow' {
  return rule.mode === 'shadow' ? 'rate-shadow' : 'rate';
}
