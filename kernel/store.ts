/** What a call may ask of the state store, as data: all ops of all plugins of one call are one transaction, all or none. */
import type { Json } from './plugin.ts';

/**
 * One change to durable state. Amounts are exact decimal texts ("12.50"), never binary floats.
 *
 * A **bucket** holds dated entries; its total is the sum of the entries at or after `sinceMs`. A rate limit is a bucket
 * of ones, a spend limit or a budget's pot a bucket of money.
 *
 * A bucket's name is `<kind>:<what it belongs to>:<key>`, the middle without a colon (`bucketName` makes one). Everything
 * up to the second colon is its family: a store holds a bounded number of buckets per family, so that a flood of keys
 * under one rule costs that rule's new keys and nobody else's.
 */
export type StoreOp =
  /** Adds an entry to a bucket, unless `total + amount > limit`: then the whole transaction is refused. */
  | {
      readonly op: 'take';
      readonly bucket: string;
      /** Unique inside the bucket; the same id twice changes nothing (idempotent). Usually the call's id. */
      readonly entry: string;
      readonly amount: string;
      /** Left out: taken whatever the total is. */
      readonly limit?: string;
      readonly atMs: number;
      /** Entries before this instant no longer count and are deleted; an earlier one later on brings none back. */
      readonly sinceMs: number;
      /**
       * When the entry stops counting at the latest (the end of a window, of a calendar day). A bucket whose entries are
       * all past it is forgotten. Left out: kept until a later `sinceMs` passes it.
       */
      readonly expiresAtMs?: number;
      /** Kept beside the entry for people to read (tool, session, ...). */
      readonly note?: Json;
    }
  /** Sets an entry's amount to what it really was (may pass the limit: the money is spent). Unknown entry: nothing. */
  | { readonly op: 'correct'; readonly bucket: string; readonly entry: string; readonly amount: string }
  /** Removes an entry, as if it had never been taken. Unknown entry: nothing. */
  | { readonly op: 'giveBack'; readonly bucket: string; readonly entry: string }
  /** Writes a document. `ifVersion: 0` means "only if absent"; a version that differs refuses the transaction. */
  | {
      readonly op: 'put';
      readonly collection: string;
      readonly key: string;
      readonly value: Json;
      readonly ifVersion?: number;
      readonly expiresAtMs?: number;
    }
  /** Deletes a document; `mustExist` refuses the transaction when it is absent or expired (single use). */
  | {
      readonly op: 'remove';
      readonly collection: string;
      readonly key: string;
      readonly mustExist?: boolean;
      readonly ifVersion?: number;
    };

/** Why a transaction was refused. `index` is the place of the op in the list that was committed. */
export interface Refusal {
  readonly index: number;
  readonly op: StoreOp;
  /** `limit`: no room. `version`: somebody else was first. `absent`: not there. `capacity`: too many buckets. */
  readonly why: 'limit' | 'version' | 'absent' | 'capacity';
  /** The bucket's total before the op, for `limit`. */
  readonly total?: string;
  /** When enough entries will have left a sliding window, for `limit`. Undefined when that cannot be said. */
  readonly roomAtMs?: number;
}

export type TakeOp = Extract<StoreOp, { op: 'take' }>;

export type Committed = { readonly ok: true } | { readonly ok: false; readonly refusal: Refusal };

/** The one transaction. Provided by a state store (`state-sqlite`, `state-memory`, a third party's). */
export interface Commit {
  /**
   * Durable when the promise resolves. Rejects when the store itself fails (disk full, locked) and when an op is no op
   * (`HELIO_STORE_BAD_OP`: an amount that is no decimal, a name too long): fail closed.
   */
  commit(ops: readonly StoreOp[]): Promise<Committed>;
}
