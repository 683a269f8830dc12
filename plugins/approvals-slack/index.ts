/** Approvals in Slack: a card with buttons per ticket, answered through `/hooks/approvals-slack/interactions`. */
import { definePlugin, doctorCheck } from '@gethelio/proxy/plugin';
import { approvalChannel } from '@gethelio/proxy/contracts/approvals';
import { operatorAccess } from '@gethelio/proxy/contracts/operator';
import { z } from 'zod';
import { createClient, createSlackChannel, type SlackChannel } from './channel.ts';
import { askSlack } from './doctor.ts';
import { slackSchema, type SlackConfig } from './config.ts';
import { buildRoutes } from './interactions.ts';

export const approvalsSlack = definePlugin({
  name: 'approvals-slack',
  apiVersion: 1,
  summary: 'Approvals in Slack: a card with buttons per ticket.',
  config: z.strictObject({}).prefault({}),
  needs: { operatorAccess },
  reaches: { network: ['slack.com'], secrets: ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET'] },
  register({ needs, contribute, routes, log }) {
    const channels = new Map<string, SlackChannel>();
    contribute(approvalChannel, {
      type: 'slack',
      schema: slackSchema,
      open(config: SlackConfig, desk) {
        const channel = { config, desk, client: createClient(config, log) };
        channels.set(desk.name, channel);
        return createSlackChannel(channel, () => needs.operatorAccess.url());
      },
    });
    routes((app) => buildRoutes(app, channels), { auth: 'own' });
    contribute(doctorCheck, { name: 'slack', run: () => askSlack([...channels.values()]) });
  },
});
export default approvalsSlack;
