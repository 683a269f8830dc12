/** The words of other plugins, as small as tests of the rule language need them. */
import { definePlugin } from '@gethelio/proxy/plugin';
import { ruleAction, ruleCondition, ruleField } from '@gethelio/proxy/contracts/policy';
import { z } from 'zod';

export const words = definePlugin({
  name: 'words',
  apiVersion: 1,
  config: z.strictObject({}).prefault({}),
  register({ contribute }) {
    contribute(ruleAction, {
      name: 'require_approval',
      summary: 'Asks a person.',
      speaks: { effect: 'hold', code: 'approval_required', reason: ({ name }) => `Rule "${name}" asks a person.` },
    });
    contribute(ruleAction, {
      name: 'dry_run',
      summary: 'Pretends.',
      speaks: { effect: 'simulate', code: 'dry_run', reason: ({ name }) => `Rule "${name}" pretends.` },
    });
    contribute(ruleAction, { name: 'rate_limit', summary: 'Counts calls.', needs: ['limits.calls'] });
    contribute(ruleAction, { name: 'spend_limit', summary: 'Counts money.', needs: ['limits.spend'] });
    contribute(ruleField, {
      key: 'limits',
      part: 'calls',
      summary: 'How many calls.',
      schema: z.strictObject({ max_calls: z.number(), window: z.string(), key: z.string().optional() }),
    });
    contribute(ruleField, {
      key: 'limits',
      part: 'spend',
      summary: 'How much money.',
      schema: z.strictObject({ max_spend: z.strictObject({ field: z.string(), limit: z.number() }) }),
    });
    contribute(ruleField, {
      key: 'evidence',
      summary: 'What must be known.',
      schema: z.strictObject({ requires: z.array(z.string()) }),
      gate: true,
      alone: true,
    });
    contribute(ruleField, {
      key: 'requires',
      summary: 'What must be done.',
      schema: z.array(z.string()),
      gate: true,
      alone: true,
    });
    contribute(ruleField, {
      key: 'approval',
      summary: 'Whom to ask.',
      schema: z.strictObject({ channel: z.string() }),
    });
    contribute(ruleField, {
      key: 'feedback',
      summary: 'What to say.',
      schema: z.strictObject({ message: z.string() }),
    });
    contribute(ruleCondition, {
      key: 'moon',
      summary: 'The phase of the moon.',
      schema: z.enum(['full', 'new']),
      compile: (phase) => () => phase === 'full',
    });
  },
});
