/** What every store checks and names the same way, so that their answers are the same. */
import { createHash } from 'node:crypto';
import { isDecimal, normaliseDecimal } from './decimal.ts';
import type { StoreOp } from './store.ts';

/** Longest bucket, entry, collection or key, in UTF-16 units. */
const maxNameLength = 1_024;
/** Longest amount, written plainly: it bounds what a total can grow to, whatever an agent sends. */
const maxAmountLength = 64;
/** A longer part of a bucket's name stands there as its hash. */
const maxPartLength = 200;

/** `rate:search_*#1:agent-7`; see `StoreOp` for why. A long or odd key (lone surrogates) becomes its sha256. */
export function bucketName(kind: string, belongsTo: string, key: string): string {
  const safe = (text: string) => (text.length <= maxPartLength && isWellFormed(text) ? text : `sha256-${sha256(text)}`);
  return `${kind}:${safe(belongsTo).replace(/[%:]/g, encodeURIComponent)}:${safe(key)}`;
}

/** Everything up to the second colon; the whole name when there are fewer. */
export function bucketFamily(bucket: string): string {
  const second = bucket.indexOf(':', bucket.indexOf(':') + 1);
  return second === -1 ? bucket : bucket.slice(0, second);
}

/** Throws `HELIO_STORE_BAD_OP` on what no store may take in. Types are the compiler's matter; texts and numbers are not. */
export function checkStoreOps(ops: readonly StoreOp[]): void {
  for (const op of ops) {
    const wrong = wrongWith(op);
    if (wrong) throw Object.assign(new TypeError(`store op ${op.op}: ${wrong}`), { code: 'HELIO_STORE_BAD_OP' });
  }
}

function wrongWith(op: StoreOp): string | undefined {
  switch (op.op) {
    case 'take':
      if (!isName(op.bucket) || !isName(op.entry)) return 'bucket and entry must be names of 1 to 1,024 characters';
      if (!isAmount(op.amount)) return noAmount;
      if (op.limit !== undefined && !isAmount(op.limit)) return noAmount;
      if (!isInstant(op.atMs) || !isInstant(op.sinceMs)) return 'atMs and sinceMs must be whole milliseconds';
      if (op.expiresAtMs !== undefined && !isInstant(op.expiresAtMs)) return 'expiresAtMs must be whole milliseconds';
      return undefined;
    case 'correct':
      if (!isAmount(op.amount)) return noAmount;
      return isName(op.bucket) && isName(op.entry) ? undefined : 'bucket and entry must be names';
    case 'giveBack':
      return isName(op.bucket) && isName(op.entry) ? undefined : 'bucket and entry must be names';
    case 'put':
      if (op.expiresAtMs !== undefined && !isInstant(op.expiresAtMs)) return 'expiresAtMs must be whole milliseconds';
      return isName(op.collection) && isName(op.key) ? undefined : 'collection and key must be names';
    case 'remove':
      return isName(op.collection) && isName(op.key) ? undefined : 'collection and key must be names';
    default:
      return 'no such op';
  }
}

const noAmount = `amounts and limits must be decimals of at most ${maxAmountLength} characters`;

/** Whether a store takes this text as an amount: a decimal of at most 64 characters when written plainly. */
export function isAmount(text: string): boolean {
  return isDecimal(text) && normaliseDecimal(text).length <= maxAmountLength;
}

/** Two names that differ must differ in UTF-8 too: a lone surrogate does not. */
function isName(text: string): boolean {
  return typeof text === 'string' && text.length > 0 && text.length <= maxNameLength && isWellFormed(text);
}

function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed(); // ES2024; Node has it since 20
}

function isInstant(ms: number): boolean {
  return Number.isSafeInteger(ms);
}

function sha256(text: string): string {
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('hex');
}
