/** Approvals in Discord: a message with buttons per ticket, answered through `/hooks/discord/interactions`. */
import { definePlugin, doctorCheck } from '@gethelio/proxy/plugin';
import { approvalChannel } from '@gethelio/proxy/contracts/approvals';
import { operatorAccess } from '@gethelio/proxy/contracts/operator';
import { z } from 'zod';
import { createDiscordChannel, type DiscordChannel } from './channel.ts';
import { entrySchema, type Entry } from './config.ts';
import { askDiscord } from './doctor.ts';
import { interactionRoute } from './interactions.ts';
import { createRest } from './rest.ts';
import { keyOf } from './signature.ts';

export const discord = definePlugin({
  name: 'discord',
  apiVersion: 1,
  summary: 'Approvals in Discord: a message with buttons per ticket.',
  config: z.strictObject({}).prefault({}), // an entry of `approval.channels` is what configures a channel
  wants: { operatorAccess }, // for the link to the dashboard; approvals itself needs the listener
  reaches: { network: ['discord.com'] },
  register({ wants, contribute, routes }) {
    const channels = new Map<string, DiscordChannel>();
    contribute(approvalChannel, {
      type: 'discord',
      schema: entrySchema,
      open(entry: Entry, desk) {
        const channel = { entry, desk, rest: createRest(entry), key: keyOf(entry.public_key) };
        channels.set(desk.name, channel);
        return createDiscordChannel(channel, () => wants.operatorAccess?.url());
      },
    });
    routes((app) => interactionRoute(app, channels), { auth: 'own' });
    contribute(doctorCheck, { name: 'discord', run: (signal) => askDiscord([...channels.values()], signal) });
  },
});
export default discord;
