/** What a call reads that one limit has no room for. */
import { deny, subtractDecimal, type Refusal, type Verdict } from '@gethelio/proxy/plugin';
import { windowText, type Counted } from '@gethelio/proxy/contracts/limits';
import type { CallLimit } from './limit.ts';

export function rateLimited({ rule, limit, take }: Counted<CallLimit>, refusal: Refusal): Verdict {
  if (refusal.why !== 'limit') {
    return deny(
      'rate_limited',
      `Too many different ${limit.key}s are counted under rule ${rule.name}: a new one must wait.`,
      {
        details: { limit: limit.maxCalls, window_ms: limit.windowMs },
        suggestion: 'Try again later, under an identity that is known already.',
      },
    );
  }
  const left = Number(subtractDecimal(limit.limit, refusal.total ?? '0'));
  const afterMs = refusal.roomAtMs === undefined ? undefined : Math.max(1, refusal.roomAtMs - take.atMs);
  return deny('rate_limited', sentence(rule.name, limit), {
    details: {
      limit: limit.maxCalls,
      remaining: Math.max(0, left),
      window_ms: limit.windowMs,
      key: limit.key,
      ...(afterMs !== undefined && { retry_after_ms: afterMs }),
    },
    retry: { allowed: limit.maxCalls > 0, ...(afterMs !== undefined && { afterMs }) },
  });
}

const whose = { tool: 'of this tool', session: 'in this session', agent: 'by this agent', global: 'in all' };

function sentence(rule: string, { maxCalls, key, windowMs }: CallLimit): string {
  const isOne = maxCalls === 1;
  return `Rule ${rule} allows ${maxCalls} ${isOne ? 'call' : 'calls'} ${whose[key]} in ${windowText(windowMs)}, and ${isOne ? 'it is' : 'they are'} used up.`;
}
