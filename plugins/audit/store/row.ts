/** A row as it lies in the database, and the canonical form that the hash chain covers. */
import { hash } from 'node:crypto';

/** One stored row without its place and its hash, which the writing transaction gives it. */
export interface NewRow {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: string;
  readonly method: string | null;
  readonly tool: string | null;
  readonly upstream: string | null;
  readonly session: string | null;
  readonly session_source: string | null;
  readonly agent: string | null;
  readonly agent_source: string | null;
  readonly client: string | null;
  readonly door: string | null;
  readonly peer: string | null;
  readonly effect: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly rule: string | null;
  readonly plugin: string | null;
  readonly is_error: 0 | 1;
  readonly helio_us: number;
  readonly waited_us: number;
  readonly upstream_us: number;
  readonly total_us: number;
  readonly config_hash: string | null;
  readonly version: string;
  readonly process: string;
  /** JSON text; the client's own number texts are kept. */
  readonly arguments: string | null;
  /** JSON text, when a plugin rewrote them. */
  readonly sent_arguments: string | null;
  /** JSON text: verdicts, reason, trace, evidence, approval, limits, flags, data, fields. */
  readonly detail: string;
  readonly error: string | null;
  readonly answer_form: 'whole' | 'summary' | 'shortened' | 'none';
  /** `json`: the bytes are JSON; `deflate`: raw deflate of it. */
  readonly answer_encoding: 'json' | 'deflate' | null;
  readonly answer: Uint8Array | null;
}
export interface StoredRow extends NewRow {
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** In the order of the table and of the canonical form. */
export const columns = [
  'id',
  'at',
  'kind',
  'method',
  'tool',
  'upstream',
  'session',
  'session_source',
  'agent',
  'agent_source',
  'client',
  'door',
  'peer',
  'effect',
  'outcome',
  'code',
  'rule',
  'plugin',
  'is_error',
  'helio_us',
  'waited_us',
  'upstream_us',
  'total_us',
  'config_hash',
  'version',
  'process',
  'arguments',
  'sent_arguments',
  'detail',
  'error',
  'answer_form',
  'answer_encoding',
  'answer',
] as const satisfies readonly (keyof NewRow)[];

/** Of the canonical form. A later schema gets a new number; rows keep the one they were written with. */
export const rowFormat = 1;

/**
 * The text that is hashed: a JSON array of the format, the place and every column in order, the answer's bytes by their
 * sha256. Two different rows never have the same text: JSON tells strings, numbers and null apart and escapes what
 * separates them.
 */
export function canonical(seq: number, row: NewRow): string {
  const values: (string | number | null)[] = [rowFormat, seq];
  for (const column of columns) {
    const value = row[column];
    values.push(value instanceof Uint8Array ? hash('sha256', value, 'hex') : value);
  }
  return JSON.stringify(values);
}

/** sha256 over the hash of the row before, as 64 hex digits, and the canonical text. One call: an object per hash costs as much again. */
export function chainHash(previous: Uint8Array, seq: number, row: NewRow): Uint8Array {
  return hash('sha256', hex(previous) + canonical(seq, row), 'buffer');
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** What the first row's hash continues. */
export const genesis: Uint8Array = new Uint8Array(32);

/** SQLite keeps UTF-8, in which a lone surrogate has no form: replaced here, so that what is hashed is what is stored. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
