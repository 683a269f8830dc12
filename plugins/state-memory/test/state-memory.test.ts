import { describe, expect, it } from 'vitest';
import { stateStoreContract } from '@gethelio/proxy/testing';
import { createMemoryStore } from '../store.ts';

stateStoreContract(({ nowMs, maxBuckets }) => ({
  ...createMemoryStore({ nowMs, maxBucketsPerFamily: maxBuckets }),
  close: () => undefined,
}));

describe('state in memory', () => {
  it('answers without a promise', () => {
    const store = createMemoryStore({ nowMs: () => 0, maxBucketsPerFamily: 10 });
    expect(store.counters.peek('rate:r:a', 0)).toBe(0);
    expect(store.documents.get('c', 'k')).toBeUndefined();
  });

  it('forgets expired buckets and documents as it goes, without being asked for them', async () => {
    let nowMs = 0;
    const store = createMemoryStore({ nowMs: () => nowMs, maxBucketsPerFamily: 10_000 });
    for (nowMs = 0; nowMs < 5_000; nowMs += 1) {
      await store.commit.commit([
        {
          op: 'take',
          bucket: `rate:r:${nowMs}`,
          entry: 'e',
          amount: '1',
          atMs: nowMs,
          sinceMs: nowMs - 9,
          expiresAtMs: nowMs + 10,
        },
        { op: 'put', collection: 'c', key: String(nowMs), value: 1, expiresAtMs: nowMs + 10 },
      ]);
    }
    nowMs = 0; // what is still there shows again when the clock is set back
    expect((await store.counters.list('rate:', 10_000)).length).toBeLessThan(500);
    expect(await store.documents.count('c')).toBeLessThan(500);
  });
});
