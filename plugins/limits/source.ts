/** The limits of rules as `/api/limits` and `helio limits list` show them. */
import type { MatchedRule, PolicyRules } from '@gethelio/proxy/contracts/policy';
import type { Ledger } from '@gethelio/proxy/contracts/state';
import type { LimitSource } from './contract.ts';
import { bucketOf, sinceMs, type Measure, type RuleLimit } from './count.ts';
import { gaugeOf, type LimitView } from './view.ts';

/** `rules` is asked at every read: the policy is complete only once everything is registered. */
export function ruleLimitSource<L extends RuleLimit>(
  plugin: string,
  { kind, limitOf }: Pick<Measure<L>, 'kind' | 'limitOf'>,
  ledger: Ledger,
  rules: () => PolicyRules | undefined,
): LimitSource {
  async function view(rule: MatchedRule, limit: L, nowMs: number, keysPerLimit: number): Promise<LimitView> {
    const prefix = bucketOf(kind, rule, '');
    const since = sinceMs(limit, nowMs);
    const buckets = await ledger.list(prefix, keysPerLimit, since);
    const keys = buckets.map(async ({ bucket, total, entries, lastAtMs }) => {
      const { oldestAtMs } = await ledger.balance(bucket, since);
      const key = bucket.slice(prefix.length);
      return gaugeOf({ key, bucket, used: total, entries, oldestAtMs, lastAtMs }, limit.limit, nowMs);
    });
    return {
      kind,
      rule: rule.name,
      line: rule.line,
      mode: rule.mode,
      limit: limit.limit,
      currency: limit.currency ?? null,
      windowMs: limit.windowMs,
      key: limit.key,
      keys: await Promise.all(keys),
    };
  }

  return {
    plugin,
    async read(nowMs, keysPerLimit) {
      const views: LimitView[] = [];
      for (const rule of rules()?.withField('limits') ?? []) {
        const limit = limitOf(rule);
        if (limit) views.push(await view(rule, limit, nowMs, keysPerLimit));
      }
      return views;
    },
  };
}
