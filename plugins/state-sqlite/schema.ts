/** The tables of state.db, one step per version. A step that was released is never changed again. */
import type { Migration } from '@gethelio/proxy/plugin';

export const migrations: readonly Migration[] = [
  `
  -- total: exact decimal text, the sum of all entries that are there; none is before floor_ms.
  CREATE TABLE buckets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    family TEXT NOT NULL,
    total TEXT NOT NULL,
    entries INTEGER NOT NULL,
    credits INTEGER NOT NULL,
    floor_ms INTEGER NOT NULL,
    oldest_ms INTEGER NOT NULL, -- never later than the oldest entry: says that none leaves without looking
    last_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER, -- null: never
    -- Some time after expires_at_ms, in coarse steps: an index on what every take changes would cost every take.
    prune_at_ms INTEGER
  );
  CREATE INDEX buckets_by_pruning ON buckets (prune_at_ms) WHERE prune_at_ms IS NOT NULL;

  CREATE TABLE families (name TEXT PRIMARY KEY, buckets INTEGER NOT NULL) WITHOUT ROWID;

  CREATE TABLE entries (
    bucket INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    id TEXT NOT NULL,
    amount TEXT NOT NULL,
    note TEXT, -- JSON
    PRIMARY KEY (bucket, at_ms, id)
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX entries_by_id ON entries (bucket, id);

  CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, -- JSON
    version INTEGER NOT NULL,
    expires_at_ms INTEGER,
    UNIQUE (collection, key)
  );
  CREATE INDEX documents_by_expiry ON documents (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

  -- What other processes must hear of: one row per transaction that touched documents, kept for a minute.
  CREATE TABLE changes (
    seq INTEGER PRIMARY KEY,
    writer TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    keys TEXT NOT NULL -- JSON: [collection, key, collection, key, ...]
  );
  `,
];
