/** What the writer does between commits, one short step at a time: signs, closes segments, indexes words, prunes. */
import type { Database } from '@gethelio/proxy/plugin';
import type { SigningKey } from './keys.ts';
import { createIndexer } from './words.ts';
import { createPruner, type Limits } from './prune.ts';
import { closeSegment, segmentAgeMs, signHead } from './seal.ts';

/** While rows keep coming the end is signed this often; when they stop, at once. */
const signEveryMs = 1_000;

export interface Tending {
  /** Does one step of about `budgetMs`; true: there is more to do. */
  step(limits: Limits, nowMs: number, budgetMs: number): boolean;
  /** Prunes at once and wholly. */
  pruneAll(limits: Limits, nowMs: number): void;
  /** Rows were committed. */
  grown(): void;
  /** Signs what is there; for the stop. */
  finish(nowMs: number): void;
}

export function createTending(database: Database, key: SigningKey): Tending {
  const index = createIndexer(database);
  const prune = createPruner(database, key);
  let unsigned = true;
  let signedAtMs = 0;
  let quiet = true;
  let checkedSegmentsAtMs = 0;
  return {
    grown() {
      unsigned = true;
      quiet = false;
    },
    step(limits, nowMs, budgetMs) {
      const isDue = unsigned && (quiet || nowMs - signedAtMs >= signEveryMs);
      quiet = true;
      if (isDue) {
        signHead(database, key, nowMs);
        signedAtMs = nowMs;
        unsigned = false;
        return true;
      }
      if (nowMs - checkedSegmentsAtMs >= 1_000) {
        checkedSegmentsAtMs = nowMs;
        // a short retention needs short segments
        const ageMs = Math.min(segmentAgeMs, (limits.ageMs ?? Infinity) / 10);
        if (closeSegment(database, key, nowMs, ageMs)) return ((checkedSegmentsAtMs = 0), true);
      }
      return index(budgetMs) || prune(limits, nowMs) || unsigned;
    },
    pruneAll(limits, nowMs) {
      while (prune(limits, nowMs, true)) continue;
    },
    finish(nowMs) {
      signHead(database, key, nowMs);
      const untilMs = Date.now() + 500;
      while (Date.now() < untilMs && index()) continue;
    },
  };
}
