/** What budgets show of their pots, and what a yes to one of them is bound to. */
import { gaugeSchema } from '@gethelio/proxy/contracts/limits';
import { z } from 'zod';

/**
 * A pot with `on_exceed: require_approval` holds a call that does not fit. What a person's yes is bound to: while a grant
 * (the fact `approvals.grant`) covers this identity, the pot takes without its limit. Without the plugin approvals
 * nobody lifts the hold, and the call is refused.
 */
export function potIdentity(pot: string): string {
  return `budgets:budget_exceeded:${pot}`;
}

/** One pot, as `/api/budgets` shows it. */
export const potSchema = z.strictObject({
  name: z.string(),
  line: z.number().int().nullable(),
  limit: z.string().describe('an exact decimal'),
  currency: z.string().nullable(),
  window: z.string().describe('`24h` (sliding), `day`, `week`, `month` or `session`'),
  windowMs: z.number().int().nullable().describe('length of a sliding window'),
  zone: z.string().nullable().describe('of a calendar window'),
  key: z.enum(['tool', 'session', 'agent', 'global']),
  onExceed: z.enum(['deny', 'require_approval']),
  tools: z.array(z.string()).describe('globs of the tools that draw from it'),
  keys: z.array(gaugeSchema).describe('the fullest ones first'),
});
export type PotView = z.output<typeof potSchema>;

/** One entry of a pot's ledger. */
export const entrySchema = z.strictObject({
  entry: z.string().describe("the call's id, or `adjust-...`"),
  amount: z.string().describe('an exact decimal; negative: room was made'),
  atMs: z.number().int(),
  tool: z.string().nullable(),
  session: z.string().nullable(),
  agent: z.string().nullable(),
  adjustment: z.strictObject({ by: z.string(), reason: z.string() }).nullable(),
});
export type LedgerEntry = z.output<typeof entrySchema>;

/** Emitted (and so audited) for every adjustment: budget, key, amount, reason, by, and what is used afterwards. */
export const budgetAdjusted = 'budget_adjusted';
