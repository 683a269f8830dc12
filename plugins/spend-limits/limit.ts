/** `limits: { max_spend: { ... } }` of a rule, and what a call spends under it. */
import {
  amountShape,
  checkAmountRule,
  compileAmount,
  keySchema,
  moneyText,
  windowSchema,
  type AmountReader,
  type Measure,
  type RuleLimit,
} from '@gethelio/proxy/contracts/limits';
import { z } from 'zod';
import { invalidAmount } from './refuse.ts';

const spend = z
  .strictObject({
    ...amountShape,
    limit: moneyText('the limit').describe('What may be spent in any window of this length.'),
    window: windowSchema.describe('A sliding window: an amount leaves it exactly this long after it was spent.'),
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

export interface SpendLimit extends RuleLimit {
  readonly amount: AmountReader;
}

export function compileLimit({ max_spend: written }: z.output<typeof limitSchema>): SpendLimit {
  const { limit, window: windowMs, key, ...rule } = written;
  return { limit, windowMs, key, currency: rule.currency, amount: compileAmount(rule) };
}

/** Every call is what its arguments say that it costs. */
export const money: Measure<SpendLimit> = {
  kind: 'spend',
  limitOf: ({ fields }) => (fields['limits'] as { readonly spend?: SpendLimit } | undefined)?.spend,
  measure(limit, call) {
    const read = limit.amount.read(call);
    return read.ok ? read : { uncountable: invalidAmount(limit, read) };
  },
  note: ({ name, upstream }) => ({ tool: name, upstream }),
};
