/** Buckets: totals, limits, windows, corrections. */
import { describe, expect, it } from 'vitest';
import { freshStore, hourMs, take, type MakeStore } from './subject.ts';

const all = -8.64e15;

export function bucketsContract(make: MakeStore): void {
  describe('a bucket', () => {
    const subject = freshStore(make);
    const total = async (bucket = 'rate:r:a', sinceMs = all) =>
      (await subject.store.ledger.balance(bucket, sinceMs)).total;

    it('is empty before anything was taken', async () => {
      expect(await subject.store.ledger.balance('rate:r:a', all)).toEqual({
        total: '0',
        entries: 0,
        oldestAtMs: undefined,
      });
      expect(await subject.store.counters.peek('rate:r:a', all)).toBe(0);
      expect(await subject.store.ledger.entries('rate:r:a', all, 10)).toEqual([]);
    });

    it('adds what is taken, exactly, and says how much, how many and since when', async () => {
      await subject.commit(take(10, { amount: '0.1' }), take(11, { amount: '0.2' }), take(12, { amount: '99.70' }));
      expect(await subject.store.ledger.balance('rate:r:a', all)).toEqual({ total: '100', entries: 3, oldestAtMs: 10 });
      expect(await subject.store.counters.peek('rate:r:a', all)).toBe(3);
    });

    it('keeps digits that a binary float would lose', async () => {
      await subject.commit(take(1, { amount: '9007199254740993.000000000000000001' }), take(1, { amount: '1e-18' }));
      expect(await total()).toBe('9007199254740993.000000000000000002');
    });

    it('sums 1,000 times 0.1 to 100', async () => {
      await subject.commit(...Array.from({ length: 1_000 }, () => take(5, { amount: '0.1' })));
      expect(await total()).toBe('100');
    });

    it('keeps buckets apart', async () => {
      await subject.commit(take(1), take(1, { bucket: 'rate:r:b' }), take(1, { bucket: 'rate:r:b' }));
      expect([await total('rate:r:a'), await total('rate:r:b'), await total('rate:r:')]).toEqual(['1', '2', '0']);
    });

    it('takes up to the limit and not a bit over it', async () => {
      expect(await subject.commit(take(1, { amount: '60', limit: '100' }))).toEqual({ ok: true });
      const over = take(1, { amount: '40.01', limit: '100' });
      expect(await subject.commit(over)).toMatchObject({
        ok: false,
        refusal: { index: 0, op: over, why: 'limit', total: '60' },
      });
      expect(await subject.commit(take(1, { amount: '40', limit: '100' }))).toEqual({ ok: true });
      expect(await subject.commit(take(1, { amount: '0.01', limit: '100' }))).toMatchObject({ ok: false });
      expect(await subject.commit(take(1, { amount: '0', limit: '100.00' }))).toEqual({ ok: true });
    });

    it('takes past any total when no limit is given', async () => {
      await subject.commit(take(1, { amount: '60', limit: '100' }), take(1, { amount: '1000' }));
      expect(await total()).toBe('1060');
    });

    it('lets entries leave a sliding window, one by one', async () => {
      await subject.commit(take(1_000, { amount: '5' }), take(2_000, { amount: '7' }));
      const at = (atMs: number) => take(atMs, { amount: '1', limit: '12' });
      expect(await subject.commit(at(1_000 + hourMs - 1))).toMatchObject({ ok: false, refusal: { total: '12' } });
      expect(await subject.commit(at(1_000 + hourMs))).toEqual({ ok: true });
      expect(await total('rate:r:a')).toBe('8');
    });

    it('says when there will be room', async () => {
      await subject.commit(take(1_000, { amount: '5' }), take(2_000, { amount: '7' }), take(3_000, { amount: '8' }));
      const refused = async (amount: string) => {
        const done = await subject.commit(take(4_000, { amount, limit: '20' }));
        return done.ok ? 'taken' : done.refusal.roomAtMs;
      };
      expect(await refused('5')).toBe(1_000 + hourMs);
      expect(await refused('5.01')).toBe(2_000 + hourMs);
      expect(await refused('20')).toBe(3_000 + hourMs);
      expect(await refused('20.01')).toBeUndefined();
    });

    it('takes again at exactly the instant it named, and not a millisecond before', async () => {
      await subject.commit(take(1_234, { limit: '1' }));
      const refused = await subject.commit(take(5_000, { limit: '1' }));
      const roomAtMs = refused.ok ? NaN : refused.refusal.roomAtMs!;
      expect(await subject.commit(take(roomAtMs - 1, { limit: '1' }))).toMatchObject({ ok: false });
      expect(await subject.commit(take(roomAtMs, { limit: '1' }))).toEqual({ ok: true });
    });

    it('counts entries that arrive out of their order', async () => {
      await subject.commit(take(3_000), take(1_000), take(2_000));
      expect(await subject.store.ledger.balance('rate:r:a', 2_000)).toEqual({
        total: '2',
        entries: 2,
        oldestAtMs: 2_000,
      });
      expect(await subject.store.ledger.balance('rate:r:a', all)).toMatchObject({ total: '3', oldestAtMs: 1_000 });
    });

    it('brings nothing back when a later take looks further into the past', async () => {
      await subject.commit(take(1_000), take(2_000, { sinceMs: 1_500 }), take(2_001, { sinceMs: 0 }));
      expect(await total()).toBe('2');
    });

    it('changes nothing when an entry comes a second time, not even against a full bucket', async () => {
      const once = take(1, { entry: 'call-1', amount: '100', limit: '100' });
      expect(await subject.commit(once)).toEqual({ ok: true });
      expect(await subject.commit(once)).toEqual({ ok: true });
      expect(await subject.commit({ ...once, amount: '7' }, once)).toEqual({ ok: true });
      expect(await subject.store.ledger.balance('rate:r:a', all)).toEqual({ total: '100', entries: 1, oldestAtMs: 1 });
    });

    it('corrects an entry, also past the limit, also to nothing', async () => {
      await subject.commit(
        take(1, { entry: 'x', amount: '60', limit: '100' }),
        take(2, { amount: '40', limit: '100' }),
      );
      await subject.commit({ op: 'correct', bucket: 'rate:r:a', entry: 'x', amount: '75.50' });
      expect(await total()).toBe('115.5');
      await subject.commit({ op: 'correct', bucket: 'rate:r:a', entry: 'x', amount: '0' });
      expect(await subject.store.ledger.balance('rate:r:a', all)).toEqual({ total: '40', entries: 2, oldestAtMs: 1 });
    });

    it('gives an entry back as if it had never been', async () => {
      await subject.commit(take(1, { entry: 'x', amount: '60' }), take(2, { amount: '1' }));
      await subject.commit({ op: 'giveBack', bucket: 'rate:r:a', entry: 'x' });
      expect(await subject.store.ledger.balance('rate:r:a', all)).toEqual({ total: '1', entries: 1, oldestAtMs: 2 });
      expect(await subject.commit(take(3, { entry: 'x', amount: '5' }))).toEqual({ ok: true });
      expect(await total()).toBe('6');
    });

    it('shrugs at corrections and returns of what it does not know', async () => {
      await subject.commit(take(1));
      expect(
        await subject.commit(
          { op: 'correct', bucket: 'rate:r:a', entry: 'nobody', amount: '9' },
          { op: 'giveBack', bucket: 'rate:r:a', entry: 'nobody' },
          { op: 'giveBack', bucket: 'rate:none:x', entry: 'nobody' },
        ),
      ).toEqual({ ok: true });
      expect(await total()).toBe('1');
    });

    it('ignores a correction of what has left the window', async () => {
      await subject.commit(take(1_000, { entry: 'old', amount: '5' }), take(1_000 + hourMs, { amount: '1' }));
      await subject.commit({ op: 'correct', bucket: 'rate:r:a', entry: 'old', amount: '500' });
      await subject.commit({ op: 'giveBack', bucket: 'rate:r:a', entry: 'old' });
      expect(await total()).toBe('1');
    });

    it('takes credits: a negative amount makes room', async () => {
      await subject.commit(take(1, { amount: '90' }), take(2, { amount: '-40' }));
      expect(await total()).toBe('50');
      expect(await subject.commit(take(3, { amount: '50', limit: '100' }))).toEqual({ ok: true });
      expect(await subject.commit(take(3, { amount: '0.01', limit: '100' }))).toMatchObject({ ok: false });
    });

    it('loses the room of a credit that leaves the window', async () => {
      await subject.commit(take(1_000, { amount: '-40' }), take(2_000, { amount: '90' }));
      expect(await subject.commit(take(1_000 + hourMs, { amount: '11', limit: '100' }))).toMatchObject({
        ok: false,
        refusal: { total: '90' },
      });
    });

    it('shows its entries newest first, with their notes', async () => {
      await subject.commit(
        take(1, { entry: 'a', amount: '1.50', note: { tool: 'pay' } }),
        take(3, { entry: 'c', amount: '3' }),
        take(2, { entry: 'b', amount: '2', note: null }),
      );
      expect(await subject.store.ledger.entries('rate:r:a', 2, 10)).toEqual([
        { entry: 'c', amount: '3', atMs: 3, note: null },
        { entry: 'b', amount: '2', atMs: 2, note: null },
      ]);
      expect(await subject.store.ledger.entries('rate:r:a', all, 1)).toMatchObject([{ entry: 'c' }]);
      expect((await subject.store.ledger.entries('rate:r:a', all, 10))[2]).toEqual({
        entry: 'a',
        amount: '1.50',
        atMs: 1,
        note: { tool: 'pay' },
      });
    });

    it('is listed by prefix, largest first, as exact as asked', async () => {
      await subject.commit(
        take(1_000, { bucket: 'rate:r:a', amount: '9' }),
        take(9_000, { bucket: 'rate:r:a', amount: '1' }),
        take(2_000, { bucket: 'rate:r:b', amount: '10.5' }),
        take(2_000, { bucket: 'rate:rr:c', amount: '70' }),
      );
      const a = { bucket: 'rate:r:a', total: '10', entries: 2, lastAtMs: 9_000 };
      const b = { bucket: 'rate:r:b', total: '10.5', entries: 1, lastAtMs: 2_000 };
      expect(await subject.store.ledger.list('rate:r:', 10)).toEqual([b, a]);
      expect(await subject.store.counters.list('rate:r:', 1)).toEqual([b]);
      expect(await subject.store.ledger.list('rate:r:', 10, 9_000)).toEqual([{ ...a, total: '1', entries: 1 }]);
      expect(await subject.store.ledger.list('spend:', 10)).toEqual([]);
    });

    it('says when more calls will fit', async () => {
      await subject.commit(take(1_000), take(2_000), take(3_000));
      const roomAt = (limit: number, wanted: number) =>
        subject.store.counters.roomAt('rate:r:a', limit, wanted, hourMs, 4_000);
      expect(await roomAt(4, 1)).toBe(4_000);
      expect(await roomAt(3, 1)).toBe(1_000 + hourMs);
      expect(await roomAt(3, 3)).toBe(3_000 + hourMs);
      expect(await roomAt(3, 4)).toBeUndefined();
    });

    it('answers `check` as commit would, and takes nothing', async () => {
      await subject.commit(take(1_000, { entry: 'known', amount: '60' }));
      const fits = take(2_000, { amount: '40', limit: '100' });
      const over = take(2_000, { amount: '40.01', limit: '100' });
      for (let round = 0; round < 3; round += 1) {
        expect(await subject.store.ledger.check(fits)).toBeUndefined();
        expect(await subject.store.counters.check(over)).toEqual({
          index: 0,
          op: over,
          why: 'limit',
          total: '60',
          roomAtMs: 1_000 + hourMs,
        });
        expect(await subject.store.ledger.check({ ...over, entry: 'known' })).toBeUndefined();
      }
      expect(await total()).toBe('60');
      expect(await subject.commit(fits)).toEqual({ ok: true });
      expect(await subject.store.ledger.check(take(2_000, { amount: '0.01', limit: '100' }))).toMatchObject({
        total: '100',
      });
      expect(await subject.store.ledger.check(take(1_000 + hourMs, { amount: '60', limit: '100' }))).toBeUndefined();
    });

    it('is not moved on by a look from the future', async () => {
      await subject.commit(take(1_000, { amount: '60' }));
      await subject.store.ledger.check(take(1_000 + 10 * hourMs, { limit: '1' }));
      await subject.store.ledger.balance('rate:r:a', 1_000 + 10 * hourMs);
      expect(await total()).toBe('60');
    });

    it('is forgotten when its last entry is past its end', async () => {
      subject.nowMs = 1_000;
      await subject.commit(
        take(1_000, { amount: '60', sinceMs: 0, expiresAtMs: 2_000 }),
        take(1_500, { amount: '1', sinceMs: 0, expiresAtMs: 3_000 }),
      );
      subject.nowMs = 2_999;
      expect(await total()).toBe('61');
      subject.nowMs = 3_000;
      expect(await total()).toBe('0');
      await subject.commit(take(3_000, { amount: '5', sinceMs: 0, limit: '5' }));
      expect(await total()).toBe('5');
    });
  });

  describe('a family of buckets', () => {
    const subject = freshStore(make, 3);

    it('refuses a new key at the cap and serves the ones it has', async () => {
      for (const key of ['a', 'b', 'c']) await subject.commit(take(1_000, { bucket: `rate:r:${key}` }));
      const newcomer = take(1_000, { bucket: 'rate:r:d', limit: '10' });
      expect(await subject.commit(newcomer)).toEqual({
        ok: false,
        refusal: { index: 0, op: newcomer, why: 'capacity' },
      });
      expect(await subject.store.counters.check(newcomer)).toMatchObject({ why: 'capacity' });
      for (const key of ['a', 'b', 'c']) {
        expect(await subject.commit(take(1_000, { bucket: `rate:r:${key}`, limit: '2' }))).toEqual({ ok: true });
      }
    });

    it('does not make another family pay', async () => {
      for (const key of ['a', 'b', 'c']) await subject.commit(take(1_000, { bucket: `rate:r:${key}` }));
      expect(await subject.commit(take(1_000, { bucket: 'rate:r2:d' }))).toEqual({ ok: true });
      expect(await subject.commit(take(1_000, { bucket: 'spend:r:d' }))).toEqual({ ok: true });
    });

    it('has room again when a bucket was given back or is past its end', async () => {
      const ops = ['a', 'b', 'c'].map((key) => take(1_000, { bucket: `rate:r:${key}`, expiresAtMs: 5_000 }));
      subject.nowMs = 1_000;
      await subject.commit(...ops);
      await subject.commit({ op: 'giveBack', bucket: 'rate:r:b', entry: ops[1]!.entry });
      expect(await subject.commit(take(1_000, { bucket: 'rate:r:d' }))).toEqual({ ok: true });
      expect(await subject.commit(take(1_000, { bucket: 'rate:r:e' }))).toMatchObject({ ok: false });
      subject.nowMs = 5_000;
      expect(await subject.commit(take(5_000, { bucket: 'rate:r:e' }))).toEqual({ ok: true });
    });
  });
}
