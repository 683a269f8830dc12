/** The store's services over the worker and the mirror: known things at once, everything else in one round trip. */
import type { Buckets, Counters, Documents, Ledger } from '@gethelio/proxy/contracts/state';
import { checkStoreOps, type Commit, type Json, type Refusal, type StoreOp } from '@gethelio/proxy/plugin';
import { createClient } from './client.ts';
import { createMirror, toDocument } from './mirror.ts';
import type { BucketState, WireOp, WireRefusal } from './protocol.ts';
import { createWatchers } from './watchers.ts';

export interface SqliteStoreOptions {
  readonly path: string;
  readonly maxBucketsPerFamily: number;
  readonly busyTimeoutMs: number;
  nowMs(): number;
  /** A listener of `watch` that threw. */
  failed?(error: unknown): void;
}

export interface SqliteStore {
  readonly commit: Commit;
  readonly counters: Counters;
  readonly ledger: Ledger;
  readonly documents: Documents;
  open(): Promise<string>;
  close(): Promise<void>;
}

export function createSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const mirror = createMirror(() => options.nowMs());
  /** Collections that are asked for one document at a time. What is only ever listed is not worth memory here. */
  const mirrored = new Set<string>();
  const watchers = createWatchers((error) => options.failed?.(error));
  const client = createClient({ ...options, nowMs: () => options.nowMs(), changed: learnForeign });

  function learnForeign(keys: readonly string[] | null): void {
    if (keys === null) {
      mirror.forgetAll();
      return watchers.tellAll();
    }
    for (let at = 0; at < keys.length; at += 2) mirror.forgetDocument(keys[at]!, keys[at + 1]!);
    watchers.tell(keys);
  }

  function learnOwn(ops: readonly WireOp[], results: readonly (BucketState | number | null)[]): void {
    const touched: string[] = [];
    for (const [index, op] of ops.entries()) {
      const result = results[index];
      if (op.op === 'put') {
        const { collection, key, value, expiresAtMs } = op;
        if (mirrored.has(collection))
          mirror.learnDocument(collection, key, { key, value, version: result as number, expiresAtMs });
        touched.push(collection, key);
      } else if (op.op === 'remove') {
        mirror.learnDocument(op.collection, op.key, undefined);
        touched.push(op.collection, op.key);
      } else if (result) mirror.learnBucket(op.bucket, result as BucketState);
    }
    watchers.tell(touched);
  }

  function learnRefusal({ state, ...refusal }: WireRefusal, op: StoreOp): Refusal {
    if (op.op === 'take') mirror.learnBucket(op.bucket, state);
    return { ...refusal, op };
  }

  const commit: Commit = {
    async commit(ops) {
      checkStoreOps(ops);
      if (ops.length === 0) return { ok: true };
      const wire = ops.map(toWire);
      const done = await client.ask('commit', { ops: wire });
      if ('refusal' in done) return { ok: false, refusal: learnRefusal(done.refusal, ops[done.refusal.index]!) };
      learnOwn(wire, done.results);
      return { ok: true };
    },
  };

  const buckets: Buckets = {
    check(take) {
      checkStoreOps([take]);
      if (mirror.surelyFits(take)) return undefined;
      const { note: _note, ...bare } = take;
      return client.ask('check', { take: bare }).then(({ refusal, state }) => {
        mirror.learnBucket(take.bucket, state);
        return refusal && learnRefusal(refusal, take);
      });
    },
    list: (prefix, limit, sinceMs) => client.ask('list', { prefix, limit, sinceMs }),
  };

  const counters: Counters = {
    ...buckets,
    peek: async (bucket, sinceMs) => (await client.ask('balance', { bucket, sinceMs })).entries,
    async roomAt(bucket, limit, wanted, windowMs, nowMs) {
      if (wanted > limit) return undefined;
      const sinceMs = nowMs - windowMs + 1;
      const over = (await client.ask('balance', { bucket, sinceMs })).entries + wanted - limit;
      if (over <= 0) return nowMs;
      const atMs = await client.ask('nth', { bucket, sinceMs, place: over - 1 });
      return atMs === undefined ? nowMs : atMs + windowMs;
    },
  };

  const ledger: Ledger = {
    ...buckets,
    balance: (bucket, sinceMs) => client.ask('balance', { bucket, sinceMs }),
    async entries(bucket, sinceMs, limit) {
      const entries = await client.ask('entries', { bucket, sinceMs, limit });
      return entries.map(({ note, ...entry }) => ({
        ...entry,
        note: note === null ? null : (JSON.parse(note) as Json),
      }));
    },
  };

  const documents: Documents = {
    get(collection, key) {
      mirrored.add(collection);
      const known = mirror.document(collection, key);
      if (known) return known;
      return client.ask('get', { collection, key }).then((found) => {
        mirror.learnDocument(collection, key, found);
        return found && toDocument(found);
      });
    },
    async list(collection, { prefix = '', after, limit = 1_000 } = {}) {
      return (await client.ask('documents', { collection, prefix, after, limit })).map(toDocument);
    },
    count: (collection, prefix = '') => client.ask('count', { collection, prefix }),
    watch(collection, changed) {
      const stop = watchers.watch(collection, changed);
      // Nothing is heard before the file is open: what was missed until then may be anything.
      if (!client.isOpen()) void client.open().then(watchers.tellAll, () => undefined);
      return stop;
    },
  };

  return { commit, counters, ledger, documents, open: client.open, close: client.close };
}

function toWire(op: StoreOp): WireOp {
  if (op.op === 'put') return { ...op, value: JSON.stringify(op.value) };
  if (op.op === 'take') return { ...op, note: op.note === undefined ? null : JSON.stringify(op.note) };
  return op;
}
