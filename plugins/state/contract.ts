/** What a state store offers. SQLite, memory and any third party's give the same answers: `stateStoreContract` proves it. */
import { defineService, type Awaitable, type Json } from '@gethelio/proxy/plugin';

export { commit, type Commit, type Committed, type Refusal, type StoreOp } from '@gethelio/proxy/plugin';

/** A bucket's state at an instant. Amounts are exact decimal texts. */
export interface Balance {
  readonly total: string;
  /** Number of entries that count. */
  readonly entries: number;
  /** When the oldest counted entry was taken; undefined in an empty bucket. */
  readonly oldestAtMs: number | undefined;
}

/** Buckets of ones: what rate limits count with. Synchronous when the store knows without asking. */
export interface Counters {
  /** How many entries count at or after `sinceMs`. Never less than what was committed by this process. */
  peek(bucket: string, sinceMs: number): Awaitable<number>;
  /**
   * When `wanted` more will fit under `limit`, given entries leave a sliding window of `windowMs`. Undefined: never
   * (wanted > limit).
   */
  roomAt(bucket: string, limit: number, wanted: number, windowMs: number, nowMs: number): Promise<number | undefined>;
  /** Buckets whose name starts with `prefix`, for people to look at; at most `limit`, largest total first. */
  list(prefix: string, limit: number): Promise<readonly { readonly bucket: string; readonly total: string; readonly lastAtMs: number }[]>;
}

/** Buckets of money. */
export interface Ledger {
  balance(bucket: string, sinceMs: number): Awaitable<Balance>;
  /** The entries that count, newest first, for the drill-down of a pot. */
  entries(
    bucket: string,
    sinceMs: number,
    limit: number,
  ): Promise<readonly { readonly entry: string; readonly amount: string; readonly atMs: number; readonly note: Json }[]>;
  list(prefix: string, limit: number): Promise<readonly { readonly bucket: string; readonly total: string; readonly lastAtMs: number }[]>;
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
  /** Expired documents are absent. */
  get(collection: string, key: string): Awaitable<StoredDocument | undefined>;
  /** Keys in byte order, from after `after`, with the prefix; at most `limit` (1000 by default). */
  list(
    collection: string,
    query?: { readonly prefix?: string; readonly after?: string; readonly limit?: number },
  ): Promise<readonly StoredDocument[]>;
  count(collection: string, prefix?: string): Promise<number>;
  /** Calls back after any commit (of this process at once, of others within a second) that touched the collection. */
  watch(collection: string, changed: (keys: readonly string[]) => void): () => void;
}

export const counters = defineService<Counters>('state.counters', { scope: 'process' });
export const ledger = defineService<Ledger>('state.ledger', { scope: 'process' });
export const documents = defineService<Documents>('state.documents', { scope: 'process' });
