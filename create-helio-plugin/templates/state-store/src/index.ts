/**
 * A state store. It works as it is and keeps everything in this process's memory: replace store.ts, buckets.ts and
 * documents.ts step by step by your database, and the contract suite says when the answers differ.
 */
import { commit, definePlugin } from '@gethelio/proxy/plugin';
import { counters, documents, ledger } from '@gethelio/proxy/contracts/state';
import { z } from 'zod';
import { createMemoryStore } from './store.ts';

export const myPlugin = definePlugin({
  name: 'my-plugin',
  apiVersion: 1,
  summary: 'Keeps counters, pots and documents in memory.',
  config: z
    .strictObject({
      max_buckets: z
        .int()
        .min(1)
        .default(100_000)
        .describe('Buckets (one per key) that one rule or pot may have; past it new keys are refused.'),
    })
    .prefault({}),
  // All four, or none: the ops of all plugins of a call are one transaction, and `commit` is that transaction.
  provides: { commit, counters, ledger, documents },
  register({ config, clock, keep, log }) {
    // `keep`: made once per process. A reload of helio.yaml must not forget what was counted.
    return keep('store', () =>
      createMemoryStore({
        maxBucketsPerFamily: config.max_buckets,
        nowMs: () => clock.nowMs(),
        failed: (error) => log.error('a listener of the store failed', { error: String(error) }),
      }),
    );
  },
});
export default myPlugin;
