/** State in SQLite: counters, pots and documents in `.helio/state.db`, shared by every Helio process of this folder. */
import { join, resolve } from 'node:path';
import { commit, definePlugin } from '@gethelio/proxy/plugin';
import { counters, documents, ledger } from '@gethelio/proxy/contracts/state';
import { z } from 'zod';
import { createSqliteStore } from './store.ts';

export const stateSqlite = definePlugin({
  name: 'state-sqlite',
  apiVersion: 1,
  summary: 'Keeps counters, pots, tickets and other state in .helio/state.db; survives a restart and kill -9.',
  config: z.strictObject({
    path: z.string().min(1).optional().describe('The file; left out: state.db in the folder .helio beside helio.yaml.'),
    max_buckets: z
      .int()
      .min(1)
      .default(100_000)
      .describe('Buckets (one per key) that one rule or pot may have; past it new keys are refused.'),
    busy_timeout_ms: z
      .int()
      .min(1)
      .max(60_000)
      .default(5_000)
      .describe('How long a write waits for another process; it is tried three times, then calls are refused.'),
  }),
  provides: { commit, counters, ledger, documents },
  register({ config, configDir, stateDir, clock, keep, log, onStart, onStop }) {
    const settings = {
      path: config.path === undefined ? join(stateDir, 'state.db') : resolve(configDir, config.path),
      maxBucketsPerFamily: config.max_buckets,
      busyTimeoutMs: config.busy_timeout_ms,
    };
    const kept = keep('store', () => ({
      settings,
      store: createSqliteStore({
        ...settings,
        nowMs: () => clock.nowMs(),
        failed: (error) => log.error('a listener of the store failed', { error: String(error) }),
      }),
    }));
    onStart(async () => {
      if (JSON.stringify(kept.settings) !== JSON.stringify(settings)) {
        log.warn('state-sqlite: the changed settings take effect after a restart', settings);
      }
      const driver = await kept.store.open();
      log.debug('state is open', { path: kept.settings.path, driver });
    });
    onStop(async (reason) => {
      if (reason === 'shutdown') await kept.store.close();
    });
    return kept.store;
  },
});
export default stateSqlite;
