/** Kleene's three-valued logic over conditions: true, false, and undefined for "cannot be judged". */
import type { Awaitable } from '@gethelio/proxy/plugin';
import type { Truth } from './comparand.ts';
import type { Trial } from './trial.ts';

export type { Truth } from './comparand.ts';

/** A node of a compiled `match:`. */
export interface Condition {
  test(trial: Trial): Awaitable<Truth>;
}

export const always: Condition = { test: () => true };

/** All must hold. Fast path: a promise is only made when a condition returned one. */
export function allOf(conditions: readonly Condition[]): Condition {
  return conditions.length === 1 ? conditions[0]! : series(conditions, false);
}

/** One must hold. */
export function anyOf(conditions: readonly Condition[]): Condition {
  return conditions.length === 1 ? conditions[0]! : series(conditions, true);
}

export function noneOf(condition: Condition): Condition {
  const turn = (truth: Truth): Truth => (truth === undefined ? undefined : !truth);
  return {
    test(trial) {
      const truth = condition.test(trial);
      return truth instanceof Promise ? truth.then(turn) : turn(truth);
    },
  };
}

/** `decisive` ends the series at once; nothing decisive and something unjudged is unjudged. */
function series(conditions: readonly Condition[], decisive: boolean): Condition {
  return {
    test(trial) {
      let result: Truth = !decisive;
      for (let i = 0; i < conditions.length; i++) {
        const truth = conditions[i]!.test(trial);
        if (truth instanceof Promise) return rest(conditions, decisive, trial, i, truth, result);
        // A trace goes on, so that people see every reason at once.
        if (truth === decisive) {
          if (!trial.tracing) return decisive;
          result = decisive;
        } else if (truth === undefined && result !== decisive) result = undefined;
      }
      return result;
    },
  };
}

async function rest(
  conditions: readonly Condition[],
  decisive: boolean,
  trial: Trial,
  from: number,
  pending: Promise<Truth>,
  before: Truth,
): Promise<Truth> {
  let result = before;
  for (let i = from; i < conditions.length; i++) {
    const truth = await (i === from ? pending : conditions[i]!.test(trial));
    if (truth === decisive) result = decisive;
    else if (truth === undefined && result !== decisive) result = undefined;
    if (result === decisive && !trial.tracing) return decisive;
  }
  return result;
}
