/** The spend limits as `/api/limits` and `helio limits list` show them. */
import { bucketName } from '@gethelio/proxy/plugin';
import { gaugeOf, type LimitSource, type LimitView } from '@gethelio/proxy/contracts/limits';
import type { PolicyRules } from '@gethelio/proxy/contracts/policy';
import type { Ledger } from '@gethelio/proxy/contracts/state';
import { kindOf, type Limits } from './limit.ts';

export function spendLimitSource(plugin: string, ledger: Ledger, rules: () => PolicyRules | undefined): LimitSource {
  return {
    plugin,
    async read(nowMs, keysPerLimit) {
      const limited = rules()?.withField('limits') ?? [];
      const views: LimitView[] = [];
      for (const rule of limited) {
        const limit = (rule.fields['limits'] as Limits).spend;
        if (!limit) continue;
        const prefix = bucketName(kindOf(rule), rule.identity, '');
        const sinceMs = nowMs - limit.windowMs + 1;
        const buckets = await ledger.list(prefix, keysPerLimit, sinceMs);
        const keys = await Promise.all(
          buckets.map(async ({ bucket, total, entries, lastAtMs }) => {
            const { oldestAtMs } = await ledger.balance(bucket, sinceMs);
            const key = bucket.slice(prefix.length);
            return gaugeOf({ key, bucket, used: total, entries, oldestAtMs, lastAtMs }, limit.limit, nowMs);
          }),
        );
        views.push({
          kind: 'spend',
          rule: rule.name,
          line: rule.line,
          mode: rule.mode,
          limit: limit.limit,
          currency: limit.currency ?? null,
          windowMs: limit.windowMs,
          key: limit.key,
          keys,
        });
      }
      return views;
    },
  };
}
