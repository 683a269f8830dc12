/** A person's word: counted once per name, in one transaction; the first process wins, every final state stays. */
import type { StoreOp } from '@gethelio/proxy/plugin';
import type { Decided, Grant, Scope, Ticket, Vote } from './contract.ts';
import { isTicketId } from './ids.ts';
import {
  denialOp,
  grantOp,
  onceKey,
  readDecided,
  readOpen,
  replaceOp,
  sessionKey,
  withArguments,
  type StoredTicket,
  type Versioned,
} from './store.ts';
import { about, endTicket } from './transitions.ts';
import { tellChannels } from './deliver.ts';
import { current, type Room } from './room.ts';
import { visible } from './visible.ts';

export interface Word {
  readonly ticket: string;
  readonly channel: string;
  readonly decision: 'approve' | 'deny';
  readonly approver: string;
  readonly note?: string;
  readonly scope?: Scope;
}

const mostRaces = 25;
const maxNoteLength = 1_000;
type Refused = Extract<Decided, { ok: false }>;

/** Approves or denies. */
export async function decide(room: Room, word: Word): Promise<Decided> {
  return withTicket(room, word.ticket, async (from) => {
    const ticket = from.value;
    const refused = whyNot(room, ticket, word);
    if (refused !== undefined) return { ...refused, ticket: await withArguments(room.documents, ticket) };

    const { nowMs, emit } = current(room);
    const note = noteOf(word.note);
    const vote: Vote = {
      decision: word.decision,
      approver: visible(word.approver),
      channel: word.channel,
      atMs: nowMs(),
      ...(note !== undefined && { note }),
    };
    const votes = [...ticket.votes, vote];
    if (word.decision === 'deny') {
      const because = note;
      const also = denial(room, ticket, vote);
      const ended = await endTicket(room, from, {
        state: 'denied',
        more: { votes },
        also,
        ...(because && { because }),
      });
      return ended && counted(room, ended, false);
    }
    const scope = strictest(word.scope ?? ticket.scopes[0]!, ticket.scope);
    if (votes.length < ticket.quorum) {
      const next = { ...ticket, votes, scope };
      if (!(await room.commit.commit([replaceOp(from, next)])).ok) return undefined;
      emit('approval_vote', {
        ...about(next),
        approver: vote.approver,
        channel: vote.channel,
        votes: votes.length,
        quorum: ticket.quorum,
      });
      tellChannels(room, next);
      for (const listener of room.listeners) listener();
      return counted(room, next, true);
    }
    const grant = grantFor(
      room,
      ticket,
      votes.map(({ approver }) => approver),
      scope,
      false,
    );
    const ended = await endTicket(room, from, {
      state: 'approved',
      more: { votes, scope },
      also: [grantOp(grant)],
      ...(note !== undefined && { because: note }),
    });
    return ended && counted(room, ended, false);
  });
}

/** One person overrides approvers and quorum; the reason is kept. It is judged again all the same: a deny stays. */
export async function breakGlass(
  room: Room,
  word: { readonly ticket: string; readonly approver: string; readonly reason: string },
): Promise<Decided> {
  return withTicket(room, word.ticket, async (from) => {
    const { nowMs } = current(room);
    const reason = noteOf(word.reason) ?? '';
    const approver = visible(word.approver);
    const vote: Vote = { decision: 'approve', approver, channel: 'break-glass', atMs: nowMs(), note: reason };
    const grant = grantFor(room, from.value, [approver], 'once', true);
    const ended = await endTicket(room, from, {
      state: 'break_glass',
      because: reason,
      more: { votes: [...from.value.votes, vote], scope: 'once' },
      also: [grantOp(grant)],
    });
    return ended && counted(room, ended, false);
  });
}

/** Reads the ticket, ends it when its time is over, and tries again when another process was first. */
async function withTicket(
  room: Room,
  id: string,
  act: (from: Versioned<StoredTicket>) => Promise<Decided | undefined>,
): Promise<Decided> {
  for (let race = 0; race < mostRaces; race++) {
    const from = isTicketId(id) ? await readOpen(room.documents, id) : undefined;
    if (from === undefined) return decidedBefore(room, id);
    if (from.value.deadlineAtMs <= current(room).nowMs()) {
      await endTicket(room, from, { state: 'timeout' });
      continue;
    }
    const decided = await act(from);
    if (decided !== undefined) return decided;
    await pause(20 * (race + 1)); // its new version is known here within a second
  }
  return { ok: false, why: 'decided', reason: 'Somebody else is deciding this ticket. Look again.' };
}

async function decidedBefore(room: Room, id: string): Promise<Decided> {
  const ended = isTicketId(id) ? await readDecided(room.documents, id) : undefined;
  if (ended === undefined) return { ok: false, why: 'unknown', reason: 'There is no such ticket.' };
  const reason = `This ticket is ${ended.state.replaceAll('_', ' ')} already; that is final.`;
  return { ok: false, why: 'decided', reason, ticket: await withArguments(room.documents, ended) };
}

function whyNot(room: Room, ticket: StoredTicket, word: Word): Refused | undefined {
  const no = (why: Refused['why'], reason: string): Refused => ({ ok: false, why, reason });
  const open = [...ticket.channels, ...(ticket.escalatedAtMs === undefined ? [] : ticket.delegates)];
  if (!open.includes(word.channel))
    return no('not_an_approver', `This ticket is decided on ${open.join(', ')}, not on ${word.channel}.`);
  const people = current(room).channels.get(word.channel)?.people;
  const listed = Array.isArray(people) ? people.includes(word.approver) : people !== undefined;
  if (!listed || (ticket.approvers !== undefined && !ticket.approvers.includes(word.approver)))
    return no('not_an_approver', `"${visible(word.approver)}" is not one of the approvers of this ticket.`);
  if (ticket.votes.some(({ approver }) => approver === visible(word.approver)))
    return no(
      'voted',
      `"${visible(word.approver)}" has approved this ticket before; it needs ${ticket.quorum} people.`,
    );
  if (word.decision === 'approve' && word.scope !== undefined && !ticket.scopes.includes(word.scope))
    return no('bad_scope', `The scope can be ${ticket.scopes.join(' or ')} here.`);
  return undefined;
}

/** A yes for the session needs everybody to say session. */
function strictest(scope: Scope, before: Scope | undefined): Scope {
  return before === 'once' ? 'once' : scope;
}

function grantFor(room: Room, ticket: StoredTicket, by: readonly string[], scope: Scope, breakGlass: boolean): Grant {
  const { config, nowMs } = current(room);
  const wide = scope === 'session' && ticket.sessionSubject !== undefined;
  return {
    id: wide ? sessionKey(ticket.sessionSubject!) : onceKey(ticket.subject),
    ticket: ticket.id,
    scope: wide ? 'session' : 'once',
    by,
    breakGlass,
    askedAtMs: ticket.createdAtMs,
    givenAtMs: nowMs(),
    expiresAtMs: nowMs() + (wide ? config.session_grant_lifetime : config.grant_lifetime),
    principal: ticket.principal,
    ...(ticket.session !== undefined && { session: ticket.session }),
    upstream: ticket.upstream,
    kind: ticket.kind,
    name: ticket.name,
    definition: ticket.definition,
    covers: [...new Set(ticket.askers.map(({ identity }) => identity))],
  };
}

function denial(room: Room, ticket: StoredTicket, vote: Vote): readonly StoreOp[] {
  const { config, nowMs } = current(room);
  if (config.deny_memory === 0) return [];
  return [
    denialOp(ticket.subject, {
      ticket: ticket.id,
      by: vote.approver,
      ...(vote.note !== undefined && { reason: vote.note }),
      definition: ticket.definition,
      identities: ticket.askers.map(({ identity }) => identity),
      untilMs: nowMs() + config.deny_memory,
    }),
  ];
}

async function counted(room: Room, ticket: StoredTicket, isCounted: boolean): Promise<Decided> {
  const shown: Ticket = await withArguments(room.documents, ticket);
  return { ok: true, ticket: shown, counted: isCounted };
}

function noteOf(text: string | undefined): string | undefined {
  const note = visible((text ?? '').replace(/\s+/g, ' ').trim()).slice(0, maxNoteLength);
  return note === '' ? undefined : note;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
