/** Signs the chain: its end, often, and whole segments of it, for good. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Database } from '@gethelio/proxy/plugin';
import { beginning, type ChainPlace } from './append.ts';
import type { PublicKeys, SigningKey } from './keys.ts';
import { hex } from './row.ts';

/** A segment is closed when it has this many rows, or when its first row is this old. */
export const segmentRows = 10_000;
export const segmentAgeMs = 24 * 3_600_000;

export interface Segment {
  readonly number: number;
  readonly state: 'closed' | 'pruned';
  readonly first_seq: number;
  readonly last_seq: number;
  readonly first_at: number;
  readonly last_at: number;
  readonly previous: Uint8Array;
  readonly last: Uint8Array;
  readonly statement: string;
  readonly signature: Uint8Array;
  readonly key: string;
}

/** The text that a segment's signature covers. */
export function segmentStatement(segment: Omit<Segment, 'statement' | 'signature' | 'key'>): string {
  const { number, state, first_seq, last_seq, first_at, last_at } = segment;
  return JSON.stringify({
    helio: 'audit segment',
    number,
    state,
    first_seq,
    last_seq,
    first_at,
    last_at,
    previous: hex(segment.previous),
    last: hex(segment.last),
  });
}

/** The text that the signature of the chain's end covers. */
export function headStatement(head: ChainPlace, atMs: number): string {
  return JSON.stringify({ helio: 'audit head', seq: head.seq, hash: hex(head.hash), at: atMs });
}
export interface SignedHead {
  readonly statement: string;
  /** Base64. */
  readonly signature: string;
  readonly key: string;
}

/**
 * Signs the end as it is committed now (an empty trail too, so that a missing signature is never innocent), in the database and in `<path>.head` beside it: whoever cuts the tail of one has
 * to roll back the other as well.
 */
export function signHead(database: Database, key: SigningKey, atMs: number): void {
  const signed = database.transaction(() => {
    const head =
      database.prepare('SELECT seq, hash FROM rows ORDER BY seq DESC LIMIT 1').get<ChainPlace>() ?? beginning;
    const known = readPlace(readHead(database)?.statement);
    if (known && known.seq >= head.seq) return undefined;
    const statement = headStatement(head, atMs);
    const signature = key.sign(statement);
    database
      .prepare('INSERT OR REPLACE INTO head (one, statement, signature, key) VALUES (1, ?, ?, ?)')
      .run(statement, signature, key.id);
    return { seq: head.seq, statement, signature: signature.toString('base64'), key: key.id };
  });
  if (!signed) return;
  const { seq, ...head } = signed;
  writeSidecar(database.path, head, seq);
}

export function readHead(database: Database): SignedHead | undefined {
  const row = database
    .prepare('SELECT statement, signature, key FROM head')
    .get<{ statement: string; signature: Uint8Array; key: string }>();
  return row && { ...row, signature: Buffer.from(row.signature).toString('base64') };
}

/** `<path>.head`; undefined when there is none or it cannot be read as one. */
export function readSidecar(databasePath: string): SignedHead | undefined {
  try {
    const parsed = JSON.parse(readFileSync(`${databasePath}.head`, 'utf8')) as Partial<SignedHead>;
    const { statement, signature, key } = parsed;
    if (typeof statement !== 'string' || typeof signature !== 'string' || typeof key !== 'string') return undefined;
    return { statement, signature, key };
  } catch {
    return undefined;
  }
}

/** The place that a head's statement names; undefined when it is none. */
export function readPlace(statement: string | undefined): ChainPlace | undefined {
  if (statement === undefined) return undefined;
  try {
    const { seq, hash } = JSON.parse(statement) as { seq?: unknown; hash?: unknown };
    if (typeof seq !== 'number' || typeof hash !== 'string') return undefined;
    return { seq, hash: Buffer.from(hash, 'hex') };
  } catch {
    return undefined;
  }
}

/** Where the chain must go on: the furthest place that is signed by a known key, else the last stub. */
export function signedFloor(database: Database, keys: PublicKeys): ChainPlace {
  const heads = [readHead(database), readSidecar(database.path)]
    .filter((head) => head !== undefined && isSigned(head, keys))
    .map((head) => readPlace(head!.statement) ?? beginning);
  const last = lastSegment(database);
  if (last) heads.push({ seq: last.last_seq, hash: last.last });
  return heads.reduce((far, place) => (place.seq > far.seq ? place : far), beginning);
}

export function isSigned(head: SignedHead, keys: PublicKeys): boolean {
  return keys.verify(head.key, head.statement, Buffer.from(head.signature, 'base64')) === true;
}

export function lastSegment(database: Database): Segment | undefined {
  return database.prepare('SELECT * FROM segments ORDER BY number DESC LIMIT 1').get<Segment>();
}

/** Closes the next segment when it is full or older than `ageMs` (0: whatever it holds). False: nothing to close. */
export function closeSegment(database: Database, key: SigningKey, nowMs: number, ageMs = segmentAgeMs): boolean {
  return database.transaction(() => {
    const before = lastSegment(database);
    const from = (before?.last_seq ?? 0) + 1;
    const first = database
      .prepare('SELECT seq, at, hash FROM rows WHERE seq >= ? ORDER BY seq LIMIT 1')
      .get<{ seq: number; at: number; hash: Uint8Array }>(from);
    if (!first) return false;
    const end = database
      .prepare('SELECT seq, at, hash FROM rows WHERE seq BETWEEN ? AND ? ORDER BY seq DESC LIMIT 1')
      .get<{ seq: number; at: number; hash: Uint8Array }>(from, from + segmentRows - 1)!;
    const isFull = end.seq === from + segmentRows - 1;
    if (!isFull && nowMs - first.at < ageMs) return false;
    const span = database
      .prepare('SELECT min(at) AS first_at, max(at) AS last_at FROM rows WHERE seq BETWEEN ? AND ?')
      .get<{ first_at: number; last_at: number }>(from, end.seq)!;
    const segment = {
      number: (before?.number ?? 0) + 1,
      state: 'closed' as const,
      first_seq: from,
      last_seq: end.seq,
      ...span,
      previous: before?.last ?? beginning.hash,
      last: end.hash,
    };
    writeSegment(database, segment, key);
    return true;
  });
}

/** Inside a transaction. */
export function writeSegment(
  database: Database,
  segment: Omit<Segment, 'statement' | 'signature' | 'key'>,
  key: SigningKey,
): void {
  const statement = segmentStatement(segment);
  database
    .prepare(
      `INSERT OR REPLACE INTO segments (number, state, first_seq, last_seq, first_at, last_at, previous, last, statement, signature, key)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      segment.number,
      segment.state,
      segment.first_seq,
      segment.last_seq,
      segment.first_at,
      segment.last_at,
      segment.previous,
      segment.last,
      statement,
      key.sign(statement),
      key.id,
    );
}

function writeSidecar(databasePath: string, head: SignedHead, seq: number): void {
  const known = readPlace(readSidecar(databasePath)?.statement);
  if (known && known.seq > seq) return; // another process was further: it signs again soon
  const temporary = `${databasePath}.head.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(head)}\n`, { mode: 0o600 });
  renameSync(temporary, `${databasePath}.head`);
}
