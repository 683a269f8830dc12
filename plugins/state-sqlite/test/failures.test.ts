import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isFull, migrate, openDatabase, type StoreOp } from '@gethelio/proxy/plugin';
import { createEngine } from '../engine.ts';
import { migrations } from '../schema.ts';
import { createSqliteStore, type SqliteStore } from '../store.ts';

let folder: string;
let path: string;
const stores: SqliteStore[] = [];
const open = (more: { busyTimeoutMs?: number } = {}) => {
  const store = createSqliteStore({
    path,
    maxBucketsPerFamily: 100,
    busyTimeoutMs: 5_000,
    nowMs: () => 1_000,
    ...more,
  });
  stores.push(store);
  return store;
};
const take = (entry: string, more = {}): StoreOp => ({
  op: 'take',
  bucket: 'rate:r:a',
  entry,
  amount: '1',
  atMs: 1_000,
  sinceMs: 0,
  ...more,
});
const put = (key: string, value = 'x'): StoreOp => ({ op: 'put', collection: 'c', key, value });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'helio-state-'));
  path = join(folder, 'state.db');
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('state.db', () => {
  it('outlives the process: totals and documents are right at once after a restart', async () => {
    const first = open();
    await first.commit.commit([take('a'), take('b'), put('k')]);
    await first.close();
    const second = open();
    expect(await second.ledger.balance('rate:r:a', 0)).toEqual({ total: '2', entries: 2, oldestAtMs: 1_000 });
    expect(await second.commit.commit([take('c', { limit: '2' })])).toMatchObject({ refusal: { total: '2' } });
    expect(await second.documents.get('c', 'k')).toMatchObject({ value: 'x' });
  });

  it('finishes what was asked before it closes', async () => {
    const first = open();
    const done = Array.from({ length: 50 }, (_, n) => first.commit.commit([take(`e${n}`)]));
    await first.close();
    expect(await Promise.all(done)).toEqual(Array(50).fill({ ok: true }));
    expect(await open().counters.peek('rate:r:a', 0)).toBe(50);
  });

  it('refuses commits while another process holds the lock, and takes them again afterwards', async () => {
    const store = open({ busyTimeoutMs: 10 });
    await store.commit.commit([put('before')]);
    const other = openDatabase(path);
    other.exec('BEGIN EXCLUSIVE');
    await expect(store.commit.commit([put('k')])).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
    other.exec('ROLLBACK');
    other.close();
    expect(await store.commit.commit([put('k')])).toEqual({ ok: true });
    expect(await store.documents.count('c')).toBe(2);
  });

  it('refuses every commit of a batch that the disk has no room for, and keeps none of it', () => {
    const database = openDatabase(path);
    migrate(database, migrations);
    const engine = createEngine(database, { maxBucketsPerFamily: 100, writer: 'test' });
    const commit = (key: string, size: number) => ({
      kind: 'commit' as const,
      ops: [{ op: 'put' as const, collection: 'c', key, value: `"${'x'.repeat(size)}"` }],
    });
    expect(engine.run([commit('small', 10)], 1)).toMatchObject([{ value: { results: [1] } }]);
    const { page_count: pages } = database.prepare('PRAGMA page_count').get<{ page_count: number }>()!;
    database.exec(`PRAGMA max_page_count = ${pages + 2}`);
    const answers = engine.run([commit('fits', 10), commit('huge', 200_000)], 1);
    expect(answers.map((answer) => 'failure' in answer && isFull(answer.failure))).toEqual([true, true]);
    database.exec('PRAGMA max_page_count = 1000000');
    expect(engine.run([{ kind: 'count', collection: 'c', prefix: '' }], 1)).toEqual([{ value: 1 }]);
    expect(engine.run([commit('huge', 200_000)], 1)).toMatchObject([{ value: { results: [1] } }]);
    database.close();
  });

  it('says which file it cannot use: garbage, a folder, one from a newer Helio', async () => {
    writeFileSync(path, 'not a database, but long enough to look like one'.repeat(100));
    await expect(open().open()).rejects.toThrow(path);
    await expect(open().commit.commit([put('k')])).rejects.toThrow(path);

    path = join(folder, 'folder.db');
    mkdirSync(path);
    await expect(open().commit.commit([put('k')])).rejects.toThrow(path);

    path = join(folder, 'newer.db');
    const newer = openDatabase(path);
    newer.exec('PRAGMA user_version = 999');
    newer.close();
    await expect(open().open()).rejects.toMatchObject({ code: 'HELIO_STORE_TOO_NEW' });
  });

  it('refuses what was asked of a store that is closed', async () => {
    const store = open();
    await store.commit.commit([put('k')]);
    await store.close();
    await expect(store.commit.commit([put('k')])).rejects.toMatchObject({ code: 'HELIO_STORE_CLOSED' });
  });

  it('prunes expired buckets, entries, documents and the log of changes as it goes', () => {
    const database = openDatabase(path);
    migrate(database, migrations);
    const engine = createEngine(database, { maxBucketsPerFamily: 100_000, writer: 'test' });
    for (let nowMs = 0; nowMs < 600_000; nowMs += 100) {
      const expiresAtMs = nowMs + 500;
      const bucket = `rate:r:${nowMs}`;
      engine.run(
        [
          {
            kind: 'commit',
            ops: [
              { op: 'take', bucket, entry: 'e', amount: '1', atMs: nowMs, sinceMs: 0, expiresAtMs, note: null },
              { op: 'put', collection: 'c', key: String(nowMs), value: '1', expiresAtMs },
            ],
          },
        ],
        nowMs,
      );
    }
    const rows = (table: string) => database.prepare(`SELECT count(*) AS n FROM ${table}`).get<{ n: number }>()!.n;
    // Of 6,000: those of the last minute and a half at most, since buckets are pruned in steps of a minute.
    expect(rows('buckets')).toBeLessThan(900);
    expect(rows('entries')).toBe(rows('buckets'));
    expect(rows('documents')).toBeLessThan(100);
    expect(database.prepare('SELECT * FROM families').all()).toEqual([{ name: 'rate:r', buckets: rows('buckets') }]);
    expect(rows('changes')).toBeLessThan(900);
    database.close();
  });
});

describe('what this process knows', () => {
  it('answers a check far from the limit and a known document without asking', async () => {
    const store = open();
    expect(await store.ledger.check(take('x', { limit: '3' }) as never)).toBeUndefined();
    expect(await store.documents.get('c', 'k')).toBeUndefined(); // from here on this collection is kept in mind
    await store.commit.commit([take('a', { limit: '3' }), put('k')]);
    expect(store.ledger.check(take('b', { limit: '3' }) as never)).toBeUndefined(); // no promise
    expect(store.documents.get('c', 'k')).toMatchObject({ key: 'k', version: 1 });
    await store.commit.commit([take('b', { limit: '3' }), take('c', { limit: '3' })]);
    const near = store.ledger.check(take('d', { limit: '3' }) as never);
    expect(near).toBeInstanceOf(Promise);
    expect(await near).toMatchObject({ why: 'limit', total: '3' });
  });

  it('is no document of a collection that was only ever listed: many sessions cost no memory', async () => {
    const store = open();
    await store.commit.commit([put('k')]);
    expect(await store.documents.list('c')).toHaveLength(1);
    expect(store.documents.get('c', 'k')).toBeInstanceOf(Promise);
  });

  it('asks about a bucket with credits, whose total can grow by itself', async () => {
    const store = open();
    await store.commit.commit([take('a', { amount: '-5' })]);
    expect(store.ledger.check(take('b', { limit: '3' }) as never)).toBeInstanceOf(Promise);
  });
});
