/** Finds the open ticket for a call, or makes one: identical pending calls share a ticket, across processes too. */
import { deny, type ForwardContext, type Verdict } from '@gethelio/proxy/plugin';
import type { Delivery } from './contract.ts';
import { isCovered, type Ask } from './ask.ts';
import { newTicketId } from './ids.ts';
import { openBucket, openOps, readOpen, readSubject, type StoredTicket } from './store.ts';
import { about, endTicket } from './transitions.ts';
import { showTicket } from './deliver.ts';
import { current, type Room } from './room.ts';
import { argumentsText, visible } from './visible.ts';

const mostRaces = 25;

/** The ticket that this call waits for; a verdict when it may not have one. */
export async function attach(
  room: Room,
  ask: Ask,
  ctx: Pick<ForwardContext, 'call'>,
): Promise<{ readonly ticket: StoredTicket } | { readonly deny: Verdict }> {
  for (let race = 0; race < mostRaces; race++) {
    const known = await readSubject(room.documents, ask.subject);
    const open = known === undefined ? undefined : await readOpen(room.documents, known);
    if (open !== undefined) {
      const covered = open.value.askers.map(({ identity }) => identity);
      if (isCovered(ask, covered, open.value.definition)) return { ticket: open.value };
      // What a person looks at there is not what is asked now.
      await endTicket(room, open, { state: 'superseded', because: whyOutdated(ask, open.value.definition) });
      continue;
    }
    const opened = await openTicket(room, ask, ctx);
    if (opened !== undefined) return opened;
    await pause(20 * (race + 1)); // another process was first: its ticket is known here within a second
  }
  return { deny: deny('approval_pending', 'The approval could not be asked for just now. Call again.') };
}

export function whyOutdated(ask: Ask, definition: string): string {
  return ask.definition === definition
    ? 'other rules ask for the approval now than when it was asked for'
    : "the tool's definition changed since the approval was asked for";
}

async function openTicket(
  room: Room,
  ask: Ask,
  ctx: Pick<ForwardContext, 'call'>,
): Promise<{ readonly ticket: StoredTicket } | { readonly deny: Verdict } | undefined> {
  const { config, nowMs, emit } = current(room);
  const { text, cut } = argumentsText(ask.arguments);
  const ticket = newTicket(room, ask, ctx, nowMs(), cut);
  const committed = await room.commit.commit(openOps(ticket, text, config.max_pending, config.keep_decided));
  if (!committed.ok) {
    const { why } = committed.refusal;
    return why === 'limit' || why === 'capacity' ? { deny: tooMany(ask, config.max_pending) } : undefined;
  }
  room.mirror.note(ticket);
  room.own.add(ticket.id);
  emit('approval_requested', { ...about(ticket), deadline_ms: ticket.deadlineAtMs, quorum: ticket.quorum });
  showTicket(room, ticket, ticket.channels, 'requested');
  for (const listener of room.listeners) listener();
  return { ticket };
}

function newTicket(
  room: Room,
  ask: Ask,
  { call }: Pick<ForwardContext, 'call'>,
  nowMs: number,
  argumentsCut: boolean,
): StoredTicket {
  const { client } = call.arrival;
  return {
    id: newTicketId(nowMs),
    state: 'pending',
    createdAtMs: nowMs,
    deadlineAtMs: nowMs + ask.timeoutMs,
    ...(ask.escalationAfterMs !== undefined &&
      ask.escalationAfterMs < ask.timeoutMs &&
      ask.delegates.length > 0 && { escalateAtMs: nowMs + ask.escalationAfterMs }),
    principal: visible(ask.principal),
    ...(ask.agent !== undefined && { agent: visible(ask.agent) }),
    ...(ask.session !== undefined && { session: visible(ask.session) }),
    ...(client && { client: visible(`${client.name} ${client.version}`).slice(0, 200) }),
    upstream: visible(call.upstream),
    kind: call.kind as StoredTicket['kind'],
    name: visible(call.name),
    argumentsCut,
    argumentsHash: ask.argumentsHash,
    definition: ask.definition,
    digest: ask.digest,
    callId: call.id,
    askers: ask.askers,
    channels: ask.channels,
    delegates: ask.delegates,
    quorum: ask.quorum,
    ...(ask.approvers && { approvers: ask.approvers }),
    scopes: ask.scopes,
    votes: [],
    deliveries: underWay(room, ask.channels, nowMs),
    subject: ask.subject,
    bucket: openBucket(ask.principal),
    ...(ask.sessionSubject !== undefined && { sessionSubject: ask.sessionSubject }),
  };
}

/** Deliveries that begin now, as stored: a crash on the way is noticed by the sweep. */
export function underWay(room: Room, channels: readonly string[], nowMs: number): { [channel: string]: Delivery } {
  const { channels: known } = current(room);
  return Object.fromEntries(
    channels
      .filter((name) => known.get(name)?.show !== undefined || !known.has(name))
      .map((name) => [name, { state: 'trying', atMs: nowMs }]),
  );
}

function tooMany(ask: Ask, limit: number): Verdict {
  return deny(
    'approval_pending',
    `${limit} approvals are open for "${visible(ask.principal)}" already, so no further one was asked for.`,
    {
      suggestion: 'Wait until people have decided the open approvals, then call again.',
      details: { open_limit: limit },
    },
  );
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
