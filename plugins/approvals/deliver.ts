/** Shows tickets on their channels. A failure is logged, emitted and kept beside the ticket, which lives on. */
import type { Json } from '@gethelio/proxy/plugin';
import type { ApprovalChannel, Delivery } from './contract.ts';
import { readDecided, readOpen, replaceOp, withArguments, type StoredTicket } from './store.ts';
import { current, type Room } from './room.ts';
import { visible } from './visible.ts';

export const deliveryTimeoutMs = 30_000;
const mostAtOnce = 8;
const mostRetries = 20;

/** Runs a delivery in the background: the call that asked does not wait for Slack. */
function inBackground(room: Room, work: () => Promise<void>): void {
  const run = async (): Promise<void> => {
    while (room.running.size > mostAtOnce) await Promise.race(room.running);
    await work();
  };
  const running: Promise<void> = run()
    .catch((cause: unknown) =>
      room.current?.log.error('an approval delivery failed inside Helio', { cause: String(cause) }),
    )
    .finally(() => room.running.delete(running));
  room.running.add(running);
}

/** Shows a ticket on some of its channels, and writes down how that went. */
export function showTicket(
  room: Room,
  ticket: StoredTicket,
  channels: readonly string[],
  event: 'requested' | 'escalated',
): void {
  for (const name of channels) {
    const channel = room.current?.channels.get(name);
    // A channel without `show` is one that people look at by themselves.
    if (channel !== undefined && channel.show === undefined) continue;
    inBackground(room, () => show(room, ticket, name, channel, event));
  }
}

async function show(
  room: Room,
  stored: StoredTicket,
  name: string,
  channel: ApprovalChannel | undefined,
  event: 'requested' | 'escalated',
): Promise<void> {
  const { nowMs } = current(room);
  let delivery: Delivery;
  try {
    if (channel === undefined) throw new Error(`no channel "${name}" is configured any more`);
    const ticket = await withArguments(room.documents, stored);
    const handle = (await within(deliveryTimeoutMs, (signal) => channel.show!(ticket, event, signal))) as Json | void;
    delivery = { state: 'delivered', atMs: nowMs(), ...(handle !== undefined && { handle }) };
  } catch (cause) {
    const reason = sentence(cause);
    delivery = { state: 'failed', atMs: nowMs(), reason };
    failed(room, stored, name, reason);
  }
  const ended = await keep(room, stored.id, name, delivery);
  // Decided while it was on its way: nobody else knows this message, so it is told here.
  if (ended !== undefined && delivery.state === 'delivered') tell(room, ended, name, delivery.handle);
}

function failed(room: Room, ticket: StoredTicket, channel: string, reason: string): void {
  const { log, emit } = current(room);
  log.warn(`channel "${channel}" could not show an approval; the ticket stays open`, { ticket: ticket.id, reason });
  emit('approval_notification_failed', {
    ticket: ticket.id,
    channel,
    reason,
    upstream: ticket.upstream,
    tool: ticket.name,
  });
}

/** Writes a delivery beside the ticket. Returns the ticket when it has ended meanwhile. */
async function keep(room: Room, id: string, name: string, delivery: Delivery): Promise<StoredTicket | undefined> {
  for (let i = 0; i < mostRetries; i++) {
    const from = await readOpen(room.documents, id);
    if (from === undefined) return readDecided(room.documents, id);
    const next = { ...from.value, deliveries: { ...from.value.deliveries, [name]: delivery } };
    if ((await room.commit.commit([replaceOp(from, next)])).ok) {
      room.mirror.note(next);
      return undefined;
    }
    await pause(50 * (i + 1)); // another process wrote it: its version is known here within a second
  }
  return undefined;
}

/** Tells the channels that have shown a ticket what became of it. Told once: a message that stays old is no danger. */
export function tellChannels(room: Room, ticket: StoredTicket): void {
  for (const [name, { state, handle }] of Object.entries(ticket.deliveries)) {
    if (state === 'delivered') tell(room, ticket, name, handle);
  }
}

function tell(room: Room, stored: StoredTicket, name: string, handle: Json | undefined): void {
  const channel = room.current?.channels.get(name);
  if (channel?.update === undefined) return;
  inBackground(room, async () => {
    try {
      const ticket = await withArguments(room.documents, stored);
      await within(deliveryTimeoutMs, (signal) => channel.update!(ticket, handle, signal));
    } catch (cause) {
      failed(room, stored, name, sentence(cause));
    }
  });
}

const sentence = (cause: unknown): string =>
  visible(cause instanceof Error ? cause.message : String(cause)).slice(0, 500);

/** setTimeout, not AbortSignal.timeout(): that one's timer is unref'd and may never fire. */
export async function within<T>(timeoutMs: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      abort.abort();
      reject(new Error(`no answer within ${Math.round(timeoutMs / 1000)} s`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([run(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
