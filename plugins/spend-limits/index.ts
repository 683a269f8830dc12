/** Spend limits: at most so much money in a sliding window, in exact decimals; reserved before the call, settled after it. */
import {
  cliCommand,
  commit,
  defineFact,
  definePlugin,
  type JsonObject,
  type Refusal,
  type StoreOp,
  type TakeOp,
  type Verdict,
} from '@gethelio/proxy/plugin';
import { auditField } from '@gethelio/proxy/contracts/audit';
import { limitRoutes, limitSource, limitsListCommand } from '@gethelio/proxy/contracts/limits';
import { matchedRules, policyRules, ruleAction, ruleField } from '@gethelio/proxy/contracts/policy';
import { ledger } from '@gethelio/proxy/contracts/state';
import { z } from 'zod';
import { compileLimit, countedLimits, limitSchema, type Counted } from './limit.ts';
import { spendLimited } from './refuse.ts';
import { spendLimitSource } from './source.ts';

/** What was reserved for this call, for its audit row. */
const reserved = defineFact<readonly JsonObject[]>('spend-limits.reserved');
type Taking = Extract<Counted, { take: TakeOp }>;

export const spendLimits = definePlugin({
  name: 'spend-limits',
  apiVersion: 1,
  summary: 'Limits how much money calls may spend in a sliding window, in exact decimals.',
  config: z.strictObject({}).prefault({}),
  taps: ['evaluate', 'beforeForward'],
  needs: { ledger, commit },
  wants: { policyRules },
  owns: { limits: limitSource },
  register(api) {
    const { needs, wants, hooks, contribute, log } = api;
    contribute(ruleAction, {
      name: 'spend_limit',
      summary: 'Allows so much money in a window; says nothing while there is room.',
      needs: ['limits.spend'],
    });
    contribute(ruleField, {
      key: 'limits',
      part: 'spend',
      alone: true,
      summary: 'How much may be spent in a window, and who shares the limit.',
      schema: limitSchema,
      compile(written, context) {
        const limit = compileLimit(written);
        if (limit.limit === '0')
          context.warn(
            'limit: 0 lets only free calls pass',
            ['max_spend', 'limit'],
            'write action: deny, which says so',
          );
        return limit;
      },
    });
    contribute(auditField, { key: 'limits', value: ({ facts }) => facts.get(reserved) });
    contribute(
      limitSource,
      spendLimitSource(api.name, needs.ledger, () => wants.policyRules),
    );
    contribute(cliCommand, limitsListCommand);
    limitRoutes(api);

    // Restrict only: with room left a limit says nothing, so that it can never open what the default closes.
    hooks.evaluate.tap({ stage: 'meter' }, (ctx) => {
      const limits = countedLimits(ctx.facts.get(matchedRules) ?? [], ctx);
      if (limits.length === 0) return undefined;
      const verdicts = limits.map((counted) => {
        if ('uncountable' in counted) return inRule(counted, counted.uncountable);
        const judge = (found: Refusal | undefined) =>
          found && inRule(counted, spendLimited(counted.rule, counted.limit, counted.take, found));
        const refusal = needs.ledger.check(counted.take);
        return refusal instanceof Promise ? refusal.then(judge) : judge(refusal as Refusal | undefined);
      });
      // Far from every limit nothing was asked of the store, and no promise is made.
      if (verdicts.some((verdict) => verdict instanceof Promise)) return Promise.all(verdicts).then(said);
      return said(verdicts as (Verdict | undefined)[]);
    });

    hooks.beforeForward.tap({ stage: 'reserve' }, (ctx) => {
      const limits = countedLimits(ctx.facts.get(matchedRules) ?? [], ctx).filter(
        (one): one is Taking => 'take' in one,
      );
      if (limits.length === 0) return undefined;
      const enforced = limits.filter(({ rule }) => rule.mode === 'enforce');
      const shadows = limits.filter(({ rule }) => rule.mode === 'shadow');
      ctx.facts.set(reserved, limits.map(effectOf));
      return {
        ops: enforced.map(({ take }) => take),
        refused(refusal) {
          const counted = enforced.find(({ take }) => take.bucket === (refusal.op as TakeOp).bucket)!;
          return inRule(counted, spendLimited(counted.rule, counted.limit, counted.take, refusal));
        },
        settle({ acted, answer }) {
          if (acted && shadows.length > 0) countShadows(shadows);
          return enforced.flatMap(({ rule, limit, take }): StoreOp[] => {
            const { bucket, entry } = take;
            if (!acted || (rule.releaseOnError && answer?.isError)) return [{ op: 'giveBack', bucket, entry }];
            const actual = limit.amount.actual(answer);
            return actual === undefined || actual === take.amount
              ? []
              : [{ op: 'correct', bucket, entry, amount: actual }];
          });
        },
      };
    });

    /** Outside the call's transaction: whatever becomes of a shadow counter, no call hears of it. */
    function countShadows(shadows: readonly Taking[]): void {
      for (const { take } of shadows) {
        needs.commit
          .commit([take])
          .catch((error: unknown) => log.warn('a shadow counter was not kept', { error: String(error) }));
      }
    }
  },
});
export default spendLimits;

function said(verdicts: readonly (Verdict | undefined)[]): readonly Verdict[] | undefined {
  const spoken = verdicts.filter((verdict) => verdict !== undefined);
  return spoken.length > 0 ? spoken : undefined;
}

function inRule({ rule }: Counted, verdict: Verdict): Verdict {
  const place = { name: rule.name, line: rule.line };
  return { ...verdict, rule: place, ...(rule.mode === 'shadow' && { shadow: true as const }) };
}

function effectOf({ rule, limit, key, take }: Taking): JsonObject {
  return {
    kind: 'spend',
    rule: rule.name,
    key,
    taken: take.amount,
    limit: limit.limit,
    ...(limit.currency !== undefined && { currency: limit.currency }),
    window_ms: limit.windowMs,
    ...(rule.mode === 'shadow' && { shadow: true }),
  };
}
