/** What rate limits, spend limits and budgets share: whom a bucket belongs to, how an amount is read, how they are shown. */
import { defineExtension } from '@gethelio/proxy/plugin';
import type { LimitView } from './view.ts';

export { keySchema, readKey, windowSchema, type KeyKind, type LimitKey } from './key.ts';
export type { Counted, Measure, Measured, RuleLimit } from './count.ts';
export { createRuleLimits, type RuleLimits, type RuleLimitsOptions } from './rule-limits.ts';
export { ruleLimitSource } from './source.ts';
export {
  amountShape,
  checkAmountRule,
  compileAmount,
  moneyText,
  type AmountReader,
  type ReadAmount,
} from './amount.ts';
export {
  gaugeOf,
  gaugeSchema,
  limitViewSchema,
  limitsListCommand,
  limitRoutes,
  windowText,
  bar,
  visible,
  type Gauge,
  type LimitView,
} from './view.ts';

/** Shows a plugin's limits on `/api/limits` and in `helio limits list`. */
export interface LimitSource {
  readonly plugin: string;
  /** Every limit with its fullest keys, at most `keysPerLimit` each. */
  read(nowMs: number, keysPerLimit: number): Promise<readonly LimitView[]>;
}
/** Owned by every plugin that has limits: the first of them serves the list for all. */
export const limitSource = defineExtension<LimitSource>('limits.source');
