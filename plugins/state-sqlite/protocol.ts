/** What the main thread and the worker say to each other: one message per batch, either way. */
import type { Balance, BucketView, StoredDocument } from '@gethelio/proxy/contracts/state';
import type { Refusal, StoreOp, TakeOp } from '@gethelio/proxy/plugin';

/** An op with `value` and `note` as JSON text: written as it came, never parsed in the worker. */
export type WireOp =
  | (Omit<TakeOp, 'note'> & { readonly note: string | null })
  | Extract<StoreOp, { op: 'correct' | 'giveBack' | 'remove' }>
  | (Omit<Extract<StoreOp, { op: 'put' }>, 'value'> & { readonly value: string });

/** A document with its value as JSON text. */
export type WireDocument = Omit<StoredDocument, 'value'> & { readonly value: string };
export interface WireEntry {
  readonly entry: string;
  readonly amount: string;
  readonly atMs: number;
  readonly note: string | null;
}

/** What a bucket holds after an op; undefined when the op found nothing. */
export interface BucketState {
  readonly total: string;
  /** Some entry is negative: as entries leave, the total can grow. */
  readonly hasCredits: boolean;
}
/** With what the refusing bucket holds, for the mirror. */
export type WireRefusal = Omit<Refusal, 'op'> & { readonly state?: BucketState };
export type WireCommitted =
  | { readonly refusal: WireRefusal }
  /** Per op: the bucket's state, a document's new version, or null. */
  | { readonly results: readonly (BucketState | number | null)[] };

/** Every question, with its answer. */
export interface Questions {
  commit: { ask: { readonly ops: readonly WireOp[] }; answer: WireCommitted };
  check: { ask: { readonly take: TakeOp }; answer: { readonly refusal?: WireRefusal; readonly state?: BucketState } };
  balance: { ask: { readonly bucket: string; readonly sinceMs: number }; answer: Balance };
  nth: {
    ask: { readonly bucket: string; readonly sinceMs: number; readonly place: number };
    answer: number | undefined;
  };
  entries: {
    ask: { readonly bucket: string; readonly sinceMs: number; readonly limit: number };
    answer: readonly WireEntry[];
  };
  list: {
    ask: { readonly prefix: string; readonly limit: number; readonly sinceMs: number | undefined };
    answer: readonly BucketView[];
  };
  get: { ask: { readonly collection: string; readonly key: string }; answer: WireDocument | undefined };
  documents: {
    ask: {
      readonly collection: string;
      readonly prefix: string;
      readonly after: string | undefined;
      readonly limit: number;
    };
    answer: readonly WireDocument[];
  };
  count: { ask: { readonly collection: string; readonly prefix: string }; answer: number };
}
export type QuestionKind = keyof Questions;
export type Question = { [K in QuestionKind]: { readonly kind: K } & Questions[K]['ask'] }[QuestionKind];

export interface WorkerSettings {
  readonly path: string;
  readonly maxBucketsPerFamily: number;
  readonly busyTimeoutMs: number;
}
export type ToWorker = { readonly nowMs: number; readonly questions: readonly Question[] } | 'close';
export type StoreFailure = { readonly code: string; readonly message: string };
export type FromWorker =
  | { readonly kind: 'open'; readonly driver: string }
  | { readonly kind: 'failed'; readonly failure: StoreFailure }
  /** In the order of the questions. */
  | {
      readonly kind: 'answers';
      readonly answers: readonly ({ readonly value: unknown } | { readonly failure: StoreFailure })[];
    }
  /** Other processes committed: [collection, key, ...]; null when too much happened to tell. */
  | { readonly kind: 'changed'; readonly keys: readonly string[] | null };
