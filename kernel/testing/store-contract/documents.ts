/** Documents: versions, single use, expiry, lists, watching. */
import { describe, expect, it, vi } from 'vitest';
import { freshStore, put, remove, type MakeStore } from './subject.ts';

export function documentsContract(make: MakeStore): void {
  describe('a document', () => {
    const subject = freshStore(make);
    const get = (key: string, collection = 'c') => subject.store.documents.get(collection, key);
    const keys = async (query: { prefix?: string; after?: string; limit?: number } = {}) =>
      (await subject.store.documents.list('c', query)).map(({ key }) => key);

    it('is absent before it was put and after it was removed', async () => {
      expect(await get('k')).toBeUndefined();
      await subject.commit(put('k', 1));
      await subject.commit(remove('k'));
      expect(await get('k')).toBeUndefined();
      expect(await subject.commit(remove('k'))).toEqual({ ok: true });
    });

    it('comes back as it was put, whatever JSON it is', async () => {
      const value = { text: 'ä\u0000\u{1F600}', list: [1, -2.5, null, true, { deep: [[]] }], __proto__x: {} };
      await subject.commit(put('k', value));
      expect(await get('k')).toEqual({ key: 'k', value, version: 1, expiresAtMs: undefined });
    });

    it('is not changed by changing what was put or what was read', async () => {
      const value = { list: [1] };
      await subject.commit(put('k', value));
      value.list.push(2);
      const read = (await get('k'))!.value as { list: number[] };
      try {
        read.list.push(3);
      } catch {
        // frozen: just as well
      }
      expect((await get('k'))!.value).toEqual({ list: [1] });
    });

    it('counts its versions from 1, and from 1 again after it was away', async () => {
      await subject.commit(put('k', 'a'), put('k', 'b'));
      expect(await get('k')).toMatchObject({ value: 'b', version: 2 });
      await subject.commit(remove('k'), put('k', 'c'));
      expect(await get('k')).toMatchObject({ value: 'c', version: 1 });
    });

    it('is written only on the version that was asked for', async () => {
      expect(await subject.commit(put('k', 'a', { ifVersion: 1 }))).toMatchObject({ refusal: { why: 'version' } });
      expect(await subject.commit(put('k', 'a', { ifVersion: 0 }))).toEqual({ ok: true });
      const late = put('k', 'b', { ifVersion: 0 });
      expect(await subject.commit(late)).toEqual({ ok: false, refusal: { index: 0, op: late, why: 'version' } });
      expect(await subject.commit(put('k', 'b', { ifVersion: 1 }))).toEqual({ ok: true });
      expect(await get('k')).toMatchObject({ value: 'b', version: 2 });
    });

    it('is removed only on the version that was asked for', async () => {
      await subject.commit(put('k', 'a'), put('k', 'b'));
      expect(await subject.commit(remove('k', { ifVersion: 1 }))).toMatchObject({ refusal: { why: 'version' } });
      expect(await subject.commit(remove('k', { ifVersion: 2 }))).toEqual({ ok: true });
      expect(await subject.commit(remove('k', { ifVersion: 2 }))).toMatchObject({ refusal: { why: 'version' } });
    });

    it('can be used up once and no more', async () => {
      await subject.commit(put('k', 'grant'));
      expect(await subject.commit(remove('k', { mustExist: true }))).toEqual({ ok: true });
      const again = remove('k', { mustExist: true });
      expect(await subject.commit(again)).toEqual({ ok: false, refusal: { index: 0, op: again, why: 'absent' } });
    });

    it('is used up by exactly one of 100 who try at once', async () => {
      await subject.commit(put('k', 'grant'));
      const tries = await Promise.all(
        Array.from({ length: 100 }, () => subject.commit(remove('k', { mustExist: true }))),
      );
      expect(tries.filter(({ ok }) => ok)).toHaveLength(1);
    });

    it('is absent from its expiry on, for every question', async () => {
      await subject.commit(put('k', 'a', { expiresAtMs: subject.nowMs + 10 }), put('other', 1));
      subject.nowMs += 9;
      expect(await get('k')).toMatchObject({ value: 'a', expiresAtMs: subject.nowMs + 1 });
      subject.nowMs += 1;
      expect(await get('k')).toBeUndefined();
      expect(await keys()).toEqual(['other']);
      expect(await subject.store.documents.count('c')).toBe(1);
      expect(await subject.commit(remove('k', { mustExist: true }))).toMatchObject({ refusal: { why: 'absent' } });
      expect(await subject.commit(put('k', 'b', { ifVersion: 0 }))).toEqual({ ok: true });
      expect(await get('k')).toEqual({ key: 'k', value: 'b', version: 1, expiresAtMs: undefined });
    });

    it('lives longer when it is put again with a later expiry', async () => {
      await subject.commit(put('k', 'a', { expiresAtMs: subject.nowMs + 10 }));
      await subject.commit(put('k', 'b', { expiresAtMs: subject.nowMs + 100 }));
      subject.nowMs += 50;
      expect(await get('k')).toMatchObject({ value: 'b', version: 2 });
    });

    it('keeps collections apart', async () => {
      await subject.commit(put('k', 1), { op: 'put', collection: 'd', key: 'k', value: 2 });
      await subject.commit({ op: 'remove', collection: 'd', key: 'k' });
      expect(await get('k')).toMatchObject({ value: 1 });
      expect(await get('k', 'd')).toBeUndefined();
    });

    it('is listed in the order of its key in bytes, by prefix, page by page', async () => {
      const sorted = ['a', 'a/1', 'a/10', 'a/2', 'b', 'z', 'é', '\uFFFD', '\u{1F600}'];
      await subject.commit(...[...sorted].reverse().map((key) => put(key, key)));
      expect(await keys()).toEqual(sorted);
      expect(await keys({ prefix: 'a/' })).toEqual(['a/1', 'a/10', 'a/2']);
      expect(await keys({ limit: 2 })).toEqual(['a', 'a/1']);
      expect(await keys({ after: 'a/1', limit: 2 })).toEqual(['a/10', 'a/2']);
      expect(await keys({ prefix: 'a/', after: 'a/10' })).toEqual(['a/2']);
      expect(await keys({ prefix: 'nothing' })).toEqual([]);
      expect(await subject.store.documents.count('c', 'a')).toBe(4);
      expect(await subject.store.documents.list('c', { prefix: 'b' })).toEqual([
        { key: 'b', value: 'b', version: 1, expiresAtMs: undefined },
      ]);
    });

    it('treats %, _, * and quotes in keys as themselves', async () => {
      const odd = ["'; DROP TABLE documents; --", '%', '*', '_', 'a%', 'a_'].sort();
      await subject.commit(...odd.map((key) => put(key, key)));
      expect(await keys()).toEqual(odd);
      expect(await keys({ prefix: '%' })).toEqual(['%']);
      expect(await keys({ prefix: 'a_' })).toEqual(['a_']);
    });

    it('lists at most 1,000 unless asked for more', async () => {
      await subject.commit(...Array.from({ length: 1_005 }, (_, n) => put(`k${n}`, n)));
      expect(await keys()).toHaveLength(1_000);
      expect(await keys({ limit: 2_000 })).toHaveLength(1_005);
    });

    it('tells who watches its collection, after the commit, and only then', async () => {
      await get('anything'); // some stores say "everything may have changed" when they open
      const seen = vi.fn();
      const stop = subject.store.documents.watch('c', seen);
      await subject.commit(put('a', 1), { op: 'put', collection: 'd', key: 'x', value: 1 }, put('b', 2));
      expect(seen.mock.calls).toEqual([[['a', 'b']]]);
      await subject.commit(put('a', 1, { ifVersion: 7 }));
      expect(seen).toHaveBeenCalledTimes(1);
      await subject.commit(remove('a'));
      expect(seen.mock.calls[1]).toEqual([['a']]);
      stop();
      await subject.commit(put('a', 1));
      expect(seen).toHaveBeenCalledTimes(2);
    });

    it('survives a watcher that throws', async () => {
      subject.store.documents.watch('c', () => {
        throw new Error('watcher');
      });
      expect(await subject.commit(put('a', 1))).toEqual({ ok: true });
    });
  });
}
