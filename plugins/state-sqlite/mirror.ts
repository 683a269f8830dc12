/** What this process knows without asking: upper bounds of its buckets, and documents that it has read or written. */
import type { StoredDocument } from '@gethelio/proxy/contracts/state';
import { addDecimal, compareDecimal, type Json, type TakeOp } from '@gethelio/proxy/plugin';
import type { BucketState, WireDocument } from './protocol.ts';

const maxBuckets = 50_000;
/** Characters of JSON over all documents: about twice as many bytes. */
const maxDocumentSize = 8_000_000;
/** A larger document is always read from the file. */
const maxSizePerDocument = 8_000;

interface Known extends WireDocument {
  parsed?: StoredDocument;
}

export function createMirror(nowMs: () => number) {
  const buckets = new Map<string, BucketState>();
  const documents = new Map<string, Known>();
  let documentSize = 0;

  const place = (collection: string, key: string) => `${collection.length}:${collection}${key}`;

  function forget(at: string): void {
    const known = documents.get(at);
    if (!known) return;
    documents.delete(at);
    documentSize -= known.value.length;
  }

  return {
    /** After an answer from the store; the least recently written one goes first. */
    learnBucket(bucket: string, state: BucketState | undefined): void {
      if (!state) return;
      buckets.delete(bucket);
      buckets.set(bucket, state);
      if (buckets.size > maxBuckets) buckets.delete(buckets.keys().next().value!);
    },
    /**
     * True when the take surely fits, as far as this process knows: what it saw last is never less than what it
     * committed, because entries only leave. With a credit among them the total can grow by itself: then ask.
     */
    surelyFits(take: TakeOp): boolean {
      const known = buckets.get(take.bucket);
      if (!known) return false;
      if (take.limit === undefined) return true;
      return !known.hasCredits && compareDecimal(addDecimal(known.total, take.amount), take.limit) <= 0;
    },
    learnDocument(collection: string, key: string, document: WireDocument | undefined): void {
      const at = place(collection, key);
      forget(at);
      if (!document || document.value.length > maxSizePerDocument) return;
      documents.set(at, document);
      documentSize += document.value.length;
      while (documentSize > maxDocumentSize) forget(documents.keys().next().value!);
    },
    /** A document that is known to be there. Undefined says nothing: another process may have written it since. */
    document(collection: string, key: string): StoredDocument | undefined {
      const known = documents.get(place(collection, key));
      if (!known || (known.expiresAtMs ?? Infinity) <= nowMs()) return undefined;
      return (known.parsed ??= toDocument(known));
    },
    forgetDocument: (collection: string, key: string): void => forget(place(collection, key)),
    forgetAll(): void {
      buckets.clear();
      documents.clear();
      documentSize = 0;
    },
  };
}
export type Mirror = ReturnType<typeof createMirror>;

/** Frozen: the same object is handed to everyone who asks. */
export function toDocument({ key, value, version, expiresAtMs }: WireDocument): StoredDocument {
  const parsed = JSON.parse(value, (_key, inner: Json) => Object.freeze(inner)) as Json;
  return { key, value: parsed, version, expiresAtMs };
}
