/** The service behind the inbox, the REST API and the commands. */
import type { ApprovalDesk, Grant, Ticket } from './contract.ts';
import { breakGlass, decide } from './decide.ts';
import { decidedKey, isTicketId } from './ids.ts';
import { collections, readDecided, readOpen, withArguments, type StoredTicket } from './store.ts';
import { current, type Room } from './room.ts';

const pageSize = 500;
/** A filter that fits nothing stops looking here; the cursor goes on from there. */
const mostLookedAt = 20_000;
/** Grants and tickets keep what their ids were made of; a revocation is found by its key. */
const grantKey = /^(once\.k|session\.)[0-9a-f]{64}$/;

export function createDesk(room: Room): ApprovalDesk {
  return {
    list: (query) => list(room, query),
    async get(id) {
      if (!isTicketId(id)) return undefined;
      const found = (await readOpen(room.documents, id))?.value ?? (await readDecided(room.documents, id));
      return found && withArguments(room.documents, found);
    },
    pending: () => room.mirror.size(),
    decide: (answer) => decide(room, answer),
    breakGlass: (answer) => breakGlass(room, answer),
    async grants({ limit, cursor }) {
      const after = cursor === undefined ? {} : { after: cursor };
      const page = await room.documents.list(collections.grants, { limit, ...after });
      const grants = page.map(({ value }) => value as unknown as Grant);
      const last = page.length === limit ? page.at(-1)?.key : undefined;
      return { grants, ...(last !== undefined && { cursor: last }) };
    },
    watch(changed) {
      room.listeners.add(changed);
      return () => room.listeners.delete(changed);
    },
    async revoke(grant, by) {
      if (!grantKey.test(grant)) return false;
      const found = (await room.documents.get(collections.grants, grant))?.value as unknown as Grant | undefined;
      const removed = await room.commit.commit([
        { op: 'remove', collection: collections.grants, key: grant, mustExist: true },
      ]);
      if (!removed.ok) return false;
      const { emit } = current(room);
      emit('approval_grant_revoked', { grant, ticket: found?.ticket ?? null, tool: found?.name ?? null, by });
      return true;
    },
  };
}

async function list(room: Room, query: Parameters<ApprovalDesk['list']>[0]): ReturnType<ApprovalDesk['list']> {
  const { status, limit, cursor } = query;
  // A cursor is the last ticket's id. `all` shows pending ones first, so it has to be known which of the two it was.
  const wasDecided = cursor !== undefined && (await readDecided(room.documents, cursor)) !== undefined;
  const found: StoredTicket[] = [];
  let isAtEnd = true;
  if (status === 'pending' || (status === 'all' && !wasDecided))
    isAtEnd = await collect(room, collections.open, cursor, limit, () => true, found);
  if (status !== 'pending' && isAtEnd) {
    const after = cursor !== undefined && (status !== 'all' || wasDecided) ? decidedKey(cursor) : undefined;
    const fits = ({ state }: StoredTicket): boolean => status === 'all' || status === 'decided' || state === status;
    isAtEnd = await collect(room, collections.decided, after, limit, fits, found);
  }
  const tickets: Ticket[] = await Promise.all(found.map((ticket) => withArguments(room.documents, ticket)));
  const last = tickets.at(-1)?.id;
  return { tickets, ...(!isAtEnd && last !== undefined && { cursor: last }) };
}

/** Adds what fits until there are `limit`. False: there may be more. */
async function collect(
  room: Room,
  collection: string,
  after: string | undefined,
  limit: number,
  fits: (ticket: StoredTicket) => boolean,
  found: StoredTicket[],
): Promise<boolean> {
  let from = after;
  for (let looked = 0; looked < mostLookedAt; looked += pageSize) {
    const size = Math.min(pageSize, collection === collections.open ? limit - found.length : pageSize);
    if (size === 0) return false;
    const page = await room.documents.list(collection, { limit: size, ...(from !== undefined && { after: from }) });
    for (const { value } of page) {
      const ticket = value as unknown as StoredTicket;
      if (found.length === limit) return false;
      if (fits(ticket)) found.push(ticket);
    }
    if (page.length < size) return true;
    from = page.at(-1)!.key;
  }
  return false;
}
