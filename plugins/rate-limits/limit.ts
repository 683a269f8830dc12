/** `limits: { max_calls, window, key }` of a rule. */
import { keySchema, windowSchema, type Measure, type RuleLimit } from '@gethelio/proxy/contracts/limits';
import { z } from 'zod';

export const limitSchema = z.strictObject({
  max_calls: z.int().min(0).max(1_000_000_000).describe('Calls in any window of this length.'),
  window: windowSchema.describe('A sliding window: a call leaves it exactly this long after it was made.'),
  key: keySchema
    .default('tool')
    .describe('Who shares the count: every tool, session or agent has its own, or all share one.'),
});
export interface CallLimit extends RuleLimit {
  readonly maxCalls: number;
}

export function compileLimit({ max_calls: maxCalls, window: windowMs, key }: z.output<typeof limitSchema>): CallLimit {
  return { maxCalls, limit: String(maxCalls), windowMs, key };
}

/** Every call is one. */
export const calls: Measure<CallLimit> = {
  kind: 'rate',
  limitOf: ({ fields }) => (fields['limits'] as { readonly calls?: CallLimit } | undefined)?.calls,
  measure: () => ({ amount: '1' }),
  note: ({ name }) => ({ tool: name }),
};
