/** Documents in memory: versions, expiry, undo. */
import type { StoredDocument } from '@gethelio/proxy/contracts/state';
import type { Json, Refusal, StoreOp } from '@gethelio/proxy/plugin';

type Put = Extract<StoreOp, { op: 'put' }>;
type Remove = Extract<StoreOp, { op: 'remove' }>;
type Refused = Omit<Refusal, 'index' | 'op'>;

/** How many documents one write may look at to find expired ones. */
const pruneStep = 16;

export function createDocuments(nowMs: () => number) {
  const collections = new Map<string, Map<string, StoredDocument>>();
  const sweeps = new Map<string, Iterator<StoredDocument>>();

  const isExpired = (document: StoredDocument) => (document.expiresAtMs ?? Infinity) <= nowMs();
  const get = (collection: string, key: string): StoredDocument | undefined => {
    const found = collections.get(collection)?.get(key);
    return found && !isExpired(found) ? found : undefined;
  };

  function set(collection: string, key: string, document: StoredDocument | undefined): () => void {
    const documents = collections.get(collection) ?? new Map<string, StoredDocument>();
    const before = documents.get(key);
    if (document) documents.set(key, document);
    else documents.delete(key);
    if (documents.size > 0) collections.set(collection, documents);
    else collections.delete(collection);
    return () => void set(collection, key, before);
  }

  function prune(collection: string): void {
    for (let step = 0; step < pruneStep; step += 1) {
      const sweep = sweeps.get(collection) ?? collections.get(collection)?.values();
      const next = sweep?.next();
      if (!sweep || !next || next.done) return void sweeps.delete(collection);
      sweeps.set(collection, sweep);
      if (isExpired(next.value)) set(collection, next.value.key, undefined);
    }
  }

  return {
    get,
    put({ collection, key, value, ifVersion, expiresAtMs }: Put): Refused | (() => void) {
      prune(collection);
      const version = get(collection, key)?.version ?? 0;
      if (ifVersion !== undefined && ifVersion !== version) return { why: 'version' };
      return set(collection, key, { key, value: frozenCopy(value), version: version + 1, expiresAtMs });
    },
    remove({ collection, key, ifVersion, mustExist }: Remove): Refused | (() => void) {
      const version = get(collection, key)?.version ?? 0;
      if (mustExist && version === 0) return { why: 'absent' };
      if (ifVersion !== undefined && ifVersion !== version) return { why: 'version' };
      return set(collection, key, undefined);
    },
    list(collection: string, prefix: string, after: string | undefined, limit: number): readonly StoredDocument[] {
      const found = [...(collections.get(collection)?.values() ?? [])].filter(
        (document) =>
          document.key.startsWith(prefix) &&
          (after === undefined || byBytes(document.key, after) > 0) &&
          !isExpired(document),
      );
      return found.sort((a, b) => byBytes(a.key, b.key)).slice(0, limit);
    },
    count(collection: string, prefix: string): number {
      let count = 0;
      for (const document of collections.get(collection)?.values() ?? []) {
        if (document.key.startsWith(prefix) && !isExpired(document)) count += 1;
      }
      return count;
    },
  };
}

/** JavaScript compares UTF-16 units, which sorts characters beyond U+FFFF differently from their bytes. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** What is stored is nobody's to change afterwards, and is what SQLite would give back. */
function frozenCopy(value: Json): Json {
  return JSON.parse(JSON.stringify(value), (_key, inner: Json) => Object.freeze(inner)) as Json;
}
