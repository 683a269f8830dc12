/** Limits of rules, whatever they count: judged before the call, taken with it, given back when it provably did nothing. */
import {
  defineFact,
  type Answer,
  type Awaitable,
  type CallContext,
  type Commit,
  type Commitment,
  type Fact,
  type ForwardContext,
  type JsonObject,
  type Log,
  type Refusal,
  type StoreOp,
  type TakeOp,
  type Verdict,
} from '@gethelio/proxy/plugin';
import { matchedRules, type MatchedRule } from '@gethelio/proxy/contracts/policy';
import type { Buckets } from '@gethelio/proxy/contracts/state';
import { countLimits, type Counted, type Measure, type RuleLimit, type Uncountable } from './count.ts';

export interface RuleLimitsOptions<L extends RuleLimit> extends Measure<L> {
  readonly buckets: Pick<Buckets, 'check'>;
  readonly commit: Commit;
  readonly log: Log;
  /** What a call reads that this limit has no room for. The rule and its mode are added. */
  refuse(counted: Counted<L>, refusal: Refusal): Verdict;
  /** What was really taken, when the answer says so. */
  actual?(limit: L, answer: Answer | undefined): string | undefined;
}
export interface RuleLimits {
  /** For `evaluate`, stage `meter`. */
  judge(ctx: CallContext): Awaitable<readonly Verdict[] | undefined>;
  /** For `beforeForward`, stage `reserve`. */
  reserve(ctx: ForwardContext): Commitment | undefined;
  /** What was taken for this call, for its audit row. */
  readonly taken: Fact<readonly JsonObject[]>;
}

export function createRuleLimits<L extends RuleLimit>(options: RuleLimitsOptions<L>): RuleLimits {
  const { kind, buckets, commit, log, refuse, actual } = options;
  const taken = defineFact<readonly JsonObject[]>(`${kind}-limits.taken`);
  /** What judging counted is what is taken: it is not worked out twice. */
  const counted = defineFact<readonly Counted<L>[]>(`${kind}-limits.counted`);

  /** Outside the call's transaction: whatever becomes of a shadow counter, no call hears of it. */
  function countShadows(shadows: readonly Counted<L>[]): void {
    for (const { take } of shadows) {
      commit
        .commit([take])
        .catch((error: unknown) => log.warn('a shadow counter was not kept', { error: String(error) }));
    }
  }

  return {
    taken,

    // Restrict only: with room left a limit says nothing, so that it can never open what the default closes.
    judge(ctx) {
      const limits = countLimits(ctx.facts.get(matchedRules) ?? [], options, ctx);
      if (limits.length === 0) return undefined;
      ctx.facts.set(counted, limits.filter(isCounted));
      const verdicts = limits.map((one) => {
        if (!isCounted(one)) return inRule(one.rule, one.uncountable);
        const judged = (found: Refusal | undefined) => found && inRule(one.rule, refuse(one, found));
        const refusal = buckets.check(one.take);
        return refusal instanceof Promise ? refusal.then(judged) : judged(refusal as Refusal | undefined);
      });
      // Far from every limit nothing was asked of the store, and no promise is made.
      if (verdicts.some((verdict) => verdict instanceof Promise)) return Promise.all(verdicts).then(said);
      return said(verdicts as (Verdict | undefined)[]);
    },

    reserve({ facts }) {
      const limits = facts.get(counted) ?? [];
      if (limits.length === 0) return undefined;
      const enforced = limits.filter(({ rule }) => rule.mode === 'enforce');
      const shadows = limits.filter(({ rule }) => rule.mode === 'shadow');
      facts.set(
        taken,
        limits.map((one) => takenFrom(kind, one)),
      );
      return {
        ops: enforced.map(({ take }) => take),
        refused(refusal) {
          const one = enforced.find(({ take }) => take.bucket === (refusal.op as TakeOp).bucket)!;
          return inRule(one.rule, refuse(one, refusal));
        },
        settle({ acted, answer }) {
          if (acted && shadows.length > 0) countShadows(shadows);
          return enforced.flatMap(({ rule, limit, take: { bucket, entry, amount } }): StoreOp[] => {
            if (!acted || (rule.releaseOnError && answer?.isError)) return [{ op: 'giveBack', bucket, entry }];
            const real = actual?.(limit, answer) ?? amount;
            return real === amount ? [] : [{ op: 'correct', bucket, entry, amount: real }];
          });
        },
      };
    },
  };
}

function isCounted<L extends RuleLimit>(one: Counted<L> | Uncountable): one is Counted<L> {
  return 'take' in one;
}

function said(verdicts: readonly (Verdict | undefined)[]): readonly Verdict[] | undefined {
  const spoken = verdicts.filter((verdict) => verdict !== undefined);
  return spoken.length > 0 ? spoken : undefined;
}

function inRule(rule: MatchedRule, verdict: Verdict): Verdict {
  const place = { name: rule.name, line: rule.line };
  return { ...verdict, rule: place, ...(rule.mode === 'shadow' && { shadow: true as const }) };
}

function takenFrom<L extends RuleLimit>(
  kind: 'rate' | 'spend',
  { rule, limit: { limit, currency, windowMs }, key, take }: Counted<L>,
): JsonObject {
  return {
    kind,
    rule: rule.name,
    key,
    taken: take.amount,
    limit,
    ...(currency !== undefined && { currency }),
    window_ms: windowMs,
    ...(rule.mode === 'shadow' && { shadow: true }),
  };
}
