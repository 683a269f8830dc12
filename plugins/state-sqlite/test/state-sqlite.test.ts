import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stateStoreContract, type StoreUnderTest } from '@gethelio/proxy/testing';
import { createSqliteStore } from '../store.ts';

stateStoreContract(
  ({ nowMs, maxBuckets }) => {
    const folder = mkdtempSync(join(tmpdir(), 'helio-state-'));
    const door = (): StoreUnderTest =>
      createSqliteStore({
        path: join(folder, 'state.db'),
        maxBucketsPerFamily: maxBuckets,
        busyTimeoutMs: 5_000,
        nowMs,
      });
    const first = door();
    return {
      ...first,
      another: door,
      async close() {
        await first.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
  { severalDoors: true },
);
