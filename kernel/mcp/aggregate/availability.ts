/** Which upstreams of the merged endpoint are away: they are not waited for, and asked now and then until they answer. */
import type { Log } from '../../plugin.ts';

/** For one that answered the last time; a program that is being started may need it. */
const graceMs = 3_000;
const graceOfDownMs = 250;
const firstProbeMs = 2_000;
const longestProbeMs = 60_000;

export interface AvailabilityOptions {
  readonly log: Log;
  /** Whether there (still) is such an upstream. */
  has(part: string): boolean;
  /** Asks it something on Helio's own account. Rejects with a sentence part. */
  probe(part: string): Promise<unknown>;
  /** It answers again. */
  back(part: string): void;
}

interface Away {
  reason: string;
  delayMs: number;
  timer: NodeJS.Timeout | undefined;
}

export interface Availability {
  /** Why it is left out; undefined: it answers as far as is known. */
  reasonOf(part: string): string | undefined;
  /** How long it is waited for once another one has answered. */
  graceMs(part: string): number;
  failed(part: string, reason: string): void;
  answered(part: string): void;
  stop(): void;
}

export function createAvailability({ log, has, probe, back }: AvailabilityOptions): Availability {
  const away = new Map<string, Away>();
  let isStopped = false;

  function answered(part: string): void {
    const known = away.get(part);
    if (known === undefined) return;
    clearTimeout(known.timer);
    away.delete(part);
    log.info('an upstream answers again', { upstream: part });
    back(part);
  }

  function probeLater(part: string, one: Away): void {
    if (isStopped) return;
    one.timer = setTimeout(() => {
      if (!has(part)) return void away.delete(part);
      probe(part).then(
        () => away.get(part) === one && answered(part),
        (error: Error) => {
          if (away.get(part) !== one) return;
          one.reason = error.message;
          one.delayMs = Math.min(one.delayMs * 2, longestProbeMs);
          probeLater(part, one);
        },
      );
    }, one.delayMs);
    one.timer.unref();
  }

  return {
    reasonOf: (part) => away.get(part)?.reason,
    graceMs: (part) => (away.has(part) ? graceOfDownMs : graceMs),
    answered,
    failed(part, reason) {
      const known = away.get(part);
      if (known) return void (known.reason = reason);
      log.warn('an upstream is left out of the merged endpoint', { upstream: part, reason });
      const one: Away = { reason, delayMs: firstProbeMs, timer: undefined };
      away.set(part, one);
      probeLater(part, one);
    },
    stop() {
      isStopped = true;
      for (const { timer } of away.values()) clearTimeout(timer);
    },
  };
}
