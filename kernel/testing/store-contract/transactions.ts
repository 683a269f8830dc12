/** Transactions: all or none, exact under parallel callers, nonsense refused. */
import { describe, expect, it } from 'vitest';
import type { StoreOp } from '../../plugin.ts';
import { freshStore, put, remove, take, type MakeStore } from './subject.ts';

const all = -8.64e15;

export function transactionsContract(make: MakeStore): void {
  describe('a transaction', () => {
    const subject = freshStore(make);

    it('may be empty', async () => {
      expect(await subject.commit()).toEqual({ ok: true });
    });

    it('is done whole or not at all, whichever op is refused', async () => {
      await subject.commit(
        take(1, { bucket: 'budget:p:x', entry: 'known', amount: '90' }),
        take(1, { bucket: 'rate:r:a', entry: 'old' }),
        put('used', 1),
        put('kept', 1),
      );
      const good: StoreOp[] = [
        take(2, { bucket: 'rate:r:a' }),
        take(2, { bucket: 'rate:r:new' }),
        { op: 'correct', bucket: 'budget:p:x', entry: 'known', amount: '1' },
        { op: 'giveBack', bucket: 'rate:r:a', entry: 'old' },
        put('new', 1),
        put('kept', 2),
        remove('used', { mustExist: true }),
      ];
      const bad: [StoreOp, string][] = [
        [take(2, { bucket: 'budget:q:x', amount: '11', limit: '10' }), 'limit'],
        [put('kept', 3, { ifVersion: 9 }), 'version'],
        [remove('nobody', { mustExist: true }), 'absent'],
      ];
      for (const [op, why] of bad) {
        for (let place = 0; place <= good.length; place += 1) {
          const ops = [...good.slice(0, place), op, ...good.slice(place)];
          expect(await subject.commit(...ops)).toMatchObject({ ok: false, refusal: { index: place, op, why } });
        }
      }
      expect(await subject.store.ledger.balance('budget:p:x', all)).toEqual({ total: '90', entries: 1, oldestAtMs: 1 });
      expect(await subject.store.ledger.entries('rate:r:a', all, 9)).toMatchObject([{ entry: 'old' }]);
      expect(await subject.store.counters.peek('rate:r:new', all)).toBe(0);
      expect(await subject.store.documents.list('c')).toMatchObject([
        { key: 'kept', value: 1, version: 1 },
        { key: 'used', value: 1, version: 1 },
      ]);
      expect(await subject.commit(...good)).toEqual({ ok: true });
    });

    it('sees what its own earlier ops did', async () => {
      const ops = [take(1, { limit: '2' }), take(1, { limit: '2' }), take(1, { limit: '2' })];
      expect(await subject.commit(...ops)).toMatchObject({ ok: false, refusal: { index: 2, total: '2' } });
      expect(
        await subject.commit(
          put('k', 1, { ifVersion: 0 }),
          put('k', 2, { ifVersion: 1 }),
          remove('k', { ifVersion: 2 }),
        ),
      ).toEqual({ ok: true });
      expect(await subject.store.documents.get('c', 'k')).toBeUndefined();
    });

    it('reports the first op that was refused', async () => {
      const done = await subject.commit(
        put('k', 1),
        remove('x', { mustExist: true }),
        remove('y', { mustExist: true }),
      );
      expect(done).toMatchObject({ refusal: { index: 1, why: 'absent' } });
    });

    it('lets exactly L of 200 parallel takes through', async () => {
      const done = await Promise.all(Array.from({ length: 200 }, () => subject.commit(take(1, { limit: '37' }))));
      expect(done.filter(({ ok }) => ok)).toHaveLength(37);
      expect(await subject.store.counters.peek('rate:r:a', all)).toBe(37);
    });

    it('takes from two pots both or neither, under parallel callers', async () => {
      const done = await Promise.all(
        Array.from({ length: 200 }, (_, n) => {
          const [big, small] = [
            take(1, { bucket: 'budget:big:x', entry: `c${n}`, amount: '1', limit: '50' }),
            take(1, { bucket: 'budget:small:x', entry: `c${n}`, amount: '0.3', limit: '10' }),
          ];
          return subject.commit(...(n % 2 ? [big, small] : [small, big]));
        }),
      );
      const through = done.filter(({ ok }) => ok).length;
      expect(through).toBe(33);
      expect(await subject.store.ledger.balance('budget:big:x', all)).toMatchObject({ total: '33', entries: 33 });
      expect(await subject.store.ledger.balance('budget:small:x', all)).toMatchObject({ total: '9.9', entries: 33 });
    });

    it('is not held up by a refused neighbour', async () => {
      const done = await Promise.all(
        Array.from({ length: 60 }, (_, n) =>
          n % 3 === 0
            ? subject.commit(remove(`no${n}`, { mustExist: true }), put(`r${n}`, n))
            : subject.commit(put(`k${n}`, n)),
        ),
      );
      expect(done.map(({ ok }) => ok)).toEqual(Array.from({ length: 60 }, (_, n) => n % 3 !== 0));
      expect(await subject.store.documents.count('c')).toBe(40);
    });

    const nonsense: [string, StoreOp][] = [
      ['an amount that is no number', take(1, { amount: 'ten' })],
      ['an amount that is not finite', take(1, { amount: 'Infinity' })],
      ['an empty amount', take(1, { amount: '' })],
      ['an amount whose total nobody could keep', take(1, { amount: '1e300' })],
      ['an amount of 100 digits', take(1, { amount: '9'.repeat(100) })],
      ['a limit that is no number', take(1, { limit: '0x10' })],
      ['a time that is no time', take(NaN)],
      ['an empty bucket', take(1, { bucket: '' })],
      ['a bucket of 2,000 characters', take(1, { bucket: 'x'.repeat(2_000) })],
      ['half a surrogate pair, which would be another name in UTF-8', put('\ud800', 1)],
      ['a correction to no number', { op: 'correct', bucket: 'a', entry: 'b', amount: '1,5' }],
      ['an op that does not exist', { op: 'steal' } as unknown as StoreOp],
    ];
    it.each(nonsense)('rejects %s and does nothing of the rest', async (_what, op) => {
      await expect(subject.commit(put('k', 1), op)).rejects.toMatchObject({ code: 'HELIO_STORE_BAD_OP' });
      expect(await subject.store.documents.get('c', 'k')).toBeUndefined();
      expect(await subject.commit(put('k', 1))).toEqual({ ok: true });
    });

    it('shows this process what it committed, at once', async () => {
      for (let n = 1; n <= 20; n += 1) {
        await subject.commit(take(1), put('k', n));
        expect(await subject.store.counters.peek('rate:r:a', all)).toBe(n);
        expect(await subject.store.documents.get('c', 'k')).toMatchObject({ value: n, version: n });
        expect(await subject.store.counters.check(take(1, { limit: String(n) }))).toMatchObject({ total: String(n) });
      }
    });
  });
}
