/** The fold: every verdict is kept, the strictest wins, and no verdict at all is a deny. */
import type { Decision, Effect, GivenVerdict, Verdict } from './plugin.ts';

/** How much can still reach the upstream, from everything to nothing. */
export const strictness: Readonly<Record<Effect, number>> = { allow: 0, hold: 1, simulate: 2, deny: 3 };

/** The decision of an unjudged call: nobody vouched for it. */
const unjudged: Verdict = {
  effect: 'deny',
  code: 'policy_denied',
  reason: 'No plugin gave a verdict on this call, so it is refused.',
  retry: { allowed: false },
};

/** Folds verdicts, in tap order, into one decision. Shadow verdicts are kept and do not count. */
export function fold(verdicts: readonly GivenVerdict[]): Decision {
  const counted = verdicts.filter((verdict) => !verdict.shadow);
  if (counted.length === 0) {
    return decisionOf('deny', [{ ...unjudged, plugin: 'kernel', stage: 'judge' }, ...verdicts]);
  }
  const rank = (verdict: GivenVerdict) => (verdict.shadow ? -1 : strictness[verdict.effect]);
  const sorted = verdicts.length === 1 ? verdicts : [...verdicts].sort((a, b) => rank(b) - rank(a)); // stable
  return decisionOf(sorted[0]!.effect, sorted);
}

/** Frozen: every plugin after this one is handed the same object, and so is the record. */
export function decisionOf(effect: Effect, verdicts: readonly GivenVerdict[]): Decision {
  return Object.freeze({ effect, verdicts: Object.freeze(verdicts) });
}

/** Makes a deny verdict; `retry.allowed` is true unless said otherwise. */
export function deny(code: string, reason: string, more: Omit<Verdict, 'effect' | 'code' | 'reason'> = {}): Verdict {
  return { effect: 'deny', code, reason, retry: { allowed: true }, ...more };
}

/** A deny of the kernel's own, as a whole decision. */
export function kernelDeny(
  code: string,
  reason: string,
  more: Omit<Verdict, 'effect' | 'code' | 'reason'> = {},
): Decision {
  return decisionOf('deny', [{ ...deny(code, reason, more), plugin: 'kernel', stage: 'guard' }]);
}
