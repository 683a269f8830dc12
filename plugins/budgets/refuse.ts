/** What a call reads that does not fit into a pot, or whose amount is none. */
import {
  compareDecimal,
  deny,
  subtractDecimal,
  type JsonObject,
  type Refusal,
  type TakeOp,
  type Verdict,
} from '@gethelio/proxy/plugin';
import { potIdentity } from './contract.ts';
import type { Draw, Pot } from './pot.ts';

/** Refused, or held for a person where the pot says so. */
export function exceeded(pot: Pot, take: TakeOp, refusal: Refusal): Verdict {
  if (refusal.why !== 'limit') return tooManyKeys(pot);
  const terms = termsOf(pot, take, refusal);
  const denied = refusedNow(pot, take, refusal);
  if (pot.onExceed === 'deny') return denied;
  return {
    effect: 'hold',
    code: 'budget_exceeded',
    reason: `${denied.reason} A person may let it pass.`,
    ...(denied.rule && { rule: denied.rule }),
    details: { ...terms, approval: { identity: potIdentity(pot.name) } },
  };
}

/** The room went between judging and taking: refused, whatever the pot says; asking again is judged again. */
export function refusedNow(pot: Pot, take: TakeOp, refusal: Refusal): Verdict {
  if (refusal.why !== 'limit') return tooManyKeys(pot);
  const details = termsOf(pot, take, refusal);
  const money = unit(pot);
  const afterMs = details['retry_after_ms'] as number | undefined;
  const everFits = compareDecimal(take.amount, pot.limit) <= 0;
  const wait = afterMs === undefined || !everFits ? '' : ', or wait';
  const remaining = details['remaining'] as string;
  return deny(
    'budget_exceeded',
    `Budget "${pot.name}" allows ${pot.limit}${money} per ${pot.window.text}; ${remaining}${money} are left, this call asks for ${take.amount}${money}.`,
    {
      rule: ruleOf(pot),
      details,
      suggestion:
        remaining === '0'
          ? `Nothing is left${everFits ? '' : ', and this amount never fits'}: ask your user${wait}.`
          : `Spend at most ${remaining}${money}, or ask your user for more${wait}.`,
      retry: { allowed: true, ...(afterMs !== undefined && { afterMs }) },
    },
  );
}

export function uncountable(draw: Extract<Draw, { unresolved: Verdict } | { invalid: unknown }>): Verdict {
  if ('unresolved' in draw) return { ...draw.unresolved, rule: ruleOf(draw.pot) };
  const { pot, invalid } = draw;
  return deny('invalid_amount', `${invalid.wrong} Budget "${pot.name}" cannot count this call, so it is refused.`, {
    rule: ruleOf(pot),
    details: { field: invalid.field, budget: pot.name, ...(pot.currency !== undefined && { currency: pot.currency }) },
    suggestion: `Send a plain number of zero or more there${pot.currency === undefined ? '' : `, in ${pot.currency}`}.`,
  });
}

function termsOf(pot: Pot, take: TakeOp, refusal: Refusal): JsonObject {
  const left = subtractDecimal(pot.limit, refusal.total ?? '0');
  const everFits = compareDecimal(take.amount, pot.limit) <= 0;
  const roomAtMs = pot.window.slidingMs === undefined ? pot.window.resetsAtMs(take.atMs) : refusal.roomAtMs;
  return {
    budget: pot.name,
    limit: pot.limit,
    remaining: compareDecimal(left, '0') > 0 ? left : '0',
    amount: take.amount,
    ...(pot.currency !== undefined && { currency: pot.currency }),
    window: pot.window.text,
    key: pot.key,
    ...(everFits && roomAtMs !== undefined && { retry_after_ms: Math.max(1, roomAtMs - take.atMs) }),
  };
}

function tooManyKeys(pot: Pot): Verdict {
  return deny(
    'budget_exceeded',
    `Too many different ${pot.key}s draw from budget "${pot.name}": a new one must wait.`,
    {
      rule: ruleOf(pot),
      details: { budget: pot.name, limit: pot.limit },
      suggestion: 'Try again later, under an identity that is known already.',
    },
  );
}

/** The pot's own line stands where a rule's would: it is what decided. */
function ruleOf(pot: Pot): { readonly name: string; readonly line: number } {
  return { name: pot.name, line: pot.line ?? 0 };
}

function unit(pot: Pot): string {
  return pot.currency === undefined ? '' : ` ${pot.currency}`;
}
