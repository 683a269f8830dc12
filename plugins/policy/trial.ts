/** What a rule is tried on: a call with its facts, and how much of it may be looked at. */
import type { Awaitable, Call, Facts, ToolDefinition } from '@gethelio/proxy/plugin';
import type { CompiledCondition, ConditionContext } from './contract.ts';
import type { Condition, Truth } from './truth.ts';

/** How far a trial looks: at names (the rule index), at the caller too (what to list), or at everything. */
export const sight = { name: 0, caller: 1, arguments: 2 } as const;
export type Reads = keyof typeof sight;

export interface Trial extends ConditionContext {
  readonly sight: number;
  /** Set when a condition asked for more than this trial sees: then "not judged" only means "not looked at". */
  isPartial: boolean;
  /** Whether notes are kept: then nothing is cut short. */
  readonly tracing: boolean;
  /** What conditions that may change between two looks (stores, contributed ones) said, for the trace. */
  remembered: Map<Condition, { readonly truth: Truth; readonly notes: readonly string[] }> | undefined;
}

const silent = () => {};

/** Whether notes are wanted: to write one costs more than most conditions. */
export function isTracing(ctx: ConditionContext): boolean {
  return (ctx as Partial<Trial>).tracing === true;
}

/** What a trial needs of a call's context. */
export interface Tried {
  readonly call: Call;
  readonly facts: Facts;
  readonly nowMs: number;
  readonly tool: ToolDefinition | undefined;
}

export function liveTrial(ctx: Tried): Trial {
  return {
    call: ctx.call,
    facts: ctx.facts,
    nowMs: ctx.nowMs,
    tool: ctx.tool,
    restricts: true,
    sight: sight.arguments,
    tracing: false,
    isPartial: false,
    remembered: undefined,
    note: silent,
  };
}

/** Looks at less than everything: what cannot be seen is unjudged. */
export function partialTrial(sees: 'name' | 'caller', seen: Tried): Trial {
  return { ...liveTrial(seen), sight: sight[sees] };
}

/** Tries again with notes; what was remembered is not asked twice. */
export function tracingTrial(live: Trial, note: (text: string) => void): Trial {
  return { ...live, tracing: true, note };
}

/**
 * A leaf of `match:`. `volatile` leaves remember what they said, so that a trace made later tells what was judged and not
 * what would be judged now.
 */
export function leaf(
  test: CompiledCondition,
  options: { readonly reads: Reads; readonly restricts: boolean; readonly volatile: boolean },
): Condition {
  const needed = sight[options.reads];
  const plain: Condition = {
    test: (trial) => (trial.sight < needed ? outOfSight(trial) : (test(trial) as Awaitable<Truth>)),
  };
  return options.volatile ? remembering(test, needed, options.restricts) : plain;
}

function outOfSight(trial: Trial): undefined {
  trial.isPartial = true;
  return undefined;
}

function remembering(test: CompiledCondition, needed: number, restricts: boolean): Condition {
  const condition: Condition = {
    test(trial) {
      if (trial.sight < needed) return outOfSight(trial);
      const known = trial.remembered?.get(condition);
      if (known) {
        known.notes.forEach((note) => trial.note(note));
        return known.truth;
      }
      if (trial.tracing) {
        trial.note('was not asked: another condition had already failed');
        return undefined;
      }
      const notes: string[] = [];
      const keep = (truth: Truth): Truth => {
        (trial.remembered ??= new Map()).set(condition, { truth, notes });
        return truth;
      };
      const truth = test({ ...trial, restricts, note: (text) => void notes.push(text) });
      if (truth instanceof Promise && trial.sight < sight.arguments) {
        truth.catch(() => {}); // a look ahead cannot wait; the call itself will, and a failure is a deny there
        return outOfSight(trial);
      }
      return truth instanceof Promise ? truth.then(keep) : keep(truth);
    },
  };
  return condition;
}
