/** From a decision to what the agent reads: one sentence to act on, and one object with everything. */
import type { GivenVerdict, Json, JsonObject, Refusals, RenderedRefusal } from '@gethelio/proxy/plugin';
import { matchedRules } from '@gethelio/proxy/contracts/policy';
import type { FeedbackConfig, RuleFeedback } from './config.ts';
import { reasonNamed } from './reasons.ts';

type Refused = Parameters<Refusals['render']>[0];

export function render(refused: Refused, config: FeedbackConfig): RenderedRefusal {
  const { call, facts, decision, outcome } = refused;
  const counted = decision.verdicts.filter(({ shadow }) => !shadow);
  const main = counted[0]!;
  const written = (facts.get(matchedRules) ?? []).find(
    ({ name, mode }) => name === main.rule?.name && mode === 'enforce',
  )?.fields['feedback'] as RuleFeedback | undefined;

  const others = counted.slice(1).filter((verdict) => verdict.effect === 'deny' && main.effect === 'deny');
  const also = distinct([main, ...others]).slice(1);
  const denials = [main, ...also];
  const isSimulated = outcome === 'simulated';
  const would = isSimulated
    ? counted.some(({ effect }) => effect === 'hold')
      ? 'ask_for_approval'
      : 'forward'
    : undefined;

  const message = written?.message ?? main.reason;
  const suggestion = written?.suggestion ?? main.suggestion ?? reasonNamed.get(main.code)?.suggestion;
  const isRetryAllowed = denials.every(({ retry }) => retry?.allowed ?? false);
  const afterMs = Math.max(-1, ...denials.map(({ retry }) => retry?.afterMs ?? -1));

  const feedback: { [key: string]: Json } = {
    blocked: true,
    reason: main.code,
    message,
    ...(main.rule && config.show_rules && { rule: main.rule.name }),
    ...mergedDetails(denials),
    ...(would && { would }),
    ...(!isSimulated && counted.some(({ code }) => code === 'dry_run') && { dry_run: true }),
    ...(suggestion && { suggestion }),
    retry_allowed: isRetryAllowed,
    ...(afterMs >= 0 && { retry_after_ms: afterMs }),
    ...(also.length > 0 && { also: also.map((verdict) => told(verdict, config)) }),
    decision_id: call.id,
  };
  const sentences = [message, ...(would ? [wouldHave[would]] : []), ...also.map(({ reason }) => `Also: ${reason}`)];
  if (suggestion) sentences.push(suggestion);
  sentences.push(retrySentence(isRetryAllowed, afterMs, main));
  if (config.contact && !isRetryAllowed) sentences.push(config.contact);
  return {
    text: sentences.filter(Boolean).map(withStop).join(' '),
    feedback: feedback as JsonObject,
    format: written?.format ?? config.format,
    errorCode: written?.error_code ?? config.error_code,
  };
}

const wouldHave = {
  forward: 'Without it, the call would have been forwarded.',
  ask_for_approval: 'Without it, a person would have been asked to approve the call.',
};

/** One plugin may say the same for several rules; each reason of each rule is told once. */
function distinct(verdicts: readonly GivenVerdict[]): readonly GivenVerdict[] {
  const seen = new Set<string>();
  return verdicts.filter(({ code, rule, reason }) => {
    const key = JSON.stringify([code, rule?.name ?? null, reason]);
    return !seen.has(key) && seen.add(key);
  });
}

/** What belongs to the object itself: a plugin's details cannot say that a refused call was not blocked. */
const own = new Set([
  'blocked',
  'reason',
  'message',
  'rule',
  'suggestion',
  'retry_allowed',
  'retry_after_ms',
  'also',
  'dry_run',
  'would',
  'decision_id',
]);

/** Details of all denials side by side; lists of one name are joined, else the first one's value stays. */
function mergedDetails(verdicts: readonly GivenVerdict[]): { [key: string]: Json } {
  const merged: { [key: string]: Json } = {};
  for (const { details } of verdicts) {
    for (const [key, value] of Object.entries(details ?? {})) {
      if (own.has(key) || key === '__proto__') continue;
      const known = Object.hasOwn(merged, key) ? merged[key] : undefined;
      if (known === undefined) merged[key] = value;
      else if (Array.isArray(known) && Array.isArray(value)) merged[key] = joined(known, value);
    }
  }
  return merged;
}

function joined(first: readonly Json[], second: readonly Json[]): readonly Json[] {
  const known = new Set(first.map((item) => JSON.stringify(item)));
  return [...first, ...second.filter((item) => !known.has(JSON.stringify(item)))];
}

function told({ code, reason, rule, suggestion }: GivenVerdict, config: FeedbackConfig): JsonObject {
  return {
    reason: code,
    message: reason,
    ...(rule && config.show_rules && { rule: rule.name }),
    ...(suggestion && { suggestion }),
  };
}

function retrySentence(isAllowed: boolean, afterMs: number, main: GivenVerdict): string {
  if (isAllowed) return afterMs > 0 ? `Retry after ${seconds(afterMs)}.` : '';
  if (afterMs > 0) return `Do not retry this call within ${seconds(afterMs)}.`;
  return main.code === 'dry_run' ? '' : 'Do not retry the same call.';
}

const seconds = (ms: number): string => {
  const count = Math.ceil(ms / 1000);
  return count === 1 ? '1 second' : `${count} seconds`;
};
const withStop = (sentence: string): string =>
  /[.!?]["')\]]*$/.test(sentence.trimEnd()) ? sentence.trimEnd() : `${sentence.trimEnd()}.`;
