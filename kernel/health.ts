/** How a plugin is doing: calls, failures, and the time its taps take, from a bounded sample. */

const sampleSize = 512; // of the latest taps that were timed; enough for a p95 that means something

export interface TapHealth {
  calls: number;
  failures: number;
  lastFailure: string | undefined;
  /** Milliseconds of the latest taps, a ring. */
  readonly samples: Float64Array;
  filled: number;
}

export function createHealth(): TapHealth {
  return { calls: 0, failures: 0, lastFailure: undefined, samples: new Float64Array(sampleSize), filled: 0 };
}

export function noteCall(health: TapHealth, ms: number): void {
  health.samples[health.calls++ % sampleSize] = ms;
  if (health.filled < sampleSize) health.filled++;
}

export function noteFailure(health: TapHealth, sentence: string): void {
  health.failures++;
  health.lastFailure = sentence;
}

/** The given quantile (0..1) of the sample, milliseconds; 0 when nothing ran yet. */
export function quantileMs(health: TapHealth, quantile: number): number {
  if (health.filled === 0) return 0;
  const sorted = health.samples.slice(0, health.filled).sort();
  return sorted[Math.min(health.filled - 1, Math.floor(health.filled * quantile))]!;
}
