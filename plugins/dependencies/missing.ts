/** Which of the required tools a session has not called yet, or not in order. */
import type { Requires } from './requires.ts';
import type { Step } from './steps.ts';

export interface Shortfall {
  readonly missing: readonly string[];
  /** All were called, but not in the listed order. */
  readonly outOfOrder: boolean;
}

/** Undefined when everything required was done. A bare name counts for the call's own upstream only. */
export function shortfall(
  requires: Requires,
  steps: readonly Step[],
  upstream: string,
  nowMs: number,
): Shortfall | undefined {
  const { tools, needsSuccess, withinMs, inOrder } = requires;
  const counts = (step: Step): boolean =>
    (!needsSuccess || step.status === 'success') && (withinMs === undefined || nowMs - step.atMs <= withinMs);
  const latest = tools.map((tool) => newest(steps.filter((step) => isNamed(step, tool, upstream) && counts(step))));
  const missing = tools.filter((_, index) => latest[index] === undefined);
  if (missing.length > 0) return { missing, outOfOrder: false };
  const isSorted = latest.every((step, index) => index === 0 || latest[index - 1]!.order < step!.order);
  return inOrder && !isSorted ? { missing: tools, outOfOrder: true } : undefined;
}

function isNamed(step: Step, required: string, upstream: string): boolean {
  if (step.source === 'sdk') return step.tool === required;
  return (step.tool === required && step.upstream === upstream) || `${step.upstream}__${step.tool}` === required;
}

function newest(steps: readonly Step[]): Step | undefined {
  return steps.reduce<Step | undefined>(
    (best, step) => (best === undefined || step.order > best.order ? step : best),
    undefined,
  );
}
