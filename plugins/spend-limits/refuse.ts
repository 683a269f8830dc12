/** What a call reads whose amount does not fit, or is none. */
import { compareDecimal, deny, subtractDecimal, type Refusal, type Verdict } from '@gethelio/proxy/plugin';
import { windowText, type Counted, type ReadAmount } from '@gethelio/proxy/contracts/limits';
import type { SpendLimit } from './limit.ts';

export function spendLimited({ rule, limit, take }: Counted<SpendLimit>, refusal: Refusal): Verdict {
  if (refusal.why !== 'limit') {
    return deny(
      'spend_limited',
      `Too many different ${limit.key}s are counted under rule ${rule.name}: a new one must wait.`,
      {
        details: { limit: limit.limit },
        suggestion: 'Try again later, under an identity that is known already.',
      },
    );
  }
  const left = subtractDecimal(limit.limit, refusal.total ?? '0');
  const remaining = compareDecimal(left, '0') > 0 ? left : '0';
  const everFits = compareDecimal(take.amount, limit.limit) <= 0;
  const afterMs = everFits && refusal.roomAtMs !== undefined ? Math.max(1, refusal.roomAtMs - take.atMs) : undefined;
  const money = limit.currency === undefined ? '' : ` ${limit.currency}`;
  return deny(
    'spend_limited',
    `Rule ${rule.name} allows ${limit.limit}${money} in ${windowText(limit.windowMs)}; ${remaining}${money} are left, this call asks for ${take.amount}${money}.`,
    {
      details: {
        limit: limit.limit,
        remaining,
        amount: take.amount,
        ...(limit.currency !== undefined && { currency: limit.currency }),
        window_ms: limit.windowMs,
        key: limit.key,
        ...(afterMs !== undefined && { retry_after_ms: afterMs }),
      },
      suggestion:
        remaining === '0'
          ? everFits
            ? 'Nothing is left: wait, or ask your user.'
            : 'This amount never fits: ask your user.'
          : `Spend at most ${remaining}${money}${everFits ? ', or wait' : ''}.`,
      retry: { allowed: true, ...(afterMs !== undefined && { afterMs }) },
    },
  );
}

export function invalidAmount(limit: SpendLimit, read: Extract<ReadAmount, { ok: false }>): Verdict {
  return deny('invalid_amount', `${read.wrong} Without an amount that can be counted this call is refused.`, {
    details: { field: read.field, ...(limit.currency !== undefined && { currency: limit.currency }) },
    suggestion: `Send a plain number of zero or more there${limit.currency === undefined ? '' : `, in ${limit.currency}`}.`,
  });
}
