/** The facts of one call: typed, write-once notes that plugins leave for each other. */
import type { Fact, Facts, WritableFacts } from './plugin.ts';
import { helioError } from './errors.ts';

export interface FactSheet extends WritableFacts {
  /** Starts a fresh overlay: what an earlier evaluation noted is forgotten, what came before it stays. */
  beginEvaluation(): void;
  /** From now on facts belong to the call again, not to one evaluation (beforeForward). */
  endEvaluation(): void;
  /** From now on facts can only be read. */
  close(): void;
}

export function createFacts(): FactSheet {
  const ofTheCall = new Map<string, unknown>();
  let ofTheEvaluation: Map<string, unknown> | undefined;
  let layer: Map<string, unknown> | undefined = ofTheCall;
  return Object.freeze({
    get<T>(fact: Fact<T>): T | undefined {
      return (ofTheEvaluation?.get(fact.id) ?? ofTheCall.get(fact.id)) as T | undefined;
    },
    set<T>(fact: Fact<T>, value: T): void {
      if (layer === undefined) throw helioError('HELIO_FACT_TOO_LATE', { fact: fact.id });
      if (ofTheCall.has(fact.id) || ofTheEvaluation?.has(fact.id))
        throw helioError('HELIO_FACT_TWICE', { fact: fact.id });
      // Frozen: whoever reads it gets the very object, and who is calling or which rules matched must not change on the way.
      layer.set(fact.id, typeof value === 'object' && value !== null ? Object.freeze(value) : value);
    },
    beginEvaluation() {
      layer = ofTheEvaluation = new Map();
    },
    endEvaluation() {
      layer = ofTheCall;
    },
    close() {
      layer = undefined;
    },
  });
}

/** For records that no call stands behind. */
export const noFacts: Facts = Object.freeze({ get: () => undefined });
