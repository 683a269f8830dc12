/** One Discord channel: posts a message per ticket and keeps it up to date. */
import { createHash, type KeyObject } from 'node:crypto';
import type { ApprovalChannel, ChannelDesk, Ticket } from '@gethelio/proxy/contracts/approvals';
import type { Json } from '@gethelio/proxy/plugin';
import { cardOf } from './card.ts';
import { approverNames, type Entry } from './config.ts';
import { discordError, isDiscordError } from './errors.ts';
import type { Rest } from './rest.ts';

export interface DiscordChannel {
  readonly entry: Entry;
  readonly desk: ChannelDesk;
  readonly rest: Rest;
  readonly key: KeyObject;
}

export function createDiscordChannel(
  { entry, desk, rest }: DiscordChannel,
  dashboard: () => string | undefined,
): ApprovalChannel {
  const cardFor = (ticket: Ticket, isEscalated: boolean) => cardOf(ticket, desk.name, dashboard(), isEscalated);
  return {
    people: approverNames(entry),
    async start(signal) {
      const application = await rest.ask('GET', '/applications/@me', undefined, signal);
      if (!isKeyOf(application, entry)) throw discordError('HELIO_DISCORD_KEY');
    },
    async show(ticket, event, signal) {
      const message = { ...cardFor(ticket, event === 'escalated'), nonce: nonceOf(ticket, event), enforce_nonce: true };
      const posted = await rest.ask('POST', `/channels/${entry.channel}/messages`, message, signal);
      return { message: posted['id'] ?? null, channel: entry.channel };
    },
    async update(ticket, handle, signal) {
      const { message, channel } = (handle ?? {}) as { readonly message?: Json; readonly channel?: Json };
      if (!isId(message) || !isId(channel)) return;
      const card = cardFor(ticket, ticket.escalatedAtMs !== undefined);
      try {
        await rest.ask('PATCH', `/channels/${channel}/messages/${message}`, card, signal);
      } catch (error) {
        // Nobody can press a button on a message that is gone.
        if (!isDiscordError(error) || error.code !== 'HELIO_DISCORD_MESSAGE_GONE') throw error;
      }
    },
  };
}

export const isKeyOf = (application: { readonly [key: string]: Json }, { public_key }: Entry): boolean =>
  String(application['verify_key']).toLowerCase() === public_key.toLowerCase();

/** The same for every attempt to post one ticket, so that Discord takes it once. At most 25 characters. */
const nonceOf = (ticket: Ticket, event: string): string =>
  createHash('sha256').update(`${ticket.id}.${event}`).digest('base64url').slice(0, 25);

const isId = (value: Json | undefined): value is string => typeof value === 'string' && /^\d{1,20}$/.test(value);
