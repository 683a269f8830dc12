/** Rate limits: at most so many calls of a tool, session, agent or of all in a sliding window, exact under parallel calls. */
import {
  cliCommand,
  commit,
  defineFact,
  definePlugin,
  type JsonObject,
  type Refusal,
  type TakeOp,
  type Verdict,
} from '@gethelio/proxy/plugin';
import { auditField } from '@gethelio/proxy/contracts/audit';
import { limitRoutes, limitSource, limitsListCommand } from '@gethelio/proxy/contracts/limits';
import { matchedRules, policyRules, ruleAction, ruleField } from '@gethelio/proxy/contracts/policy';
import { counters, ledger } from '@gethelio/proxy/contracts/state';
import { z } from 'zod';
import { countedLimits, limitSchema, type CallLimit, type Counted } from './limit.ts';
import { rateLimited } from './refuse.ts';
import { rateLimitSource } from './source.ts';

/** What was taken for this call, for its audit row. */
const taken = defineFact<readonly JsonObject[]>('rate-limits.taken');
type Taking = Extract<Counted, { take: TakeOp }>;

export const rateLimits = definePlugin({
  name: 'rate-limits',
  apiVersion: 1,
  summary: 'Limits how often a tool, session or agent may call; counts in a sliding window.',
  config: z.strictObject({}).prefault({}),
  taps: ['evaluate', 'beforeForward'],
  needs: { counters, ledger, commit },
  wants: { policyRules },
  owns: { limits: limitSource },
  register(api) {
    const { needs, wants, hooks, contribute, log } = api;
    contribute(ruleAction, {
      name: 'rate_limit',
      summary: 'Allows so many calls in a window; says nothing while there is room.',
      needs: ['limits.calls'],
    });
    contribute(ruleField, {
      key: 'limits',
      part: 'calls',
      alone: true,
      summary: 'How many calls may be made in a window, and who shares the count.',
      schema: limitSchema,
      compile({ max_calls: maxCalls, window: windowMs, key }, context): CallLimit {
        if (maxCalls === 0)
          context.warn('max_calls: 0 lets nothing pass', ['max_calls'], 'write action: deny, which says so');
        return { maxCalls, windowMs, key };
      },
    });
    contribute(auditField, { key: 'limits', value: ({ facts }) => facts.get(taken) });
    contribute(
      limitSource,
      rateLimitSource(api.name, needs.ledger, () => wants.policyRules),
    );
    contribute(cliCommand, limitsListCommand);
    limitRoutes(api);

    // Restrict only: with room left a limit says nothing, so that it can never open what the default closes.
    hooks.evaluate.tap({ stage: 'meter' }, (ctx) => {
      const limits = countedLimits(ctx.facts.get(matchedRules) ?? [], ctx);
      if (limits.length === 0) return undefined;
      const verdicts = limits.map((counted) => {
        if ('unresolved' in counted) return inRule(counted, counted.unresolved);
        const refusal = needs.counters.check(counted.take);
        const judge = (found: Refusal | undefined) =>
          found && rateLimited(counted.rule, counted.limit, found, ctx.nowMs);
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
      ctx.facts.set(taken, limits.map(effectOf));
      return {
        ops: enforced.map(({ take }) => take),
        refused(refusal) {
          const { rule, limit } = enforced.find(({ take }) => take.bucket === (refusal.op as TakeOp).bucket)!;
          return rateLimited(rule, limit, refusal, ctx.nowMs);
        },
        settle({ acted, answer }) {
          if (acted && shadows.length > 0) countShadows(shadows);
          const back = enforced.filter(({ rule }) => !acted || (rule.releaseOnError && answer?.isError));
          return back.map(({ take }) => ({ op: 'giveBack', bucket: take.bucket, entry: take.entry }));
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
export default rateLimits;

function said(verdicts: readonly (Verdict | undefined)[]): readonly Verdict[] | undefined {
  const spoken = verdicts.filter((verdict) => verdict !== undefined);
  return spoken.length > 0 ? spoken : undefined;
}

function inRule({ rule }: Counted, verdict: Verdict): Verdict {
  const place = { name: rule.name, line: rule.line };
  return { ...verdict, rule: place, ...(rule.mode === 'shadow' && { shadow: true as const }) };
}

function effectOf({ rule, limit, key }: Taking): JsonObject {
  return {
    kind: 'rate',
    rule: rule.name,
    key,
    taken: '1',
    limit: String(limit.maxCalls),
    window_ms: limit.windowMs,
    ...(rule.mode === 'shadow' && { shadow: true }),
  };
}
