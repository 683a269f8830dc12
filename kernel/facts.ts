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
  return new Sheet();
}

/** A class, because it is made for every call; frozen, because plugins are handed it. */
class Sheet implements FactSheet {
  readonly #ofTheCall = new Map<string, unknown>();
  #ofTheEvaluation: Map<string, unknown> | undefined;
  #layer: Map<string, unknown> | undefined = this.#ofTheCall;

  constructor() {
    Object.freeze(this);
  }
  get<T>(fact: Fact<T>): T | undefined {
    return (this.#ofTheEvaluation?.get(fact.id) ?? this.#ofTheCall.get(fact.id)) as T | undefined;
  }
  set<T>(fact: Fact<T>, value: T): void {
    if (this.#layer === undefined) throw helioError('HELIO_FACT_TOO_LATE', { fact: fact.id });
    if (this.#ofTheCall.has(fact.id) || this.#ofTheEvaluation?.has(fact.id))
      throw helioError('HELIO_FACT_TWICE', { fact: fact.id });
    // Frozen: whoever reads it gets the very object, and who is calling or which rules matched must not change on the way.
    this.#layer.set(fact.id, typeof value === 'object' && value !== null ? Object.freeze(value) : value);
  }
  beginEvaluation(): void {
    this.#layer = this.#ofTheEvaluation = new Map();
  }
  endEvaluation(): void {
    this.#layer = this.#ofTheCall;
  }
  close(): void {
    this.#layer = undefined;
  }
}
Object.freeze(Sheet.prototype);

/** For records that no call stands behind. */
export const noFacts: Facts = Object.freeze({ get: () => undefined });
