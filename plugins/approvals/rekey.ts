/**
 * Once per store: what an earlier version kept under plain hashes of arguments is put under keyed ones, so that open
 * tickets are found again, and yeses that were given still count.
 */
import type { StoreOp } from '@gethelio/proxy/plugin';
import type { StoredDocument } from '@gethelio/proxy/contracts/state';
import type { Grant } from './contract.ts';
import { fingerprint, isPlain, keyedSubject, ticketDigest } from './digest.ts';
import { collections, onceKey, type StoredTicket } from './store.ts';
import type { Room } from './room.ts';

const pageSize = 500;
const doneKey = 'rekeyed';

type Rekey = (document: StoredDocument) => readonly StoreOp[];

export async function rekey(room: Pick<Room, 'documents' | 'commit'>, key: Uint8Array): Promise<void> {
  const { documents, commit } = room;
  if ((await documents.get(collections.keys, doneKey)) !== undefined) return;
  await each(room, collections.open, (document) => {
    const ticket = document.value as unknown as StoredTicket;
    if (!isPlain(ticket.subject)) return [];
    const next = keyedTicket(key, ticket);
    return [
      { ...putOf(collections.open, document, next), ifVersion: document.version },
      { op: 'remove', collection: collections.subjects, key: ticket.subject },
      { op: 'put', collection: collections.subjects, key: next.subject, value: { ticket: next.id } },
    ];
  });
  await each(room, collections.decided, (document) => {
    const ticket = document.value as unknown as StoredTicket;
    return isPlain(ticket.subject) ? [putOf(collections.decided, document, keyedTicket(key, ticket))] : [];
  });
  await each(room, collections.grants, (document) => {
    const grant = document.value as unknown as Grant;
    const subject = /^once\.(.*)$/.exec(grant.id)?.[1];
    if (subject === undefined || !isPlain(subject)) return [];
    const id = onceKey(keyedSubject(key, subject));
    // Used meanwhile by another process: then it is not there to be put anew.
    return [gone(collections.grants, document), { ...putOf(collections.grants, document, { ...grant, id }), key: id }];
  });
  await each(room, collections.denied, (document) =>
    isPlain(document.key)
      ? [
          gone(collections.denied, document),
          { ...putOf(collections.denied, document, document.value as object), key: keyedSubject(key, document.key) },
        ]
      : [],
  );
  await commit.commit([{ op: 'put', collection: collections.keys, key: doneKey, value: 1 }]);
}

/** One transaction per document; one that another process has changed meanwhile is that process's to rekey. */
async function each({ documents, commit }: Pick<Room, 'documents' | 'commit'>, collection: string, ops: Rekey) {
  let after: string | undefined;
  for (;;) {
    const page = await documents.list(collection, { limit: pageSize, ...(after !== undefined && { after }) });
    for (const document of page) {
      const changes = ops(document);
      if (changes.length > 0) await commit.commit(changes);
    }
    if (page.length < pageSize) return;
    after = page.at(-1)!.key;
  }
}

function keyedTicket(key: Uint8Array, ticket: StoredTicket): StoredTicket {
  const subject = keyedSubject(key, ticket.subject);
  const identities = [...new Set(ticket.askers.map(({ identity }) => identity))].sort();
  return {
    ...ticket,
    subject,
    argumentsHash: fingerprint(key, ticket.argumentsHash),
    digest: ticketDigest(subject, ticket.definition, identities),
  };
}

function putOf(collection: string, { key, expiresAtMs }: StoredDocument, value: object): StoreOp & { op: 'put' } {
  return { op: 'put', collection, key, value: value as never, ...(expiresAtMs !== undefined && { expiresAtMs }) };
}

function gone(collection: string, { key, version }: StoredDocument): StoreOp {
  return { op: 'remove', collection, key, mustExist: true, ifVersion: version };
}
