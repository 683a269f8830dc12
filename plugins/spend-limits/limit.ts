/** `limits: { max_spend: { ... } }` of a rule, and the bucket that its money is counted in. */
import { bucketName, duration, type CallContext, type TakeOp, type Verdict } from '@gethelio/proxy/plugin';
import {
  amountShape,
  checkAmountRule,
  compileAmount,
  keySchema,
  moneyText,
  readKey,
  type AmountReader,
  type KeyKind,
} from '@gethelio/proxy/contracts/limits';
import type { MatchedRule } from '@gethelio/proxy/contracts/policy';
import { z } from 'zod';
import { invalidAmount } from './refuse.ts';

const spend = z
  .strictObject({
    ...amountShape,
    limit: moneyText('the limit').describe('What may be spent in any window of this length.'),
    window: duration()
      .refine((ms) => ms > 0, 'must be longer than nothing')
      .describe('A sliding window: an amount leaves it exactly this long after it was spent.'),
    key: keySchema
      .default('tool')
      .describe('Who shares the limit: every tool, session or agent has its own, or all share one.'),
  })
  .superRefine((written, ctx) => {
    const wrong = checkAmountRule(written);
    if (wrong) ctx.addIssue({ code: 'custom', message: `max_spend ${wrong}` });
  });
export const limitSchema = z.strictObject({
  max_spend: spend.describe('How much, of what, in which window.'),
});

export interface SpendLimit {
  readonly limit: string;
  readonly windowMs: number;
  readonly key: KeyKind;
  readonly currency: string | undefined;
  readonly amount: AmountReader;
}
/** What the field `limits` holds of ours. */
export interface Limits {
  readonly spend?: SpendLimit;
}

export function compileLimit({ max_spend: written }: z.output<typeof limitSchema>): SpendLimit {
  const { limit, window: windowMs, key, ...rule } = written;
  return { limit, windowMs, key, currency: rule.currency, amount: compileAmount(rule) };
}

/** One limit that counts for a call: what it takes, or the deny of a call that nobody can count. */
export type Counted = {
  readonly rule: MatchedRule;
  readonly limit: SpendLimit;
} & ({ readonly take: TakeOp; readonly key: string } | { readonly uncountable: Verdict });

/** The limits of the rules that matched, in the file's order. */
export function countedLimits(
  rules: readonly MatchedRule[],
  ctx: Pick<CallContext, 'call' | 'facts' | 'nowMs'>,
): readonly Counted[] {
  const names = new Set<string>();
  return rules.flatMap((rule): Counted[] => {
    const limit = (rule.fields['limits'] as Limits | undefined)?.spend;
    if (!limit) return [];
    const read = limit.amount.read(ctx.call);
    if (!read.ok) return [{ rule, limit, uncountable: invalidAmount(limit, read) }];
    const found = readKey(limit.key, ctx);
    if ('unresolved' in found) return [{ rule, limit, uncountable: found.unresolved }];
    // Two rules with one match and action (an amount an hour, another a day) share an identity, and must not share a bucket.
    const own = names.has(`${rule.mode} ${rule.identity}`)
      ? `${rule.identity} ${limit.windowMs} ${limit.limit}`
      : rule.identity;
    names.add(`${rule.mode} ${rule.identity}`);
    const take: TakeOp = {
      op: 'take',
      bucket: bucketName(kindOf(rule), own, found.key),
      entry: ctx.call.id,
      amount: read.amount,
      limit: limit.limit,
      atMs: ctx.nowMs,
      sinceMs: ctx.nowMs - limit.windowMs + 1,
      expiresAtMs: ctx.nowMs + limit.windowMs,
      note: { tool: ctx.call.name, upstream: ctx.call.upstream },
    };
    return [{ rule, limit, take, key: found.key }];
  });
}

/** Counters of their own: what a shadow rule counts, no real limit sees. */
export function kindOf(rule: MatchedRule): 'spend' | 'spend-shadow' {
  return rule.mode === 'shadow' ? 'spend-shadow' : 'spend';
}
