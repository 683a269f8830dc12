/** Checks the whole trail: every row's hash, every link, every signature, and that the signed end is there. */
import type { Database } from '@gethelio/proxy/plugin';
import type { PublicKeys } from './keys.ts';
import { chainHash, genesis, hex, type StoredRow } from './row.ts';
import { isSigned, readHead, readPlace, readSidecar, segmentStatement, type Segment, type SignedHead } from './seal.ts';

export interface Fault {
  /** The first row that is not as it was written; undefined when a signature, not a row, is wrong. */
  readonly seq?: number;
  readonly id?: string;
  readonly what: 'edited' | 'missing' | 'cut' | 'segment' | 'signature' | 'unsigned';
  readonly message: string;
}
export interface Verification {
  readonly ok: boolean;
  /** Rows whose hash was computed again and fits. */
  readonly checked: number;
  readonly segments: { readonly closed: number; readonly pruned: number };
  /** Up to here the chain is signed. */
  readonly signedTo: number;
  readonly lastSeq: number;
  /** The last row's hash, hex: note it elsewhere to prove later that nothing before it was changed. */
  readonly head: string | undefined;
  readonly fault?: Fault;
}
export interface VerifyOptions {
  /** A head noted elsewhere: must be found in the chain. */
  readonly expected?: { readonly seq: number; readonly hash: string };
  progress?(checked: number, total: number): void;
}

/** Reads in one snapshot and changes nothing. Stops at the first fault. */
export function verifyTrail(database: Database, keys: PublicKeys, options: VerifyOptions = {}): Verification {
  const beside = readSidecar(database.path); // before the snapshot: a running Helio signs on
  database.exec('BEGIN');
  try {
    return verifySnapshot(database, keys, beside, options);
  } finally {
    database.exec('COMMIT');
  }
}

function verifySnapshot(
  database: Database,
  keys: PublicKeys,
  beside: SignedHead | undefined,
  options: VerifyOptions,
): Verification {
  const segments = database.prepare('SELECT * FROM segments ORDER BY number').all<Segment>();
  const counts = { closed: 0, pruned: 0 };
  const total = database.prepare('SELECT count(*) AS n FROM rows').get<{ n: number }>()!.n;
  let checked = 0;
  let at = { seq: 0, hash: genesis };
  const verdict = (fault?: Fault): Verification => ({
    ok: fault === undefined,
    checked,
    segments: counts,
    signedTo: signedTo([readHead(database), beside], keys, segments),
    lastSeq: at.seq,
    head: at.seq === 0 ? undefined : hex(at.hash),
    ...(fault ? { fault } : {}),
  });
  const between = database.prepare('SELECT * FROM rows WHERE seq > ? AND seq <= ? ORDER BY seq');

  /** Walks rows up to `to`; the row at `to` must be there unless `open`. */
  const walk = (to: number, open: boolean): Fault | undefined => {
    for (const row of between.iterate<StoredRow>(at.seq, to)) {
      const fault = rowFault(row, at);
      if (fault) return fault;
      at = { seq: row.seq, hash: row.hash };
      checked += 1;
      if (checked % 5_000 === 0) options.progress?.(checked, total);
      if (options.expected?.seq === row.seq && hex(row.hash) !== options.expected.hash)
        return {
          seq: row.seq,
          id: row.id,
          what: 'edited',
          message: `Row ${row.seq} does not have the hash that was noted for it.`,
        };
    }
    if (open || at.seq === to) return undefined;
    return { seq: at.seq + 1, what: 'missing', message: `Row ${at.seq + 1} is missing.` };
  };

  for (const [index, segment] of segments.entries()) {
    const fault = segmentFault(segment, index, at, keys);
    if (fault) return verdict(fault);
    counts[segment.state] += 1;
    if (segment.state === 'pruned') {
      at = { seq: segment.last_seq, hash: segment.last };
      continue;
    }
    const broken = walk(segment.last_seq, false);
    if (broken) return verdict(broken);
    if (!same(at.hash, segment.last)) {
      return verdict({
        seq: at.seq,
        what: 'edited',
        message: `Row ${at.seq} is not the row that segment ${segment.number} was signed with.`,
      });
    }
  }
  const broken = walk(Number.MAX_SAFE_INTEGER, true);
  if (broken) return verdict(broken);
  return verdict(endFault(database, keys, beside, at, options));
}

function rowFault(row: StoredRow, before: { seq: number; hash: Uint8Array }): Fault | undefined {
  const name = { seq: row.seq, id: row.id };
  if (row.seq !== before.seq + 1) {
    const count = row.seq - before.seq - 1;
    const missing = count === 1 ? `Row ${before.seq + 1} is` : `Rows ${before.seq + 1} to ${row.seq - 1} are`;
    return { seq: before.seq + 1, what: 'missing', message: `${missing} missing: somebody deleted what stood there.` };
  }
  if (same(chainHash(before.hash, row.seq, row), row.hash)) return undefined;
  return {
    ...name,
    what: 'edited',
    message: `Row ${row.seq} (${row.id}) is not as it was written: it was changed, put here from elsewhere, or follows another row than it did.`,
  };
}

function segmentFault(
  segment: Segment,
  index: number,
  before: { seq: number; hash: Uint8Array },
  keys: PublicKeys,
): Fault | undefined {
  const fault = (message: string, what: Fault['what'] = 'segment'): Fault => ({
    what,
    seq: segment.first_seq,
    message,
  });
  if (segment.number !== index + 1) return fault(`Segment ${index + 1} is missing.`);
  if (segment.statement !== segmentStatement(segment))
    return fault(`Segment ${segment.number} does not say what was signed.`);
  const signed = keys.verify(segment.key, segment.statement, segment.signature);
  if (signed === undefined)
    return fault(`Segment ${segment.number} is signed by the unknown key ${segment.key}.`, 'signature');
  if (!signed) return fault(`The signature of segment ${segment.number} is wrong.`, 'signature');
  if (segment.first_seq !== before.seq + 1 || !same(segment.previous, before.hash))
    return fault(`Segment ${segment.number} does not continue the one before it.`);
  return undefined;
}

/** The furthest signed end must be in the chain: what was signed and is gone was cut. */
function endFault(
  database: Database,
  keys: PublicKeys,
  beside: SignedHead | undefined,
  at: { seq: number; hash: Uint8Array },
  options: VerifyOptions,
): Fault | undefined {
  const inside = readHead(database);
  const heads: [string, SignedHead | undefined][] = [
    ['The signed end of the trail', inside],
    [`The signed end in ${database.path}.head`, beside],
  ];
  if (at.seq > 0 && !inside && !beside && keys.ids.length > 0)
    return { what: 'unsigned', message: 'The trail has rows but no signed end: it was taken out.' };
  for (const [name, head] of heads) {
    if (!head) continue;
    if (!isSigned(head, keys))
      return {
        what: 'signature',
        message: `${name} has a wrong signature or is signed by an unknown key (${head.key}).`,
      };
    const place = readPlace(head.statement);
    if (!place) return { what: 'signature', message: `${name} cannot be read.` };
    const fault = placeFault(database, place.seq, place.hash, at, name);
    if (fault) return fault;
  }
  const { expected } = options;
  return (
    expected && placeFault(database, expected.seq, Buffer.from(expected.hash, 'hex'), at, 'The end that was noted')
  );
}

function placeFault(
  database: Database,
  seq: number,
  hash: Uint8Array,
  at: { seq: number; hash: Uint8Array },
  name: string,
): Fault | undefined {
  if (seq > at.seq) {
    const cut = seq - at.seq === 1 ? `Row ${seq} is` : `Rows ${at.seq + 1} to ${seq} are`;
    return {
      seq: at.seq + 1,
      what: 'cut',
      message: `${cut} missing: ${name} is row ${seq}, the last row found is ${at.seq}.`,
    };
  }
  const row = database.prepare('SELECT id, hash FROM rows WHERE seq = ?').get<{ id: string; hash: Uint8Array }>(seq);
  if (!row || same(row.hash, hash)) return undefined; // absent: inside a pruned segment, whose stub was checked
  return { seq, id: row.id, what: 'edited', message: `${name} names another row ${seq} than the one found.` };
}

function signedTo(heads: readonly (SignedHead | undefined)[], keys: PublicKeys, segments: readonly Segment[]): number {
  const places = heads.map((head) => (head && isSigned(head, keys) ? (readPlace(head.statement)?.seq ?? 0) : 0));
  return Math.max(segments.at(-1)?.last_seq ?? 0, ...places);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
