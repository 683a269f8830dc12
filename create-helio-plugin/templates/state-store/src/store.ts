/** The whole store in memory: one transaction per commit, all or none, gone with the process. */
import type { Counters, Documents, Ledger } from '@gethelio/proxy/contracts/state';
import { checkStoreOps, compareDecimal, type Commit, type Committed, type StoreOp } from '@gethelio/proxy/plugin';
import { createBuckets } from './buckets.ts';
import { createDocuments } from './documents.ts';

export interface MemoryStoreOptions {
  readonly maxBucketsPerFamily: number;
  nowMs(): number;
  /** A listener of `watch` that threw. */
  failed?(error: unknown): void;
}

export function createMemoryStore(options: MemoryStoreOptions): {
  readonly commit: Commit;
  readonly counters: Counters;
  readonly ledger: Ledger;
  readonly documents: Documents;
} {
  const buckets = createBuckets({ maxPerFamily: options.maxBucketsPerFamily, nowMs: () => options.nowMs() });
  const documents = createDocuments(() => options.nowMs());
  const watchers = new Map<string, Set<(keys: readonly string[]) => void>>();

  function run(ops: readonly StoreOp[]): Committed {
    checkStoreOps(ops);
    const undos: (() => void)[] = [];
    for (const [index, op] of ops.entries()) {
      const done = apply(op);
      if (typeof done === 'object') {
        for (const undo of undos.reverse()) undo();
        return { ok: false, refusal: { index, op, ...done } };
      }
      if (done) undos.push(done);
    }
    tellWatchers(ops);
    return { ok: true };
  }

  function apply(op: StoreOp) {
    switch (op.op) {
      case 'take':
        return buckets.take(op);
      case 'correct':
        return buckets.correct(op);
      case 'giveBack':
        return buckets.giveBack(op);
      case 'put':
        return documents.put(op);
      case 'remove':
        return documents.remove(op);
    }
  }

  function tellWatchers(ops: readonly StoreOp[]): void {
    if (watchers.size === 0) return;
    const touched = new Map<string, string[]>();
    for (const op of ops) {
      if (op.op !== 'put' && op.op !== 'remove') continue;
      touched.set(op.collection, [...(touched.get(op.collection) ?? []), op.key]);
    }
    for (const [collection, keys] of touched) {
      for (const changed of watchers.get(collection) ?? []) {
        try {
          changed(keys);
        } catch (error) {
          options.failed?.(error);
        }
      }
    }
  }

  const shared = {
    check: (take) => {
      checkStoreOps([take]);
      const refused = buckets.check(take);
      return refused && { index: 0, op: take, ...refused };
    },
    list: async (prefix, limit, sinceMs = -Infinity) =>
      [...buckets.names(prefix)]
        .map((bucket) => ({ bucket, ...buckets.view(bucket, sinceMs) }))
        .map(({ bucket, total, entries, lastAtMs }) => ({ bucket, total, entries: entries.length, lastAtMs }))
        .filter(({ entries }) => entries > 0)
        .sort((a, b) => compareDecimal(b.total, a.total) || (a.bucket < b.bucket ? -1 : 1))
        .slice(0, limit),
  } satisfies Partial<Ledger>;

  return {
    commit: { commit: async (ops) => run(ops) },
    counters: {
      ...shared,
      peek: (bucket, sinceMs) => buckets.view(bucket, sinceMs).entries.length,
      async roomAt(bucket, limit, wanted, windowMs, nowMs) {
        const entries = buckets.view(bucket, nowMs - windowMs + 1).entries;
        if (wanted > limit) return undefined;
        const over = entries.length + wanted - limit;
        return over <= 0 ? nowMs : entries[over - 1]!.atMs + windowMs;
      },
    },
    ledger: {
      ...shared,
      balance(bucket, sinceMs) {
        const { total, entries } = buckets.view(bucket, sinceMs);
        return { total, entries: entries.length, oldestAtMs: entries[0]?.atMs };
      },
      async entries(bucket, sinceMs, limit) {
        const newest = buckets.view(bucket, sinceMs).entries.slice(-limit).reverse();
        return newest.map(({ id, amount, atMs, note }) => ({ entry: id, amount, atMs, note }));
      },
    },
    documents: {
      get: (collection, key) => documents.get(collection, key),
      list: async (collection, { prefix = '', after, limit = 1_000 } = {}) =>
        documents.list(collection, prefix, after, limit),
      count: async (collection, prefix = '') => documents.count(collection, prefix),
      watch(collection, changed) {
        const listeners = watchers.get(collection) ?? new Set();
        watchers.set(collection, listeners.add(changed));
        return () => {
          listeners.delete(changed);
          if (listeners.size === 0 && watchers.get(collection) === listeners) watchers.delete(collection);
        };
      },
    },
  };
}
