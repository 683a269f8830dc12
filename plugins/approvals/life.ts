/** Start and stop: tickets of an earlier run come back, channels open and close with their generation. */
import type { Log } from '@gethelio/proxy/plugin';
import type { ApprovalChannel } from './contract.ts';
import { installationKey } from './keys.ts';
import { rekey } from './rekey.ts';
import { startSweep } from './sweep.ts';
import { readOpen } from './store.ts';
import { endTicket } from './transitions.ts';
import { within } from './deliver.ts';
import type { Current, Room } from './room.ts';

const closingTimeMs = 5_000;

export async function startRoom(room: Room, next: Current, signal: AbortSignal): Promise<void> {
  room.before = room.current;
  room.current = next;
  if (room.stops.length === 0) {
    const failed = (cause: unknown): void =>
      room.current?.log.error('open approvals could not be read', { cause: String(cause) });
    room.bindingKey = await installationKey(room, 'binding');
    await rekey(room, room.bindingKey);
    room.stops.push(room.mirror.watch(failed), room.granted.watch(failed));
    await room.granted.load();
    await room.mirror.load();
    room.stops.push(startSweep(room));
  }
  for (const [name, channel] of next.channels) startChannel(name, channel, next.log, signal);
}

/** Not waited for: Slack being down must not keep Helio from starting. */
function startChannel(name: string, channel: ApprovalChannel, log: Log, signal: AbortSignal): void {
  const failed = (cause: unknown): void =>
    log.warn(`approval channel "${name}" did not start; tickets are shown there once it works`, {
      reason: cause instanceof Error ? cause.message : String(cause),
    });
  try {
    Promise.resolve(channel.start?.(signal)).catch(failed);
  } catch (cause) {
    failed(cause);
  }
}

export async function stopRoom(
  room: Room,
  channels: ReadonlyMap<string, ApprovalChannel>,
  reason: 'reload' | 'shutdown',
): Promise<void> {
  if (reason === 'shutdown') {
    if (room.current?.config.on_shutdown === 'cancel') for (const id of room.own) await cancelOwn(room, id);
    await Promise.race([
      Promise.all(room.running),
      new Promise((resolve) => setTimeout(resolve, closingTimeMs).unref()),
    ]);
    for (const stop of room.stops.splice(0)) await stop();
  } else if (room.current?.channels === channels && room.before !== undefined) room.current = room.before;
  for (const channel of channels.values()) {
    await within(closingTimeMs, async () => channel.close?.()).catch(() => undefined);
  }
}

/** Ends a ticket that a call of this process opened. */
export async function cancelOwn(room: Room, id: string): Promise<void> {
  const from = await readOpen(room.documents, id);
  if (from !== undefined) await endTicket(room, from, { state: 'shutdown_cancelled' });
}
