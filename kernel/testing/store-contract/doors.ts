/** Two doors to one state, as two processes have it. */
import { describe, expect, it, vi } from 'vitest';
import { freshStore, put, remove, take, withAnother, type MakeStore } from './subject.ts';

const all = -8.64e15;

export function doorsContract(make: MakeStore): void {
  describe('two doors to one state', () => {
    const subject = freshStore(make);

    it('let exactly L of 200 parallel takes through together', async () => {
      await withAnother(subject, async (other) => {
        const done = await Promise.all(
          Array.from({ length: 200 }, (_, n) =>
            (n % 2 ? subject.store : other).commit.commit([take(1, { limit: '41' })]),
          ),
        );
        expect(done.filter(({ ok }) => ok)).toHaveLength(41);
        for (const store of [subject.store, other]) expect(await store.counters.peek('rate:r:a', all)).toBe(41);
      });
    });

    it('give one document to one of them', async () => {
      await subject.commit(put('grant', 1));
      await withAnother(subject, async (other) => {
        const done = await Promise.all(
          Array.from({ length: 50 }, (_, n) =>
            (n % 2 ? subject.store : other).commit.commit([remove('grant', { mustExist: true })]),
          ),
        );
        expect(done.filter(({ ok }) => ok)).toHaveLength(1);
      });
    });

    it('refuse on the total of both, near the limit', async () => {
      await withAnother(subject, async (other) => {
        await subject.commit(take(1, { amount: '10', limit: '100' }));
        await other.commit.commit([take(1, { amount: '85', limit: '100' })]);
        expect(await subject.commit(take(1, { amount: '10', limit: '100' }))).toMatchObject({
          refusal: { total: '95' },
        });
        expect(await subject.store.ledger.check(take(1, { amount: '10', limit: '100' }))).toMatchObject({
          total: '95',
        });
        expect(await subject.commit(take(1, { amount: '5', limit: '100' }))).toEqual({ ok: true });
      });
    });

    it('see a document of the other that they never read, and within a second one that they did', async () => {
      await withAnother(subject, async (other) => {
        await other.commit.commit([put('new', 1)]);
        expect(await subject.store.documents.get('c', 'new')).toMatchObject({ value: 1 });
        await other.commit.commit([put('new', 2)]);
        await vi.waitFor(
          async () => expect(await subject.store.documents.get('c', 'new')).toMatchObject({ value: 2 }),
          5_000,
        );
        await other.commit.commit([remove('new')]);
        await vi.waitFor(async () => expect(await subject.store.documents.get('c', 'new')).toBeUndefined(), 5_000);
      });
    });

    it('find a document that was not there when they looked first', async () => {
      await withAnother(subject, async (other) => {
        expect(await subject.store.documents.get('c', 'late')).toBeUndefined();
        await other.commit.commit([put('late', 1)]);
        expect(await subject.store.documents.get('c', 'late')).toMatchObject({ value: 1 });
      });
    });

    it('tell each other what changed', async () => {
      await withAnother(subject, async (other) => {
        await subject.store.documents.count('c');
        const seen = new Set<string>();
        const calls: (readonly string[])[] = [];
        subject.store.documents.watch('c', (keys) => {
          calls.push(keys);
          for (const key of keys) seen.add(key);
        });
        await other.commit.commit([put('a', 1), { op: 'put', collection: 'd', key: 'not-mine', value: 1 }]);
        await other.commit.commit([remove('a'), put('b', 1)]);
        await vi.waitFor(() => expect(seen).toContain('b'), 5_000);
        expect([...seen].sort()).toEqual(['a', 'b']);
        const before = calls.length;
        await subject.commit(put('own', 1));
        expect(calls.slice(before)).toEqual([['own']]);
      });
    });
  });
}
