/** Approvals by webhook: signed messages out, a one-time decision link back. */
import { definePlugin } from '@gethelio/proxy/plugin';
import { approvalChannel, type ChannelDesk } from '@gethelio/proxy/contracts/approvals';
import { operatorAccess } from '@gethelio/proxy/contracts/operator';
import { z } from 'zod';
import { createWebhook } from './channel.ts';
import { webhookSchema, type WebhookConfig } from './config.ts';
import { buildRoutes } from './decide.ts';

export const approvalsWebhook = definePlugin({
  name: 'approvals-webhook',
  apiVersion: 1,
  summary: 'Approvals by webhook: signed messages and one-time decision links.',
  config: z.strictObject({}).prefault({}),
  needs: { operatorAccess },
  reaches: { network: ['the url of each webhook channel'] },
  register({ needs, contribute, routes }) {
    const desks = new Map<string, ChannelDesk>();
    contribute(approvalChannel, {
      type: 'webhook',
      schema: webhookSchema,
      open(config: WebhookConfig, desk) {
        desks.set(desk.name, desk);
        return createWebhook(config, desk, () => needs.operatorAccess.url());
      },
    });
    routes((app) => buildRoutes(app, desks), { auth: 'own' });
  },
});
export default approvalsWebhook;
