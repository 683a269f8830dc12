/** The trace of a judgement, for `explain`, audit rows and the dashboard: every rule tried, and why it held or not. */
import type { Json } from '@gethelio/proxy/plugin';
import { smallestChange } from './change.ts';
import { holds, type Judgement, type TriedRule } from './judge.ts';
import type { CompiledPolicy } from './policy.ts';
import { tracingTrial, type Tried } from './trial.ts';

/** One rule in a trace. */
export interface TracedRule {
  readonly rule: string;
  readonly line: number;
  readonly action: string | null;
  readonly mode: 'enforce' | 'shadow';
  readonly result: 'matched' | 'matched, could not be judged' | 'not matched';
  /** One line per comparison: the value seen, the operator, whether it held. */
  readonly why: readonly string[];
  /** What the rule says, when it matched and says something. */
  readonly says?: string;
  readonly ended?: true;
}
export interface PolicyTrace {
  readonly default: string;
  readonly evaluation: string;
  /** All rules of the policy. */
  readonly rules: number;
  readonly tried: readonly TracedRule[];
  /** Rules about this name that came after the one that ended the list. */
  readonly notTried: readonly string[];
  readonly flaggedDestructive: boolean;
  readonly verdicts: readonly { readonly effect: string; readonly code: string; readonly reason: string }[];
  /** The smallest change of the arguments that these rules would let through. */
  readonly change?: {
    readonly sentence: string;
    readonly effect: string;
    readonly arguments: { readonly [path: string]: Json };
  };
}

/** Made on demand: nothing of it costs a call anything that nobody asks about. */
export function traceOf(policy: CompiledPolicy, seen: Tried, judgement: Judgement): PolicyTrace {
  const { tried, verdicts, ended, flagged } = judgement;
  const about = policy.index.about(seen.call);
  const change = smallestChange(policy, seen, judgement);
  return {
    default: policy.default,
    evaluation: policy.evaluation,
    rules: policy.rules.length,
    tried: tried.map((one) => traceRule(one, judgement)),
    notTried: ended ? about.slice(tried.length).map(({ view }) => view.name) : [],
    flaggedDestructive: flagged,
    verdicts: verdicts.map(({ effect, code, reason }) => ({ effect, code, reason })),
    ...(change && {
      change: {
        sentence: change.sentence,
        effect: change.effect,
        arguments: Object.fromEntries(change.edits.map(({ path, value }) => [path, value ?? null])),
      },
    }),
  };
}

function traceRule(one: TriedRule, { trial, ended }: Judgement): TracedRule {
  const { rule, truth } = one;
  const why: string[] = [];
  try {
    void rule.condition.test(tracingTrial(trial, (text) => void why.push(text)));
  } catch (error) {
    why.push(`could not be looked at again: ${(error as Error).message}`);
  }
  const matched = holds(one);
  return {
    rule: rule.view.name,
    line: rule.view.line,
    action: rule.view.action ?? null,
    mode: rule.view.mode,
    result: !matched ? 'not matched' : truth === true ? 'matched' : 'matched, could not be judged',
    why,
    ...(matched && rule.speaks && { says: rule.speaks.effect }),
    ...(rule === ended && { ended: true as const }),
  };
}
