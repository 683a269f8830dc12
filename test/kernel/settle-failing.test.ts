/** A store that throws instead of rejecting: the call that ran is still answered. */
import { expect, test } from 'vitest';
import { settleAll } from '../../kernel/steps.ts';
import type { Trip } from '../../kernel/trip.ts';

test('a store that throws while a call is settled is written to the log, and the answer goes on', async () => {
  const errors: string[] = [];
  const trip = {
    call: { id: 'c' },
    taken: [{ plugin: 'p', commitment: { ops: [], settle: () => [{}] } }],
    world: { clock: { nowMs: () => 0 }, log: { error: (text: string) => void errors.push(text) } },
    generation: {
      commit: {
        commit() {
          throw new Error('closed');
        },
      },
    },
  } as unknown as Trip;
  await settleAll(trip, 'forwarded', true, undefined);
  expect(errors).toEqual(['the state store failed while a call was settled; what was taken stays taken']);
});
