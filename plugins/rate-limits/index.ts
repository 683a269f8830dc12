/** Rate limits: at most so many calls of a tool, session, agent or of all in a sliding window, exact under parallel calls. */
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
import { counters, ledger } from '@gethelio/proxy/contracts/state';
import { z } from 'zod';
import { calls, compileLimit, limitSchema } from './limit.ts';
import { rateLimited } from './refuse.ts';

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
      compile(written, context) {
        if (written.max_calls === 0)
          context.warn('max_calls: 0 lets nothing pass', ['max_calls'], 'write action: deny, which says so');
        return compileLimit(written);
      },
    });

    const limits = createRuleLimits({
      ...calls,
      buckets: needs.counters,
      commit: needs.commit,
      log,
      refuse: rateLimited,
    });
    hooks.evaluate.tap({ stage: 'meter' }, limits.judge);
    hooks.beforeForward.tap({ stage: 'reserve' }, limits.reserve);

    contribute(auditField, { key: 'limits', value: ({ facts }) => facts.get(limits.taken) });
    const source = ruleLimitSource(api.name, calls, needs.ledger, () => wants.policyRules);
    contribute(limitSource, source);
    contribute(cliCommand, limitsListCommand);
    limitRoutes(api);
  },
});
export default rateLimits;
