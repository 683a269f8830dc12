/** Spend limits: at most so much money in a sliding window, in exact decimals; reserved before the call, settled after it. */
import { cliCommand, commit, definePlugin } from '@gethelio/proxy/plugin';
import { auditField } from '@gethelio/proxy/contracts/audit';
import {
  createRuleLimits,
  limitRoutes,
  limitsListCommand,
  limitSource,
  ruleLimitSource,
} from '@gethelio/proxy/contracts/limits';
import { policyRules, ruleAction, ruleField } from '@gethelio/proxy/contracts/policy';
import { ledger } from '@gethelio/proxy/contracts/state';
import { z } from 'zod';
import { compileLimit, limitSchema, money } from './limit.ts';
import { spendLimited } from './refuse.ts';

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

    const limits = createRuleLimits({
      ...money,
      buckets: needs.ledger,
      commit: needs.commit,
      log,
      refuse: spendLimited,
      actual: ({ amount }, answer) => amount.actual(answer),
    });
    hooks.evaluate.tap({ stage: 'meter' }, limits.judge);
    hooks.beforeForward.tap({ stage: 'reserve' }, limits.reserve);

    contribute(auditField, { key: 'limits', value: ({ facts }) => facts.get(limits.taken) });
    const source = ruleLimitSource(api.name, money, needs.ledger, () => wants.policyRules);
    contribute(limitSource, source);
    contribute(cliCommand, limitsListCommand);
    limitRoutes(api);
  },
});
export default spendLimits;
