/** What time does to open tickets: they expire, they escalate, and a delivery that a crash cut off is begun again. */
import { readOpen, replaceOp, type StoredTicket } from './store.ts';
import { about, endTicket } from './transitions.ts';
import { underWay } from './attach.ts';
import { showTicket } from './deliver.ts';
import { lostDeliveryMs, type OpenTicket } from './mirror.ts';
import { current, type Room } from './room.ts';

const tickMs = 250;
/** Transactions that share one commit of the store; more would crowd out calls. */
const mostAtOnce = 50;

/** Looks four times a second, from memory, at what is due. */
export function startSweep(room: Room): () => Promise<void> {
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const tick = (): void => {
    running = sweep(room)
      .catch((cause: unknown) => {
        room.current?.log.error('open approvals could not be looked through; trying again', { cause: String(cause) });
      })
      .finally(() => {
        if (isStopped) return;
        timer = setTimeout(tick, tickMs);
        timer.unref();
      });
  };
  timer = setTimeout(tick, tickMs);
  timer.unref();
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await running;
  };
}

export async function sweep(room: Room): Promise<void> {
  const nowMs = current(room).nowMs();
  const due = room.mirror.due(nowMs);
  for (let i = 0; i < due.length; i += mostAtOnce)
    await Promise.all(due.slice(i, i + mostAtOnce).map((ticket) => look(room, ticket, nowMs)));
}

async function look(room: Room, { id }: OpenTicket, nowMs: number): Promise<void> {
  const from = await readOpen(room.documents, id);
  if (from === undefined) return room.mirror.drop(id);
  const ticket = from.value;
  if (ticket.deadlineAtMs <= nowMs) {
    await endTicket(room, from, { state: 'timeout' });
    return;
  }
  const escalates = ticket.escalatedAtMs === undefined && (ticket.escalateAtMs ?? Infinity) <= nowMs;
  const lost = Object.entries(ticket.deliveries)
    .filter(([, { state, atMs }]) => state === 'trying' && atMs + lostDeliveryMs <= nowMs)
    .map(([name]) => name);
  if (!escalates && lost.length === 0) return room.mirror.note(ticket);

  const next: StoredTicket = {
    ...ticket,
    ...(escalates && { escalatedAtMs: nowMs }),
    deliveries: { ...ticket.deliveries, ...underWay(room, [...lost, ...(escalates ? ticket.delegates : [])], nowMs) },
  };
  if (!(await room.commit.commit([replaceOp(from, next)])).ok) return; // another process looks after it
  room.mirror.note(next);
  showTicket(room, next, lost, 'requested');
  if (!escalates) return;
  current(room).emit('approval_escalated', { ...about(next), delegates: [...next.delegates] });
  showTicket(room, next, next.delegates, 'escalated');
  for (const listener of room.listeners) listener();
}
