/** What plugins return is read, not trusted: an answer of the wrong shape is a failure of the plugin that gave it. */
import type { Commitment, Halt, Verdict } from './plugin.ts';
import { strictness } from './decision.ts';
import { PluginFailure } from './guard.ts';
import type { Tap } from './taps.ts';

/** The verdicts of one evaluate tap. */
export function readVerdicts(tap: Tap, said: unknown): readonly Verdict[] | PluginFailure {
  if (said === undefined) return [];
  const list = Array.isArray(said) ? (said as unknown[]) : [said];
  return list.every(isVerdict) ? list : new PluginFailure(tap, 'answered something that is no verdict');
}

/** The halt or the commitment of one beforeForward tap. */
export function readForwardAnswer(tap: Tap, said: unknown): Halt | Commitment | PluginFailure {
  if (typeof said === 'object' && said !== null) {
    if ('deny' in said && isVerdict(said.deny) && said.deny.effect === 'deny') return said as Halt;
    if ('respond' in said && isAnswer(said.respond)) return said as Halt;
    if ('ops' in said && Array.isArray(said.ops)) return said as Commitment;
  }
  return new PluginFailure(tap, 'answered something that is neither a halt nor a commitment');
}

function isVerdict(value: unknown): value is Verdict {
  if (typeof value !== 'object' || value === null) return false;
  const { effect, code, reason } = value as Partial<Verdict>;
  return (
    typeof effect === 'string' &&
    Object.hasOwn(strictness, effect) &&
    typeof code === 'string' &&
    typeof reason === 'string'
  );
}

export function isAnswer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { bytes, value: parsed } = value as { bytes?: unknown; value?: unknown };
  return bytes instanceof Uint8Array && typeof parsed === 'function';
}
