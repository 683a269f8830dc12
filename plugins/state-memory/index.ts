/** State in memory, for tests and throw-away runs: every counter and ticket is gone with the process. */
import { commit, definePlugin } from '@gethelio/proxy/plugin';
import { counters, documents, ledger } from '@gethelio/proxy/contracts/state';
import { z } from 'zod';
import { createMemoryStore } from './store.ts';

export const stateMemory = definePlugin({
  name: 'state-memory',
  apiVersion: 1,
  summary: 'Keeps counters, pots and documents in memory; nothing survives a restart.',
  config: z.strictObject({
    max_buckets: z
      .int()
      .min(1)
      .default(100_000)
      .describe('Buckets (one per key) that one rule or pot may have; past it new keys are refused.'),
  }),
  provides: { commit, counters, ledger, documents },
  register: ({ config, clock, keep, log }) =>
    keep('store', () =>
      createMemoryStore({
        maxBucketsPerFamily: config.max_buckets,
        nowMs: () => clock.nowMs(),
        failed: (error) => log.error('a listener of the store failed', { error: String(error) }),
      }),
    ),
});
export default stateMemory;
