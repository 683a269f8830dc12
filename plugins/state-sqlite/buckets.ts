/** Buckets in SQLite: four short statements per take, totals kept incrementally, entries deleted as they leave. */
import type { Balance, BucketView } from '@gethelio/proxy/contracts/state';
import {
  addDecimal,
  bucketFamily,
  compareDecimal,
  subtractDecimal,
  sumDecimals,
  type Database,
  type Refusal,
  type StoreOp,
  type TakeOp,
} from '@gethelio/proxy/plugin';
import type { BucketState, WireEntry, WireOp } from './protocol.ts';

interface Row {
  readonly id: number;
  readonly name: string;
  readonly total: string;
  readonly entries: number;
  readonly credits: number;
  readonly floor_ms: number;
  readonly oldest_ms: number;
  readonly last_at_ms: number;
  readonly expires_at_ms: number | null;
  readonly prune_at_ms: number | null;
}
interface Leaving {
  readonly total: string;
  readonly entries: number;
  readonly credits: number;
}
type WireTake = Extract<WireOp, { op: 'take' }>;
type Limited = Pick<TakeOp, 'bucket' | 'entry' | 'amount' | 'limit' | 'atMs' | 'sinceMs'>;
export type Refused = Omit<Refusal, 'index' | 'op'> & { readonly state?: BucketState };

/** Grain of the times at which buckets are pruned. */
const pruneGrainMs = 60_000;
/** Entries looked at to say when there will be room. */
const roomScan = 10_000;
/** Buckets that may be forgotten at once when a family is full and a new one wants in. */
const pruneWhenFull = 1_000;

export function prepareBuckets(database: Database, maxPerFamily: number) {
  const find = database.prepare('SELECT * FROM buckets WHERE name = ?');
  const insertBucket = database.prepare(
    'INSERT INTO buckets (name, family, total, entries, credits, floor_ms, oldest_ms, last_at_ms, expires_at_ms, prune_at_ms) ' +
      'VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?) RETURNING id',
  );
  const update = database.prepare(
    'UPDATE buckets SET total = ?, entries = ?, credits = ?, floor_ms = ?, oldest_ms = ?, last_at_ms = ?, expires_at_ms = ? WHERE id = ?',
  );
  const setPruning = database.prepare('UPDATE buckets SET prune_at_ms = ? WHERE id = ?');
  const deleteBucket = database.prepare('DELETE FROM buckets WHERE id = ?');
  const deleteEntries = database.prepare('DELETE FROM entries WHERE bucket = ?');
  const growFamily = database.prepare(
    'INSERT INTO families (name, buckets) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET buckets = buckets + 1',
  );
  const shrinkFamily = database.prepare('UPDATE families SET buckets = buckets - 1 WHERE name = ?');
  const deleteFamily = database.prepare('DELETE FROM families WHERE name = ? AND buckets <= 0');
  const familySize = database.prepare('SELECT buckets FROM families WHERE name = ?');
  const leaving = database.prepare('SELECT amount FROM entries WHERE bucket = ? AND at_ms < ?');
  const deleteLeaving = database.prepare('DELETE FROM entries WHERE bucket = ? AND at_ms < ?');
  const oldest = database.prepare('SELECT min(at_ms) AS at_ms FROM entries WHERE bucket = ? AND at_ms >= ?');
  const entryById = database.prepare('SELECT at_ms, amount FROM entries WHERE bucket = ? AND id = ?');
  const insertEntry = database.prepare(
    'INSERT INTO entries (bucket, at_ms, id, amount, note) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const setAmount = database.prepare('UPDATE entries SET amount = ? WHERE bucket = ? AND at_ms = ? AND id = ?');
  const deleteEntry = database.prepare('DELETE FROM entries WHERE bucket = ? AND at_ms = ? AND id = ?');
  const upwards = database.prepare(
    'SELECT at_ms, amount FROM entries WHERE bucket = ? AND at_ms >= ? ORDER BY at_ms LIMIT ?',
  );
  const nthEntry = database.prepare(
    'SELECT at_ms FROM entries WHERE bucket = ? AND at_ms >= ? ORDER BY at_ms LIMIT 1 OFFSET ?',
  );
  const newest = database.prepare(
    'SELECT id AS entry, amount, at_ms AS atMs, note FROM entries WHERE bucket = ? AND at_ms >= ? ORDER BY at_ms DESC, id DESC LIMIT ?',
  );
  const listed = database.prepare(
    'SELECT * FROM buckets WHERE name >= ? AND name < ? AND (expires_at_ms IS NULL OR expires_at_ms > ?) ' +
      'ORDER BY CAST(total AS REAL) DESC, name LIMIT ?',
  );
  const prunable = database.prepare('SELECT * FROM buckets WHERE prune_at_ms <= ? LIMIT ?');
  // Looks at so many candidates and no further: a flood of new keys asks this every time.
  const expired = database.prepare(
    'SELECT * FROM (SELECT * FROM buckets WHERE prune_at_ms <= ? ORDER BY prune_at_ms LIMIT ?) WHERE expires_at_ms <= ?',
  );

  const isAlive = (row: Row | undefined, nowMs: number): row is Row =>
    row !== undefined && (row.expires_at_ms === null || row.expires_at_ms > nowMs);

  function drop(row: Row): void {
    deleteEntries.run(row.id);
    deleteBucket.run(row.id);
    const family = bucketFamily(row.name);
    shrinkFamily.run(family);
    deleteFamily.run(family);
  }

  function leave(row: Row, sinceMs: number): Leaving {
    if (row.oldest_ms >= sinceMs) return { total: row.total, entries: 0, credits: 0 };
    const amounts = leaving.all<{ amount: string }>(row.id, sinceMs).map(({ amount }) => amount);
    if (amounts.length === 0) return { total: row.total, entries: 0, credits: 0 };
    const total = subtractDecimal(row.total, sumDecimals(amounts));
    return { total, entries: amounts.length, credits: amounts.filter(isCredit).length };
  }

  /** What a take finds: the row as it is, what leaves, and the refusal. Changes nothing. */
  function judge(op: Limited) {
    const found = find.get<Row>(op.bucket);
    const row = isAlive(found, op.atMs) ? found : undefined;
    const sinceMs = row ? Math.max(op.sinceMs, row.floor_ms) : op.sinceMs;
    const left: Leaving = row ? leave(row, sinceMs) : { total: '0', entries: 0, credits: 0 };
    const isOver = op.limit !== undefined && compareDecimal(addDecimal(left.total, op.amount), op.limit) > 0;
    // The insert below finds a known entry by itself; only where something else would happen first it is looked up.
    const known =
      row && (isOver || left.entries > 0)
        ? (entryById.get<{ at_ms: number }>(row.id, op.entry)?.at_ms ?? -Infinity) >= sinceMs
        : false;
    return { found, row, sinceMs, left, known, isOver };
  }

  function refusedBy(judged: ReturnType<typeof judge>, op: Limited): Refused | undefined {
    if (judged.known) return undefined;
    if (judged.isOver) {
      const roomAtMs = judged.row && roomAt(judged.row, judged.sinceMs, judged.left.total, op);
      const state = { total: judged.left.total, hasCredits: (judged.row?.credits ?? 0) > 0 };
      return { why: 'limit', total: judged.left.total, ...(roomAtMs !== undefined && { roomAtMs }), state };
    }
    return undefined;
  }

  function roomAt(row: Row, sinceMs: number, total: string, op: Limited): number | undefined {
    let rest = addDecimal(total, op.amount);
    for (const entry of upwards.iterate<{ at_ms: number; amount: string }>(row.id, sinceMs, roomScan)) {
      rest = subtractDecimal(rest, entry.amount);
      if (compareDecimal(rest, op.limit!) <= 0) return entry.at_ms + (op.atMs - op.sinceMs) + 1;
    }
    return undefined;
  }

  function sizeOf(bucket: string): number {
    return familySize.get<{ buckets: number }>(bucketFamily(bucket))?.buckets ?? 0;
  }

  function take(op: WireTake): Refused | BucketState {
    const judged = judge(op);
    const refused = refusedBy(judged, op);
    if (refused) return refused;
    const { row, found, sinceMs, left } = judged;
    if (judged.known) return stateOf(row!);
    if (!row) return takeNew(op, found);

    if (left.entries > 0) deleteLeaving.run(row.id, sinceMs);
    const counts = op.atMs >= sinceMs;
    const added = counts && insertEntry.run(row.id, op.atMs, op.entry, op.amount, op.note).changes > 0;
    if (counts && !added) return stateOf(row); // known, and nothing had left
    const entries = row.entries - left.entries + (added ? 1 : 0);
    if (entries === 0) {
      drop(row);
      return { total: '0', hasCredits: false };
    }
    const total = added ? addDecimal(left.total, op.amount) : left.total;
    const credits = row.credits - left.credits + (added && isCredit(op.amount) ? 1 : 0);
    // After some left, the oldest is looked up once; the new one may be older still.
    const first = left.entries > 0 ? oldest.get<{ at_ms: number }>(row.id, sinceMs)!.at_ms : row.oldest_ms;
    const expiresAtMs = added ? latest(row.expires_at_ms, op.expiresAtMs) : row.expires_at_ms;
    const lastAtMs = added ? Math.max(row.last_at_ms, op.atMs) : row.last_at_ms;
    const oldestMs = added ? Math.min(first, op.atMs) : first;
    update.run(total, entries, credits, sinceMs, oldestMs, lastAtMs, expiresAtMs, row.id);
    const pruneAtMs = pruneAt(expiresAtMs);
    if (pruneAtMs !== row.prune_at_ms) setPruning.run(pruneAtMs, row.id);
    return { total, hasCredits: credits > 0 };
  }

  function takeNew(op: WireTake, stale: Row | undefined): Refused | BucketState {
    if (stale) drop(stale);
    else if (sizeOf(op.bucket) >= maxPerFamily) {
      for (const past of expired.all<Row>(op.atMs + pruneGrainMs, pruneWhenFull, op.atMs)) drop(past);
      if (sizeOf(op.bucket) >= maxPerFamily) return { why: 'capacity' };
    }
    if (op.atMs < op.sinceMs) return { total: '0', hasCredits: false };
    const family = bucketFamily(op.bucket);
    const credits = isCredit(op.amount) ? 1 : 0;
    const total = addDecimal('0', op.amount);
    const { id } = insertBucket.get<{ id: number }>(
      op.bucket,
      family,
      total,
      credits,
      op.sinceMs,
      op.atMs,
      op.atMs,
      op.expiresAtMs ?? null,
      pruneAt(op.expiresAtMs ?? null),
    )!;
    growFamily.run(family);
    insertEntry.run(id, op.atMs, op.entry, op.amount, op.note);
    return { total, hasCredits: credits > 0 };
  }

  function change(op: Extract<StoreOp, { op: 'correct' | 'giveBack' }>, nowMs: number): BucketState | null {
    const row = find.get<Row>(op.bucket);
    if (!isAlive(row, nowMs)) return null;
    const entry = entryById.get<{ at_ms: number; amount: string }>(row.id, op.entry);
    if (!entry) return null;
    const without = subtractDecimal(row.total, entry.amount);
    const gone = op.op === 'giveBack';
    if (gone && row.entries === 1) {
      drop(row);
      return { total: '0', hasCredits: false };
    }
    if (gone) deleteEntry.run(row.id, entry.at_ms, op.entry);
    else setAmount.run(op.amount, row.id, entry.at_ms, op.entry);
    const total = gone ? without : addDecimal(without, op.amount);
    const credits = row.credits - (isCredit(entry.amount) ? 1 : 0) + (!gone && isCredit(op.amount) ? 1 : 0);
    const entries = row.entries - (gone ? 1 : 0);
    update.run(total, entries, credits, row.floor_ms, row.oldest_ms, row.last_at_ms, row.expires_at_ms, row.id);
    return { total, hasCredits: credits > 0 };
  }

  /** Forgets buckets past their end, at most `limit`. */
  function prune(nowMs: number, limit: number): number {
    const rows = prunable.all<Row>(nowMs, limit);
    for (const row of rows) drop(row);
    return rows.length;
  }

  function balance(bucket: string, sinceMs: number, nowMs: number): Balance {
    const row = find.get<Row>(bucket);
    if (!isAlive(row, nowMs)) return { total: '0', entries: 0, oldestAtMs: undefined };
    const left = leave(row, sinceMs);
    const oldestAtMs = oldest.get<{ at_ms: number | null }>(row.id, sinceMs)?.at_ms ?? undefined;
    return { total: left.total, entries: row.entries - left.entries, oldestAtMs };
  }

  return {
    take,
    change,
    prune,
    balance,
    check(take: TakeOp): { refusal?: Refused; state?: BucketState } {
      const judged = judge(take);
      const refusal = refusedBy(judged, take);
      if (refusal) return { refusal };
      if (judged.row) return { state: stateOf(judged.row) };
      const isFull =
        !judged.found &&
        sizeOf(take.bucket) >= maxPerFamily &&
        expired.get(take.atMs + pruneGrainMs, pruneWhenFull, take.atMs) === undefined;
      return isFull ? { refusal: { why: 'capacity' } } : {};
    },
    nth(bucket: string, sinceMs: number, place: number, nowMs: number): number | undefined {
      const row = find.get<Row>(bucket);
      return isAlive(row, nowMs) ? nthEntry.get<{ at_ms: number }>(row.id, sinceMs, place)?.at_ms : undefined;
    },
    entries(bucket: string, sinceMs: number, limit: number, nowMs: number): readonly WireEntry[] {
      const row = find.get<Row>(bucket);
      return isAlive(row, nowMs) ? newest.all<WireEntry>(row.id, sinceMs, limit) : [];
    },
    list(prefix: string, limit: number, sinceMs: number | undefined, nowMs: number): readonly BucketView[] {
      const rows = listed.all<Row>(prefix, prefix + lastCharacter, nowMs, limit);
      return rows
        .map((row) => {
          const left = sinceMs === undefined ? { total: row.total, entries: 0 } : leave(row, sinceMs);
          return { bucket: row.name, total: left.total, entries: row.entries - left.entries, lastAtMs: row.last_at_ms };
        })
        .filter(({ entries }) => entries > 0)
        .sort((a, b) => compareDecimal(b.total, a.total) || (a.bucket < b.bucket ? -1 : 1));
    },
  };
}
export type SqliteBuckets = ReturnType<typeof prepareBuckets>;

/** The largest character in UTF-8: everything that starts with a prefix is before prefix + this. */
export const lastCharacter = '\u{10FFFF}';

/** Later by up to a minute: coarse, so that it seldom changes. */
function pruneAt(expiresAtMs: number | null): number | null {
  return expiresAtMs === null ? null : Math.ceil(expiresAtMs / pruneGrainMs) * pruneGrainMs;
}

function stateOf(row: Row): BucketState {
  return { total: row.total, hasCredits: row.credits > 0 };
}

function isCredit(amount: string): boolean {
  return amount.startsWith('-');
}

function latest(known: number | null, added: number | undefined): number | null {
  return known === null || added === undefined ? null : Math.max(known, added);
}
