/** One small synchronous SQLite interface over two drivers: better-sqlite3, else Node's own `node:sqlite`. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

export type SqlValue = null | number | bigint | string | Uint8Array;
/** Integers come back as numbers: store nothing beyond 2^53. Blobs come back as Uint8Array. */
export type SqlRow = { readonly [column: string]: SqlValue };

export interface Statement {
  run(...values: SqlValue[]): { readonly changes: number };
  get<Row = SqlRow>(...values: SqlValue[]): Row | undefined;
  all<Row = SqlRow>(...values: SqlValue[]): Row[];
  iterate<Row = SqlRow>(...values: SqlValue[]): IterableIterator<Row>;
}

export interface Database {
  readonly driver: 'better-sqlite3' | 'node:sqlite';
  readonly path: string;
  exec(sql: string): void;
  /** Prepare once, run often. Parameters are positional (`?`). */
  prepare(sql: string): Statement;
  /** Runs inside BEGIN IMMEDIATE ... COMMIT; a throw rolls back and is thrown on. Not to be nested. */
  transaction<T>(run: () => T): T;
  close(): void;
}

export interface OpenOptions {
  /** NORMAL survives kill -9 (default); FULL survives power loss too. */
  readonly synchronous?: 'NORMAL' | 'FULL';
  /** How long a statement waits for another process's lock. Default 5,000. */
  readonly busyTimeoutMs?: number;
  /** Opens an existing file for reading only. */
  readonly readOnly?: boolean;
  /** Forces a driver (tests); left out: the first that loads. */
  readonly driver?: Database['driver'];
}

/** Neither driver loads: says what to do, never a stack trace. `code` is `HELIO_STORE_NO_SQLITE`. */
export class NoSqliteError extends Error {
  readonly code = 'HELIO_STORE_NO_SQLITE';
}

/**
 * Opens (or makes, 0600 in a 0700 folder) a database in WAL mode. Several processes may have it open at once.
 * Throws `NoSqliteError`, or the driver's own error (`isBusy`, `isFull` tell them apart).
 */
export function openDatabase(path: string, options: OpenOptions = {}): Database {
  const busyTimeoutMs = options.busyTimeoutMs ?? 5_000;
  if (!options.readOnly && path !== ':memory:') createPrivately(path);
  const database = open(path, options);
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  if (!options.readOnly) {
    database.exec('PRAGMA journal_mode = WAL');
    database.exec(`PRAGMA synchronous = ${options.synchronous ?? 'NORMAL'}`);
    database.exec('PRAGMA journal_size_limit = 16777216'); // a WAL that grew once is cut back at the next checkpoint
  }
  database.exec('PRAGMA temp_store = MEMORY');
  return database;
}

/** One step of a schema: `migrations[n]` leads from version n to n + 1. */
export type Migration = string | ((database: Database) => void);

/**
 * Brings `user_version` forward, step by step, all in one transaction. A file that holds something gets a copy beside
 * it first (`<path>.v<old>.backup`). A file from a newer Helio is refused (`HELIO_STORE_TOO_NEW`).
 */
export function migrate(database: Database, migrations: readonly Migration[]): void {
  const found = userVersion(database);
  if (found === migrations.length) return;
  if (found > migrations.length) {
    throw Object.assign(
      new Error(
        `${database.path} was written by a newer Helio (schema ${found}, this one knows ${migrations.length}). ` +
          'Use that version, or move the file away to start with an empty one.',
      ),
      { code: 'HELIO_STORE_TOO_NEW' },
    );
  }
  if (found > 0 && database.path !== ':memory:') backUp(database, `${database.path}.v${found}.backup`);
  database.transaction(() => {
    // Another process may have migrated while this one waited for the lock.
    for (let version = userVersion(database); version < migrations.length; version += 1) {
      const step = migrations[version]!;
      if (typeof step === 'string') database.exec(step);
      else step(database);
      database.exec(`PRAGMA user_version = ${version + 1}`);
    }
  });
}

/** Writes a consistent copy, 0600, replacing an older one. */
export function backUp(database: Database, path: string): void {
  rmSync(path, { force: true });
  database.prepare('VACUUM INTO ?').run(path);
  chmodSync(path, 0o600);
}

/** Another process holds the lock: worth another try. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error).startsWith('SQLITE_BUSY') || sqliteCode(error).startsWith('SQLITE_LOCKED');
}

/** The disk (or the quota) is full. */
export function isFull(error: unknown): boolean {
  return sqliteCode(error).startsWith('SQLITE_FULL');
}

function userVersion(database: Database): number {
  return database.prepare('PRAGMA user_version').get<{ user_version: number }>()!.user_version;
}

function createPrivately(path: string): void {
  makeFolder(dirname(path));
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600)); // SQLite gives -wal and -shm the mode of the main file
}

/** Not `recursive: true`: where the system refuses a folder as missing (below /proc), Node tries again for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return; // another process was faster
    throw Object.assign(new Error(`the folder ${path} cannot be made (${code})`), { code });
  }
}

const require = createRequire(import.meta.url);

function open(path: string, options: OpenOptions): Database {
  const failures: string[] = [];
  const drivers = options.driver ? [options.driver] : (['better-sqlite3', 'node:sqlite'] as const);
  for (const driver of drivers) {
    const load = driver === 'node:sqlite' ? loadNodeSqlite : loadBetterSqlite;
    let make: Opener;
    try {
      make = load();
    } catch (error) {
      failures.push(`${driver}: ${String((error as Error).message).split('\n')[0]}`);
      continue;
    }
    return wrap(make(path, options), driver, path);
  }
  throw new NoSqliteError(
    `No SQLite driver loads (${failures.join('; ')}). Run "npm rebuild better-sqlite3" with its install script allowed, ` +
      'or use Node 22.16 or newer, which brings its own.',
  );
}

/** What both drivers have in common. */
interface Native {
  exec(sql: string): unknown;
  prepare(sql: string): unknown;
  close(): void;
}
type Opener = (path: string, options: OpenOptions) => Native;

let betterSqlite: Opener | undefined;
function loadBetterSqlite(): Opener {
  if (betterSqlite) return betterSqlite;
  const Native = require('better-sqlite3') as typeof import('better-sqlite3');
  new Native(':memory:').close(); // the native file is loaded by the first open, not by require
  betterSqlite = (path, { readOnly = false }) => new Native(path, { readonly: readOnly, fileMustExist: readOnly });
  return betterSqlite;
}

function loadNodeSqlite(): Opener {
  const builtin = process.getBuiltinModule('node:sqlite' as 'node:fs') as unknown as
    { DatabaseSync: new (path: string, options: { readOnly: boolean }) => Native } | undefined;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (!builtin || major < 22 || (major === 22 && minor < 16)) throw new Error(`not in Node ${process.versions.node}`);
  return (path, { readOnly = false }) => new builtin.DatabaseSync(path, { readOnly });
}

function wrap(native: Native, driver: Database['driver'], path: string): Database {
  const prepare = (sql: string) => native.prepare(sql) as Statement;
  let begin: Statement | undefined;
  let commit: Statement | undefined;
  let rollback: Statement | undefined;
  return {
    driver,
    path,
    exec: (sql) => void native.exec(sql),
    prepare,
    transaction(run) {
      // IMMEDIATE: a read that turns into a write would fail with SQLITE_BUSY_SNAPSHOT, which no timeout waits out.
      (begin ??= prepare('BEGIN IMMEDIATE')).run();
      try {
        const result = run();
        (commit ??= prepare('COMMIT')).run();
        return result;
      } catch (error) {
        try {
          (rollback ??= prepare('ROLLBACK')).run();
        } catch {
          // SQLite rolled back by itself (disk full): the first error is the one to tell
        }
        throw error;
      }
    },
    close: () => native.close(),
  };
}

/** https://sqlite.org/rescode.html */
const resultNames: Readonly<Record<number, string>> = {
  5: 'BUSY',
  6: 'LOCKED',
  8: 'READONLY',
  10: 'IOERR',
  11: 'CORRUPT',
  13: 'FULL',
  14: 'CANTOPEN',
  19: 'CONSTRAINT',
  26: 'NOTADB',
};

/**
 * `SQLITE_BUSY`, `SQLITE_FULL`, ..., whichever driver threw it; empty when it is no error of SQLite's. better-sqlite3 names
 * the code, node:sqlite numbers it (`errcode`, the low byte is the class).
 */
export function sqliteCode(error: unknown): string {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  if (typeof errcode === 'number') return `SQLITE_${resultNames[errcode & 255] ?? 'ERROR'}`;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : '';
}
