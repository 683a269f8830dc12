/** One call against all rules: who speaks, what counts, and whether the tool is there for this caller at all. */
import type { Awaitable, Verdict } from '@gethelio/proxy/plugin';
import type { MatchedRule } from './contract.ts';
import type { CompiledPolicy } from './policy.ts';
import type { CompiledRule } from './rule.ts';
import { liveTrial, partialTrial, type Trial, type Tried } from './trial.ts';
import type { Truth } from './truth.ts';

/** A rule that was tried, and how it ended. */
export interface TriedRule {
  readonly rule: CompiledRule;
  readonly truth: Truth;
}

export interface Judgement {
  readonly verdicts: readonly Verdict[];
  /** The rules that count, in file order; shadow rules among them. */
  readonly matched: readonly MatchedRule[];
  /** The rule that ended the list. */
  readonly ended: CompiledRule | undefined;
  /** `flag_destructive` marked the call. */
  readonly flagged: boolean;
  readonly tried: readonly TriedRule[];
  readonly trial: Trial;
}

/** Judges with what is known of the call; a promise only when a condition had to ask a store. */
export function judge(policy: CompiledPolicy, seen: Tried): Awaitable<Judgement> {
  const trial = liveTrial(seen);
  const candidates = policy.index.about(seen.call);
  const tried: TriedRule[] = [];
  for (let i = 0; i < candidates.length; i++) {
    const rule = candidates[i]!;
    const truth = rule.condition.test(trial);
    if (truth instanceof Promise) return judgeSlowly(policy, trial, candidates, tried, i, truth);
    tried.push({ rule, truth });
    if (ends(policy, rule, truth)) break;
  }
  return decide(policy, trial, tried);
}

async function judgeSlowly(
  policy: CompiledPolicy,
  trial: Trial,
  candidates: readonly CompiledRule[],
  before: readonly TriedRule[],
  from: number,
  pending: Promise<Truth>,
): Promise<Judgement> {
  const tried = [...before];
  for (let i = from; i < candidates.length; i++) {
    const rule = candidates[i]!;
    const truth = await (i === from ? pending : rule.condition.test(trial));
    tried.push({ rule, truth });
    if (ends(policy, rule, truth)) break;
  }
  return decide(policy, trial, tried);
}

/** Whether the rule holds: what cannot be judged holds on the side that restricts. */
export function holds({ rule, truth }: TriedRule): boolean {
  return truth ?? rule.restricts;
}

function ends(policy: CompiledPolicy, rule: CompiledRule, truth: Truth): boolean {
  if (rule.view.mode === 'shadow') return false;
  if (policy.evaluation === 'first_match') return truth ?? rule.restricts;
  return rule.final && truth === true; // a match that could not be judged is never final
}

function decide(policy: CompiledPolicy, trial: Trial, tried: readonly TriedRule[]): Judgement {
  const matched: MatchedRule[] = [];
  const verdicts: Verdict[] = [];
  let spoken = false;
  let ended: CompiledRule | undefined;
  for (const one of tried) {
    if (!holds(one)) continue;
    const { rule } = one;
    matched.push(rule.view);
    if (rule.speaks) verdicts.push(verdictOf(rule, trial));
    if (rule.view.mode === 'shadow') continue;
    spoken ||= rule.speaks !== undefined;
    if (ends(policy, rule, one.truth)) ended = rule;
  }
  const flagged = ended === undefined && isDestructive(trial);
  if (policy.evaluation === 'first_match' && ended && !ended.speaks) {
    verdicts.push(passes(ended));
    spoken = true;
  }
  if (!spoken) verdicts.push(policy.default === 'allow' ? allowedByDefault : deniedByDefault(trial));
  if (flagged && policy.flagDestructive === 'require_approval') verdicts.push(destructive(trial));
  return { verdicts, matched, ended, flagged, tried, trial };
}

function verdictOf(rule: CompiledRule, trial: Trial): Verdict {
  const { effect, code, reason } = rule.speaks!;
  const { name, line, mode } = rule.view;
  return {
    effect,
    code,
    reason: reason(rule.view, trial.call),
    rule: { name, line },
    ...(mode === 'shadow' ? { shadow: true as const } : {}),
  };
}

const allowedByDefault: Verdict = {
  effect: 'allow',
  code: 'allowed',
  reason: 'No rule spoke, and the default is allow.',
};

/** first_match: a limit with room, or a gate that is met, lets the call pass; its own plugin refuses otherwise. */
function passes(rule: CompiledRule): Verdict {
  const { name, line } = rule.view;
  return {
    effect: 'allow',
    code: 'allowed',
    reason: `Rule "${name}" matched first and only restricts.`,
    rule: { name, line },
  };
}

function deniedByDefault({ call }: Trial): Verdict {
  return {
    effect: 'deny',
    code: 'policy_denied',
    reason: `No rule allows the ${call.kind} "${call.name}", and what is not allowed is denied.`,
  };
}

function isDestructive({ call, tool }: Trial): boolean {
  return (
    call.kind === 'tool' && tool !== undefined && tool.annotations.destructiveHint && !tool.annotations.readOnlyHint
  );
}

function destructive({ call }: Trial): Verdict {
  return {
    effect: 'hold',
    code: 'destructive_tool',
    reason: `The tool "${call.name}" says that it may destroy, so a person is asked first.`,
  };
}

/**
 * Whether no arguments whatever could make this call anything but a deny of these rules, for this caller, now. What
 * depends on arguments or counters is unknown here, and unknown never hides.
 */
export function isUncallable(policy: CompiledPolicy, seen: Tried): boolean {
  const trial = partialTrial('caller', seen);
  let opened = false;
  for (const rule of policy.index.about(seen.call)) {
    if (rule.view.mode === 'shadow') continue;
    trial.isPartial = false;
    const seenTruth = rule.condition.test(trial) as Truth; // what asks a store is out of this trial's sight
    // Not judged although all was seen (no agent is known): no arguments will change that.
    const truth = seenTruth ?? (trial.isPartial ? undefined : rule.restricts);
    if (truth === false) continue;
    const effect = rule.speaks?.effect;
    if (policy.evaluation === 'first_match') {
      if (effect !== 'deny') return false;
      if (truth === true) return true;
      continue;
    }
    if (effect === 'deny' && truth === true) return true;
    if (effect !== undefined && effect !== 'deny') opened = true;
    const mayEnd = rule.final && (seenTruth === true || trial.isPartial);
    if (mayEnd && (opened || (policy.default === 'allow' && effect !== 'deny'))) return false;
    if (mayEnd && seenTruth === true) break;
  }
  return !opened && policy.default === 'deny';
}
