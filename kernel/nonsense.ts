/** What plugins return is read, not trusted: an answer of the wrong shape is a failure of the plugin that gave it. */
import type { Answer, Commitment, Halt, JsonObject, Verdict } from './plugin.ts';
import { strictness } from './decision.ts';
import { PluginFailure } from './guard.ts';
import type { Tap } from './taps.ts';

/** The verdicts of one evaluate tap, as they were when it gave them: what it changes later changes nothing. */
export function readVerdicts(tap: Tap, said: unknown): readonly Verdict[] | PluginFailure {
  if (said === undefined) return [];
  try {
    if (!Array.isArray(said)) return [readVerdict(said)];
    return (said as readonly unknown[]).map(readVerdict);
  } catch (cause) {
    return new PluginFailure(tap, 'answered something that is no verdict', cause);
  }
}

/** The halt or the commitment of one beforeForward tap. */
export function readForwardAnswer(tap: Tap, said: unknown): Halt | Commitment | PluginFailure {
  try {
    const { deny, respond, outcome, ops, refused, settle } = said as Partial<
      Commitment & { deny: Verdict; respond: Answer; outcome: 'answered' | 'pending' }
    >;
    if (deny !== undefined) {
      const verdict = readVerdict(deny);
      if (verdict.effect === 'deny') return { deny: verdict };
    }
    if (isAnswer(respond) && (outcome === undefined || outcome === 'answered' || outcome === 'pending'))
      return { respond, ...(outcome !== undefined && { outcome }) };
    if (Array.isArray(ops) && isOptional(refused, 'function') && isOptional(settle, 'function'))
      return said as Commitment; // not a copy: `settle` may be a method that needs its object
  } catch (cause) {
    return new PluginFailure(tap, 'answered something that is neither a halt nor a commitment', cause);
  }
  return new PluginFailure(tap, 'answered something that is neither a halt nor a commitment');
}

/** A verdict given where none can be given would be a deny that denies nothing. */
export function isVerdictLike(said: unknown): boolean {
  return typeof said === 'object' && said !== null && ('effect' in said || 'deny' in said || 'respond' in said);
}

/** A frozen copy, read once: a getter cannot answer one thing to the check and another to the fold. Throws for nonsense. */
export function readVerdict(said: unknown): Verdict {
  const verdict = { ...(said as Verdict) };
  const { effect, code, reason, rule, details, suggestion, retry, shadow, as } = verdict;
  const isOne =
    typeof effect === 'string' &&
    Object.hasOwn(strictness, effect) &&
    typeof code === 'string' &&
    typeof reason === 'string' &&
    isOptional(suggestion, 'string') &&
    (shadow === undefined || shadow === true) &&
    (as === undefined || as === 'unknown_tool') &&
    (rule === undefined || (typeof rule.name === 'string' && typeof rule.line === 'number')) &&
    (retry === undefined || (typeof retry.allowed === 'boolean' && isOptional(retry.afterMs, 'number')));
  if (!isOne) throw new TypeError('no verdict');
  // A copy as JSON: a cycle or a BigInt would break the refusal that carries it.
  return Object.freeze(
    details === undefined ? verdict : { ...verdict, details: JSON.parse(JSON.stringify(details)) as JsonObject },
  );
}

const isOptional = (value: unknown, type: 'string' | 'number' | 'function'): boolean =>
  value === undefined || typeof value === type;

export function isAnswer(value: unknown): value is Answer {
  if (typeof value !== 'object' || value === null) return false;
  const { bytes, value: parsed } = value as { bytes?: unknown; value?: unknown };
  return bytes instanceof Uint8Array && typeof parsed === 'function';
}
