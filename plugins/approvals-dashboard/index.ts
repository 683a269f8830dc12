/** The inbox as a channel and as REST: operators who are logged in see every ticket and decide those of this channel. */
import { definePlugin } from '@gethelio/proxy/plugin';
import { approvalChannel, approvalDesk } from '@gethelio/proxy/contracts/approvals';
import { operatorAccess } from '@gethelio/proxy/contracts/operator';
import { z } from 'zod';
import { buildRoutes } from './routes.ts';

export const approvalsDashboard = definePlugin({
  name: 'approvals-dashboard',
  apiVersion: 1,
  summary: 'The approvals inbox: REST for the dashboard and the commands.',
  config: z.strictObject({}).prefault({}),
  needs: { approvalDesk, operatorAccess },
  register({ needs, contribute, routes }) {
    contribute(approvalChannel, {
      type: 'dashboard',
      schema: z.strictObject({}),
      always: 'dashboard',
      open: () => ({ people: needs.operatorAccess.names }), // nothing to send: people look there by themselves
    });
    routes((app) => buildRoutes(app, needs), { prefix: '/api/approvals' });
  },
});
export default approvalsDashboard;
