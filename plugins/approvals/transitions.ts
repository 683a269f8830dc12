/** The changes of a ticket that are not a person's: opened, ended. Each is one transaction; the first process wins. */
import type { JsonObject, StoreOp } from '@gethelio/proxy/plugin';
import type { TicketState } from './contract.ts';
import { closeOps, type StoredTicket, type Versioned } from './store.ts';
import { tellChannels } from './deliver.ts';
import { current, type Room } from './room.ts';

export interface Ending {
  readonly state: Exclude<TicketState, 'pending'>;
  readonly because?: string;
  readonly more?: Partial<StoredTicket>;
  readonly also?: readonly StoreOp[];
}

/** Ends a ticket. Undefined: somebody else ended or changed it first, read it again. */
export async function endTicket(
  room: Room,
  from: Versioned<StoredTicket>,
  ending: Ending,
): Promise<StoredTicket | undefined> {
  const { config, nowMs, emit } = current(room);
  const closed: StoredTicket = {
    ...from.value,
    ...ending.more,
    state: ending.state,
    decidedAtMs: nowMs(),
    ...(ending.because !== undefined && { decidedBecause: ending.because }),
  };
  const committed = await room.commit.commit(closeOps(from, closed, config.keep_decided, ending.also));
  if (!committed.ok) return undefined;
  room.mirror.drop(closed.id);
  room.own.delete(closed.id);
  room.queue.touch(closed.subject);
  emit('approval_resolved', resolved(closed));
  tellChannels(room, closed);
  for (const listener of room.listeners) listener();
  return closed;
}

function resolved(ticket: StoredTicket): JsonObject {
  return {
    ...about(ticket),
    state: ticket.state,
    by: ticket.votes.map(({ approver, channel, decision }) => ({ approver, channel, decision })),
    break_glass: ticket.state === 'break_glass',
    reason: ticket.decidedBecause ?? null,
    scope: ticket.scope ?? null,
    waited_ms: (ticket.decidedAtMs ?? 0) - ticket.createdAtMs,
  };
}

/** What every event about a ticket says. No arguments: those stand in the ticket, and events go far. */
export function about(ticket: StoredTicket): JsonObject {
  return {
    ticket: ticket.id,
    call: ticket.callId,
    upstream: ticket.upstream,
    tool: ticket.name,
    principal: ticket.principal,
    session: ticket.session ?? null,
    agent: ticket.agent ?? null,
    channels: [...ticket.channels],
    digest: ticket.digest,
    rules: ticket.askers.map(({ rule, plugin, code }) => rule?.name ?? `${plugin}:${code}`),
  };
}
