/** What a call reads that one limit has no room for. */
import { deny, subtractDecimal, type Refusal, type Verdict } from '@gethelio/proxy/plugin';
import { windowText } from '@gethelio/proxy/contracts/limits';
import type { CallLimit } from './limit.ts';
import type { MatchedRule } from '@gethelio/proxy/contracts/policy';

export function rateLimited(rule: MatchedRule, limit: CallLimit, refusal: Refusal, nowMs: number): Verdict {
  const place = { name: rule.name, line: rule.line };
  const shadow = rule.mode === 'shadow' ? ({ shadow: true } as const) : {};
  if (refusal.why !== 'limit') {
    return deny(
      'rate_limited',
      `Too many different ${limit.key}s are counted under rule ${rule.name}: a new one must wait.`,
      {
        rule: place,
        ...shadow,
        details: { limit: limit.maxCalls, window_ms: limit.windowMs },
        suggestion: 'Try again later, under an identity that is known already.',
      },
    );
  }
  const left = Number(subtractDecimal(String(limit.maxCalls), refusal.total ?? '0'));
  const afterMs = refusal.roomAtMs === undefined ? undefined : Math.max(1, refusal.roomAtMs - nowMs);
  const allowed = limit.maxCalls > 0;
  return deny('rate_limited', sentence(rule, limit), {
    rule: place,
    ...shadow,
    details: {
      limit: limit.maxCalls,
      remaining: Math.max(0, left),
      window_ms: limit.windowMs,
      key: limit.key,
      ...(afterMs !== undefined && { retry_after_ms: afterMs }),
    },
    retry: { allowed, ...(afterMs !== undefined && { afterMs }) },
  });
}

const whose = { tool: 'of this tool', session: 'in this session', agent: 'by this agent', global: 'in all' };

function sentence(rule: MatchedRule, limit: CallLimit): string {
  const window = windowText(limit.windowMs);
  const count = limit.maxCalls === 1 ? '1 call' : `${limit.maxCalls} calls`;
  return `Rule ${rule.name} allows ${count} ${whose[limit.key]} in ${window}, and ${limit.maxCalls === 1 ? 'it is' : 'they are'} used up.`;
}
