/** The dashboard: the built pages, what they read, what happens as it happens, and the panels of other plugins. */
import { definePlugin } from '@gethelio/proxy/plugin';
import { approvalDesk } from '@gethelio/proxy/contracts/approvals';
import { auditFeed, auditTrail } from '@gethelio/proxy/contracts/audit';
import { completedSteps } from '@gethelio/proxy/contracts/dependencies';
import { evidenceBook } from '@gethelio/proxy/contracts/evidence';
import { operatorAccess } from '@gethelio/proxy/contracts/operator';
import { policyRules } from '@gethelio/proxy/contracts/policy';
import { z } from 'zod';
import { dashboardPanel } from './contract.ts';
import { serveFiles } from './files.ts';
import { servePanels, wrongPanel } from './panels.ts';
import { addRoutes } from './routes.ts';
import { rowOf } from './row.ts';
import { createStream } from './stream.ts';

export const dashboard = definePlugin({
  name: 'dashboard',
  apiVersion: 1,
  summary: 'The pages on port 3100: live feed, approvals, audit, limits, policies, tools, sessions, plugins.',
  section: 'dashboard-pages', // `dashboard` is the operator's: host, port and secrets of the listener
  config: z.strictObject({}).prefault({}).describe('Nothing to set: the listener is configured under dashboard.'),
  taps: ['onDecision'],
  needs: { operator: operatorAccess },
  wants: {
    feed: auditFeed,
    trail: auditTrail,
    rules: policyRules,
    desk: approvalDesk,
    evidence: evidenceBook,
    steps: completedSteps,
  },
  owns: { panels: dashboardPanel },
  register(api) {
    const { wants } = api;
    const startedAtMs = api.keep('startedAtMs', () => api.clock.nowMs());
    const stream = createStream();
    let seq = 0;

    // The feed's rows are durable, masked, and of every process on the file; without it the records themselves must do.
    if (wants.feed === undefined) api.hooks.onDecision.tap((record) => stream.rows([rowOf(record, ++seq)]));

    api.onCheck(() => {
      const wrong = wrongPanel(api.collect('panels'));
      if (wrong !== undefined) throw new Error(wrong);
    });
    api.routes(serveFiles, { auth: 'own', prefix: '' });
    api.routes((app) => servePanels(app, api.collect('panels')), { prefix: '/plugins' });
    api.routes(
      (app) =>
        addRoutes(app, {
          kernel: api.kernel,
          rules: wants.rules,
          desk: wants.desk,
          trail: wants.trail,
          feed: wants.feed,
          panels: api.collect('panels'),
          books: { evidence: wants.evidence, steps: wants.steps },
          stream,
          startedAtMs,
          nowMs: () => api.clock.nowMs(),
        }),
      { prefix: '/api' },
    );

    let stop: (() => void) | undefined;
    api.onStart(() => {
      stop = wants.feed?.subscribe((event) =>
        event.type === 'rows' ? stream.rows(event.rows) : stream.resync('too much happened at once'),
      );
    });
    // Readers come again by themselves, with a login that is checked anew and the place where they were.
    api.onStop(() => {
      stop?.();
      stream.close();
    });
  },
});
export default dashboard;
