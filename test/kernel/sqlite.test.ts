import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isBusy, migrate, openDatabase, startWorker, type Database } from '@gethelio/proxy/plugin';

let folder: string;
const open: Database[] = [];
const database = (name = 'state/one.db', options = {}) => {
  const opened = openDatabase(join(folder, name), options);
  open.push(opened);
  return opened;
};
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'helio-sqlite-'))));
afterEach(() => {
  for (const opened of open.splice(0)) opened.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('openDatabase', () => {
  it('makes a private file in a private folder, in WAL mode', () => {
    const db = database();
    db.exec('CREATE TABLE t (x)');
    expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700);
    for (const name of ['one.db', 'one.db-wal']) expect(statSync(join(folder, 'state', name)).mode & 0o777).toBe(0o600);
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  });

  it('rolls a transaction back when it throws, and can begin the next', () => {
    const db = database();
    db.exec('CREATE TABLE t (x)');
    expect(() =>
      db.transaction(() => {
        db.prepare('INSERT INTO t VALUES (?)').run(1);
        throw new Error('no');
      }),
    ).toThrow('no');
    db.transaction(() => db.prepare('INSERT INTO t VALUES (?)').run('two'));
    expect(db.prepare('SELECT x FROM t').all()).toEqual([{ x: 'two' }]);
  });

  it('tells a locked file from other failures', () => {
    const [one, two] = [database(), database('state/one.db', { busyTimeoutMs: 1 })];
    let caught: unknown;
    one.transaction(() => {
      try {
        two.transaction(() => undefined);
      } catch (error) {
        caught = error;
      }
    });
    expect(isBusy(caught)).toBe(true);
    expect(isBusy(new Error('SQLITE_BUSY'))).toBe(false);
  });

  it.skipIf(Number(process.versions.node.split('.')[0]) >= 22)('says what to do when no driver loads', () => {
    expect(() => database('x.db', { driver: 'node:sqlite' })).toThrow(/npm rebuild better-sqlite3.*Node 22\.16/s);
  });
});

describe('migrate', () => {
  it('goes forward once, keeps a backup of what held something, and refuses a newer file', () => {
    const db = database();
    migrate(db, ['CREATE TABLE a (x)']);
    expect(existsSync(join(folder, 'state/one.db.v0.backup'))).toBe(false);
    db.exec("INSERT INTO a VALUES ('old')");
    migrate(db, ['CREATE TABLE a (x)', 'CREATE TABLE b AS SELECT x FROM a', (same) => same.exec('DROP TABLE a')]);
    expect(db.prepare('SELECT * FROM b').all()).toEqual([{ x: 'old' }]);
    expect(database('state/one.db.v1.backup').prepare('SELECT * FROM a').all()).toEqual([{ x: 'old' }]);
    expect(() => migrate(db, ['CREATE TABLE a (x)'])).toThrow(/newer Helio/);
  });

  it('changes nothing when a step fails', () => {
    const db = database();
    expect(() => migrate(db, ['CREATE TABLE a (x)', 'CREATE TABLE a (x)'])).toThrow(/already exists/);
    migrate(db, ['CREATE TABLE a (x)']);
  });
});

describe('startWorker', () => {
  it('runs the source of a worker, gives it a database and none of our environment', async () => {
    const worker = startWorker('./sqlite-worker', import.meta.url, { workerData: { path: join(folder, 'w.db') } });
    const [message] = await once(worker, 'message');
    expect(message).toEqual({ answer: 42, secrets: [] });
    await worker.terminate();
  });
});
