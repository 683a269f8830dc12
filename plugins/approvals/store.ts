/** Where tickets and grants stand in the state store, and the transactions that change them: all or nothing each. */
import { bucketName, type Json, type StoreOp } from '@gethelio/proxy/plugin';
import type { Documents } from '@gethelio/proxy/contracts/state';
import type { Grant, Ticket, TicketState } from './contract.ts';
import { decidedKey } from './ids.ts';

/** A ticket as stored. The arguments stand beside it, so that a vote does not write them again. */
export type StoredTicket = Omit<Ticket, 'argumentsText'> & {
  readonly subject: string;
  readonly sessionSubject?: string;
  /** Unescaped, for the key of the principal's bucket. */
  readonly bucket: string;
};

export interface Versioned<T> {
  readonly value: T;
  readonly version: number;
}

export const collections = {
  /** Pending tickets by id. */
  open: 'approvals.open',
  /** Arguments of tickets by id. */
  arguments: 'approvals.arguments',
  /** Subject to the one open ticket. */
  subjects: 'approvals.subjects',
  /** Decided tickets, newest first. */
  decided: 'approvals.decided',
  grants: 'approvals.grants',
  /** Subjects that were just denied. */
  denied: 'approvals.denied',
  /** Nonces and keys of channels. */
  nonces: 'approvals.nonces',
  keys: 'approvals.keys',
} as const;

/** Remembered after a deny: asking again opens no new card. */
export interface Denial {
  readonly ticket: string;
  readonly by: string;
  readonly reason?: string;
  readonly definition: string;
  readonly identities: readonly string[];
  readonly untilMs: number;
}

export const onceKey = (subject: string): string => `once.${subject}`;
export const sessionKey = (sessionSubject: string): string => `session.${sessionSubject}`;
export const openBucket = (principal: string): string => bucketName('approvals', 'open', principal);

/** Refused with `version` when the subject has a ticket already, with `limit` when the principal has too many. */
export function openOps(ticket: StoredTicket, text: string, maxPending: number, keepMs: number): readonly StoreOp[] {
  return [
    {
      op: 'put',
      collection: collections.subjects,
      key: ticket.subject,
      value: { ticket: ticket.id },
      ifVersion: 0,
    },
    { op: 'put', collection: collections.open, key: ticket.id, value: json(ticket), ifVersion: 0 },
    {
      op: 'put',
      collection: collections.arguments,
      key: ticket.id,
      value: text,
      expiresAtMs: ticket.deadlineAtMs + keepMs,
    },
    {
      op: 'take',
      bucket: ticket.bucket,
      entry: ticket.id,
      amount: '1',
      limit: String(maxPending),
      atMs: ticket.createdAtMs,
      sinceMs: 0, // an open ticket counts however old it is; `closeOps` takes it out
    },
  ];
}

/** Ends a ticket, in the same transaction as what follows from it (`also`: a grant, a denial). */
export function closeOps(
  from: Versioned<StoredTicket>,
  closed: StoredTicket,
  keepMs: number,
  also: readonly StoreOp[] = [],
): readonly StoreOp[] {
  return [
    { op: 'remove', collection: collections.open, key: closed.id, mustExist: true, ifVersion: from.version },
    { op: 'remove', collection: collections.subjects, key: closed.subject },
    { op: 'giveBack', bucket: closed.bucket, entry: closed.id },
    decidedOp(closed, keepMs),
    ...also,
  ];
}

export function decidedOp(closed: StoredTicket, keepMs: number): StoreOp {
  return {
    op: 'put',
    collection: collections.decided,
    key: decidedKey(closed.id),
    value: json(closed),
    expiresAtMs: (closed.decidedAtMs ?? closed.deadlineAtMs) + keepMs,
  };
}

export function replaceOp(from: Versioned<StoredTicket>, next: StoredTicket): StoreOp {
  return { op: 'put', collection: collections.open, key: next.id, value: json(next), ifVersion: from.version };
}

export function grantOp(grant: Grant): StoreOp {
  return {
    op: 'put',
    collection: collections.grants,
    key: grant.id,
    value: json(grant),
    expiresAtMs: grant.expiresAtMs,
  };
}

export function denialOp(subject: string, denial: Denial): StoreOp {
  return {
    op: 'put',
    collection: collections.denied,
    key: subject,
    value: json(denial),
    expiresAtMs: denial.untilMs,
  };
}

export async function readOpen(documents: Documents, id: string): Promise<Versioned<StoredTicket> | undefined> {
  return read(documents, collections.open, id);
}
export async function readDecided(documents: Documents, id: string): Promise<StoredTicket | undefined> {
  return (await read<StoredTicket>(documents, collections.decided, decidedKey(id)))?.value;
}
export async function readGrant(documents: Documents, key: string): Promise<Versioned<Grant> | undefined> {
  return read(documents, collections.grants, key);
}
export async function readDenial(documents: Documents, subject: string): Promise<Denial | undefined> {
  return (await read<Denial>(documents, collections.denied, subject))?.value;
}
export async function readSubject(documents: Documents, subject: string): Promise<string | undefined> {
  return (await read<{ ticket: string }>(documents, collections.subjects, subject))?.value.ticket;
}
async function read<T>(documents: Documents, collection: string, key: string): Promise<Versioned<T> | undefined> {
  const found = await documents.get(collection, key);
  return found && { value: found.value as unknown as T, version: found.version };
}

export async function withArguments(documents: Documents, ticket: StoredTicket): Promise<Ticket> {
  const text = (await documents.get(collections.arguments, ticket.id))?.value;
  const { subject: _subject, sessionSubject: _sessionSubject, bucket: _bucket, ...shown } = ticket;
  return { ...shown, argumentsText: typeof text === 'string' ? text : '[no longer kept]' };
}

export function isFinal(state: TicketState): boolean {
  return state !== 'pending';
}

/** Drops keys without a value: a store keeps JSON. */
function json(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
