/** Documents in SQLite: JSON texts with versions and expiry. */
import type { Database, StoreOp } from '@gethelio/proxy/plugin';
import { lastCharacter, type Refused } from './buckets.ts';
import type { WireDocument, WireOp } from './protocol.ts';

interface Row {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly expires_at_ms: number | null;
}

export function prepareDocuments(database: Database) {
  const find = database.prepare(
    'SELECT key, value, version, expires_at_ms FROM documents WHERE collection = ? AND key = ?',
  );
  const findVersion = database.prepare('SELECT version, expires_at_ms FROM documents WHERE collection = ? AND key = ?');
  const write = database.prepare(
    'INSERT INTO documents (collection, key, value, version, expires_at_ms) VALUES (?, ?, ?, ?, ?) ' +
      'ON CONFLICT (collection, key) DO UPDATE SET ' +
      'value = excluded.value, version = excluded.version, expires_at_ms = excluded.expires_at_ms',
  );
  const erase = database.prepare('DELETE FROM documents WHERE collection = ? AND key = ?');
  const list = database.prepare(
    'SELECT key, value, version, expires_at_ms FROM documents WHERE collection = ? AND key >= ? AND key < ? AND key > ? ' +
      'AND (expires_at_ms IS NULL OR expires_at_ms > ?) ORDER BY key LIMIT ?',
  );
  const count = database.prepare(
    'SELECT count(*) AS count FROM documents WHERE collection = ? AND key >= ? AND key < ? ' +
      'AND (expires_at_ms IS NULL OR expires_at_ms > ?)',
  );
  const eraseExpired = database.prepare(
    'DELETE FROM documents WHERE id IN (SELECT id FROM documents WHERE expires_at_ms <= ? LIMIT ?)',
  );

  const isAlive = (row: Pick<Row, 'expires_at_ms'>, nowMs: number) =>
    row.expires_at_ms === null || row.expires_at_ms > nowMs;
  const versionOf = (collection: string, key: string, nowMs: number): number => {
    const row = findVersion.get<Row>(collection, key);
    return row && isAlive(row, nowMs) ? row.version : 0;
  };
  const toDocument = ({ key, value, version, expires_at_ms }: Row): WireDocument => ({
    key,
    value,
    version,
    expiresAtMs: expires_at_ms ?? undefined,
  });

  return {
    get(collection: string, key: string, nowMs: number): WireDocument | undefined {
      const row = find.get<Row>(collection, key);
      return row && isAlive(row, nowMs) ? toDocument(row) : undefined;
    },
    /** The new version, or the refusal. */
    put(op: Extract<WireOp, { op: 'put' }>, nowMs: number): Refused | number {
      const version = versionOf(op.collection, op.key, nowMs);
      if (op.ifVersion !== undefined && op.ifVersion !== version) return { why: 'version' };
      write.run(op.collection, op.key, op.value, version + 1, op.expiresAtMs ?? null);
      return version + 1;
    },
    remove(op: Extract<StoreOp, { op: 'remove' }>, nowMs: number): Refused | null {
      if (op.mustExist || op.ifVersion !== undefined) {
        const version = versionOf(op.collection, op.key, nowMs);
        if (op.mustExist && version === 0) return { why: 'absent' };
        if (op.ifVersion !== undefined && op.ifVersion !== version) return { why: 'version' };
      }
      erase.run(op.collection, op.key);
      return null;
    },
    list(collection: string, prefix: string, after: string | undefined, limit: number, nowMs: number) {
      const end = prefix + lastCharacter;
      return list.all<Row>(collection, prefix, end, after ?? '', nowMs, limit).map(toDocument);
    },
    count: (collection: string, prefix: string, nowMs: number): number =>
      count.get<{ count: number }>(collection, prefix, prefix + lastCharacter, nowMs)!.count,
    /** Deletes documents past their end, at most `limit`. */
    prune: (nowMs: number, limit: number): number => eraseExpired.run(nowMs, limit).changes,
  };
}
