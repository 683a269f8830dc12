/** What a state store contract test is handed, and small makers of ops. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Counters, Documents, Ledger } from '@gethelio/proxy/contracts/state';
import type { Awaitable, Commit, Committed, Json, StoreOp, TakeOp } from '../../plugin.ts';

/** A store that is open. */
export interface StoreUnderTest {
  readonly commit: Commit;
  readonly counters: Counters;
  readonly ledger: Ledger;
  readonly documents: Documents;
  /** Another door to the same state, as another process would have it. Left out by stores of one process. */
  another?(): Awaitable<StoreUnderTest>;
  close(): Awaitable<void>;
}

/** Makes an empty store. `nowMs` is the only clock; a family holds `maxBuckets` buckets. */
export type MakeStore = (options: { nowMs(): number; readonly maxBuckets: number }) => Awaitable<StoreUnderTest>;

export interface Subject {
  readonly store: StoreUnderTest;
  nowMs: number;
  commit(...ops: StoreOp[]): Promise<Committed>;
}

/** A fresh store for every test of the surrounding `describe`, closed afterwards. */
export function freshStore(make: MakeStore, maxBuckets = 1_000): Subject {
  return storeFor(make, maxBuckets, beforeEach, afterEach);
}

/** One store for all tests of the surrounding `describe`. */
export function oneStore(make: MakeStore): Subject {
  return storeFor(make, 1_000, beforeAll, afterAll);
}

function storeFor(
  make: MakeStore,
  maxBuckets: number,
  before: (run: () => Promise<void>) => void,
  after: (run: () => Promise<void>) => void,
): Subject {
  let store: StoreUnderTest | undefined;
  const subject: Subject = {
    nowMs: 0,
    get store() {
      return store!;
    },
    commit: (...ops) => store!.commit.commit(ops),
  };
  before(async () => {
    subject.nowMs = 1_000_000;
    store = await make({ nowMs: () => subject.nowMs, maxBuckets });
  });
  after(async () => {
    await store?.close();
    store = undefined;
  });
  return subject;
}

/** Runs `use` with a second door to the subject's state. */
export async function withAnother<T>(subject: Subject, use: (other: StoreUnderTest) => Promise<T>): Promise<T> {
  const other = await subject.store.another!();
  try {
    return await use(other);
  } finally {
    await other.close();
  }
}

export const hourMs = 3_600_000;

let counter = 0;
/** A take of 1 from `rate:r:a` at the given time, with an hour's window and a new entry id. */
export function take(atMs: number, more: Partial<TakeOp> = {}): TakeOp {
  counter += 1;
  return {
    op: 'take',
    bucket: 'rate:r:a',
    entry: `e${counter}`,
    amount: '1',
    atMs,
    sinceMs: atMs - hourMs + 1,
    ...more,
  };
}

export function put(key: string, value: Json, more: { ifVersion?: number; expiresAtMs?: number } = {}): StoreOp {
  return { op: 'put', collection: 'c', key, value, ...more };
}

export function remove(key: string, more: { ifVersion?: number; mustExist?: boolean } = {}): StoreOp {
  return { op: 'remove', collection: 'c', key, ...more };
}
