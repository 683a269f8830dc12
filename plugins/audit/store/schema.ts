/** The tables of audit.db, as forward steps. */
import { migrate, openDatabase, type Database, type Migration, type OpenOptions } from '@gethelio/proxy/plugin';
import { columns } from './row.ts';

const integers = new Set(['at', 'is_error', 'helio_us', 'waited_us', 'upstream_us', 'total_us']);
const required = new Set(['id', 'at', 'kind', 'effect', 'outcome', 'version', 'process', 'detail', 'answer_form']);

const rowColumns = columns.map((column) => {
  const type = column === 'answer' ? 'BLOB' : integers.has(column) ? 'INTEGER' : 'TEXT';
  return `${column} ${type}${required.has(column) ? ' NOT NULL' : ''}`;
});

/**
 * `rows` is the trail. `segments` are runs of rows under one signature: `open` (the last one), `closed`, `pruned` (rows
 * gone, the signed stub stays). `head` is the signed end of the chain. `tallies` count rows by hour and value, for
 * facets; `words` is the text index, filled behind the writer; both can be made again from the rows.
 */
const first = `
  CREATE TABLE rows (seq INTEGER PRIMARY KEY, ${rowColumns.join(', ')}, hash BLOB NOT NULL) STRICT;
  CREATE UNIQUE INDEX rows_id ON rows (id);
  CREATE INDEX rows_at ON rows (at);
  CREATE INDEX rows_tool ON rows (tool, at) WHERE tool IS NOT NULL;
  CREATE INDEX rows_outcome ON rows (outcome, at);
  CREATE INDEX rows_session ON rows (session, at) WHERE session IS NOT NULL;
  CREATE INDEX rows_agent ON rows (agent, at) WHERE agent IS NOT NULL;
  CREATE INDEX rows_rule ON rows (rule, at) WHERE rule IS NOT NULL;
  CREATE INDEX rows_slow ON rows (at) WHERE total_us >= 1000000;
  CREATE TABLE segments (
    number INTEGER PRIMARY KEY, state TEXT NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, previous BLOB NOT NULL, last BLOB NOT NULL,
    statement TEXT NOT NULL, signature BLOB NOT NULL, key TEXT NOT NULL
  ) STRICT;
  CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1), statement TEXT NOT NULL, signature BLOB NOT NULL, key TEXT NOT NULL
  ) STRICT;
  CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE sinks (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, holder TEXT, until INTEGER NOT NULL) STRICT;
  CREATE TABLE processes (id TEXT PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL, beat INTEGER NOT NULL) STRICT;
  CREATE TABLE tallies (
    hour INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (hour, field, value)
  ) STRICT, WITHOUT ROWID;
  CREATE VIRTUAL TABLE words USING fts5 (
    tool, rule, reason, arguments, answer, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
  );
`;
const migrations: readonly Migration[] = [first];

/** Opens audit.db for writing and brings it to this version's schema, with a copy beside it when it held an older one. */
export function openTrail(path: string, options: OpenOptions = {}): Database {
  const database = openDatabase(path, options);
  try {
    shrinkable(database);
    migrate(database, migrations);
    // Indexes are written at many places: a larger cache and rarer checkpoints write each page once for many rows.
    database.exec('PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Retention gives pages back to the disk in small steps; that must be chosen while the file is empty. */
function shrinkable(database: Database): void {
  const empty = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get<{ n: number }>()!.n === 0;
  if (!empty) return;
  try {
    database.exec('PRAGMA auto_vacuum = INCREMENTAL; VACUUM');
  } catch {
    // another process made the tables in between: it has chosen
  }
}
