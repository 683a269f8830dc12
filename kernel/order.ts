/** Puts the taps of a hook in their one fixed order: by stage, then `after`, then the order of the plugins. */
import type { HookName } from './plugin.ts';
import type { Tap } from './taps.ts';
import { helioError } from './errors.ts';

/** Orders taps that come in plugin order. Throws HELIO_PLUGIN_ORDER_RING when `after` goes round in a circle. */
export function orderTaps<H extends HookName>(taps: readonly Tap<H>[]): readonly Tap<H>[] {
  const stages = new Map<number, Tap<H>[]>();
  for (const tap of taps) stages.set(tap.stageIndex, [...(stages.get(tap.stageIndex) ?? []), tap]);
  return [...stages.keys()].sort((a, b) => a - b).flatMap((stage) => orderStage(stages.get(stage)!));
}

/** Takes, again and again, the first tap whose predecessors are all placed: stable, and rings show themselves. */
function orderStage<H extends HookName>(taps: readonly Tap<H>[]): readonly Tap<H>[] {
  const waiting = [...taps];
  const placed: Tap<H>[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex(
      (tap) => !waiting.some((other) => other !== tap && tap.after.includes(other.plugin)),
    );
    if (next < 0)
      throw helioError('HELIO_PLUGIN_ORDER_RING', {
        hook: taps[0]!.hook,
        plugins: waiting.map((tap) => tap.plugin).join(', '),
      });
    placed.push(...waiting.splice(next, 1));
  }
  return placed;
}
