/** Proves a state store: the same answers in memory, in SQLite and in any third party's store. Runs under vitest. */
import { describe } from 'vitest';
import { bucketsContract } from './store-contract/buckets.ts';
import { documentsContract } from './store-contract/documents.ts';
import { doorsContract } from './store-contract/doors.ts';
import { randomContract } from './store-contract/random.ts';
import type { MakeStore } from './store-contract/subject.ts';
import { transactionsContract } from './store-contract/transactions.ts';

export type { MakeStore, StoreUnderTest } from './store-contract/subject.ts';

/**
 * Declares the suite. `make` opens an empty store that reads the time from `nowMs` and holds `maxBuckets` buckets per
 * family. `severalDoors`: the store can be opened more than once (`another`), as several processes do.
 *
 *     stateStoreContract((options) => openMyStore(options));
 */
export function stateStoreContract(make: MakeStore, options: { readonly severalDoors?: boolean } = {}): void {
  describe('state store contract', () => {
    bucketsContract(make);
    documentsContract(make);
    transactionsContract(make);
    randomContract(make);
    if (options.severalDoors) doorsContract(make);
  });
}
