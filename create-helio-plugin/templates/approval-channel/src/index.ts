/** Approvals by a chat-like service: a message out with a button's link for each answer, a signed answer back. */
import { definePlugin, secret } from '@gethelio/proxy/plugin';
import { approvalChannel, type ChannelDesk } from '@gethelio/proxy/contracts/approvals';
import { z } from 'zod';
import { answerRoute } from './answer.ts';
import { messageOf } from './message.ts';

const entry = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('Where messages are posted to.'),
  secret: secret().describe('Shared with the service: it signs what it sends back.'),
  approvers: z.array(z.string().min(1)).min(1).describe('Who may decide, by the name the service knows them by.'),
});
export type Entry = z.output<typeof entry>;

export const myPlugin = definePlugin({
  name: 'my-plugin',
  apiVersion: 1,
  summary: 'Asks for approvals in a chat.',
  config: z.strictObject({}).prefault({}), // an entry of `approval.channels` is what configures a channel
  reaches: { network: ['the url of each channel of type my-plugin'] },
  register({ contribute, routes }) {
    const open = new Map<string, { readonly desk: ChannelDesk; readonly entry: Entry }>();
    contribute(approvalChannel, {
      type: 'my-plugin',
      schema: entry,
      // No I/O here: it also runs when helio.yaml is only checked.
      open(config: Entry, desk) {
        open.set(desk.name, { desk, entry: config });
        const post = async (message: object, signal: AbortSignal) => {
          const init = {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(message),
          };
          const response = await fetch(config.url, { ...init, redirect: 'error', signal });
          await response.arrayBuffer();
          // The message of an Error is kept beside the ticket for people to read: no secret belongs in it.
          if (!response.ok) throw new Error(`the service answered ${response.status}`);
        };
        return {
          people: config.approvers,
          show: (ticket, event, signal) =>
            post({ channel: desk.name, ticket: ticket.id, event, text: messageOf(ticket) }, signal),
          // Helio tells every change; a channel that cannot edit its message leaves this out.
          update: (ticket, _handle, signal) =>
            post({ channel: desk.name, ticket: ticket.id, event: ticket.state }, signal),
        };
      },
    });
    // At /hooks/my-plugin/answer, without a login: the route proves for itself who is asking.
    routes((app) => answerRoute(app, open), { auth: 'own' });
  },
});
export default myPlugin;
