/** What a state store offers. SQLite, memory and any third party's give the same answers: `stateStoreContract` proves it. */
import { defineService, type Awaitable, type Json, type Refusal, type TakeOp } from '@gethelio/proxy/plugin';

export { commit, type Commit, type Committed, type Refusal, type StoreOp, type TakeOp } from '@gethelio/proxy/plugin';

/** A bucket's state at an instant. Amounts are exact decimal texts. */
export interface Balance {
  readonly total: string;
  /** Number of entries that count. */
  readonly entries: number;
  /** When the oldest counted entry was taken; undefined in an empty bucket. */
  readonly oldestAtMs: number | undefined;
}

/** A bucket in a list. Totals are as of the last take, or exact at `sinceMs` when that is given. */
export interface BucketView {
  readonly bucket: string;
  readonly total: string;
  readonly entries: number;
  readonly lastAtMs: number;
}

/** What both kinds of buckets offer. */
export interface Buckets {
  /**
   * What `commit` would say about this take now; undefined when it fits. Changes nothing. Synchronous while the store
   * knows that the bucket is far enough from the limit, a question to the store near it: so a call with room needs no
   * round trip to be judged, and `commit` stays the authority.
   */
  check(take: TakeOp): Awaitable<Refusal | undefined>;
  /** Buckets whose name starts with `prefix`, for people to look at; at most `limit`, largest total first. */
  list(prefix: string, limit: number, sinceMs?: number): Promise<readonly BucketView[]>;
}

/** Buckets of ones: what rate limits count with. Synchronous when the store knows without asking. */
export interface Counters extends Buckets {
  /** How many entries count at or after `sinceMs`. Never less than what was committed by this process. */
  peek(bucket: string, sinceMs: number): Awaitable<number>;
  /**
   * When `wanted` more will fit under `limit`, given entries leave a sliding window of `windowMs`. Undefined: never
   * (wanted > limit).
   */
  roomAt(bucket: string, limit: number, wanted: number, windowMs: number, nowMs: number): Promise<number | undefined>;
}

/** Buckets of money. */
export interface Ledger extends Buckets {
  balance(bucket: string, sinceMs: number): Awaitable<Balance>;
  /** The entries that count, newest first, for the drill-down of a pot. */
  entries(
    bucket: string,
    sinceMs: number,
    limit: number,
  ): Promise<
    readonly { readonly entry: string; readonly amount: string; readonly atMs: number; readonly note: Json }[]
  >;
}

export interface StoredDocument {
  readonly key: string;
  readonly value: Json;
  /** Counts from 1; every put adds one. */
  readonly version: number;
  readonly expiresAtMs: number | undefined;
}

/** Small JSON documents in named collections, with versions and expiry. Written through `commit`. */
export interface Documents {
  /**
   * Expired documents are absent. What this process committed is seen at once; of another process's commit a document
   * that is already known here may be seen up to a second late: what must hold, `commit` decides (`ifVersion`,
   * `mustExist`).
   */
  get(collection: string, key: string): Awaitable<StoredDocument | undefined>;
  /** Keys in byte order, from after `after`, with the prefix; at most `limit` (1000 by default). */
  list(
    collection: string,
    query?: { readonly prefix?: string; readonly after?: string; readonly limit?: number },
  ): Promise<readonly StoredDocument[]>;
  count(collection: string, prefix?: string): Promise<number>;
  /**
   * Calls back after any commit (of this process at once, of others within a second) that touched the collection, with
   * the keys; with none when so much happened that everything may have changed.
   */
  watch(collection: string, changed: (keys: readonly string[]) => void): () => void;
}

export const counters = defineService<Counters>('state.counters', { scope: 'process' });
export const ledger = defineService<Ledger>('state.ledger', { scope: 'process' });
export const documents = defineService<Documents>('state.documents', { scope: 'process' });
