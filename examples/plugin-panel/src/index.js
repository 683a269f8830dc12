/** What every agent spent today: counted in Helio's own store, shown on a page and in a card of the dashboard. */
import { commit, definePlugin } from '@gethelio/proxy/plugin';
import { dashboardPanel } from '@gethelio/proxy/contracts/dashboard';
import { agent } from '@gethelio/proxy/contracts/identity';
import { ledger } from '@gethelio/proxy/contracts/state';
import { z } from 'zod';
import { dayOf, takeOf, today } from './spend.js';

export const agentSpend = definePlugin({
  name: 'agent-spend',
  apiVersion: 1,
  summary: 'Shows what every agent spent today.',
  config: z
    .strictObject({
      tools: z
        .array(z.string().min(1))
        .min(1)
        .default(['create_payment'])
        .describe('The tools that spend money, by their exact names.'),
      amount: z
        .string()
        .regex(/^\$(\.[A-Za-z_]\w*)+$/, 'is written like $.amount or $.payment.amount')
        .default('$.amount')
        .describe('Where the amount stands in their arguments. It must be a number there.'),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/, 'is three capital letters')
        .default('GBP')
        .describe('What the amounts are shown in. Nothing is converted.'),
    })
    .prefault({}),
  // It only observes: a failure here never changes what becomes of a call.
  taps: ['onDecision'],
  needs: { commit, ledger },
  register(api) {
    const { config, needs, hooks } = api;
    const tools = new Set(config.tools);

    hooks.onDecision.tap(async ({ call, facts, outcome, answer, atMs }) => {
      if (call?.kind !== 'tool' || !tools.has(call.name)) return;
      // As spend limits do: what may have been spent counts, an answer that only asks for more input does not.
      if (!['forwarded', 'withheld', 'unknown'].includes(outcome) || answer?.kind === 'input_required') return;
      const spender = facts.get(agent)?.id ?? '';
      await needs.commit.commit([takeOf(call.id, spender, call.decimal(config.amount), atMs)]);
    });

    // At /api/plugins/agent-spend/today, behind the operator's login.
    api.routes((app) => {
      app.get('/today', async () => ({
        currency: config.currency,
        ...(await today(needs.ledger, dayOf(api.clock.nowMs()))),
      }));
    });

    // One element in two slots: it looks at `host.slot`.
    for (const { slot, title } of /** @type {const} */ ([
      { slot: 'page', title: 'Agent spend' },
      { slot: 'overview-card', title: 'Spent today' },
    ]))
      api.contribute(dashboardPanel, {
        plugin: api.name,
        slot,
        title,
        element: 'agent-spend-panel', // begins with the plugin's name
        folder: new URL('../panel/', import.meta.url), // served whole, so nothing else belongs in it
        module: 'panel.js',
        icon: 'M2.5 13.5h11M4 11V8m4 3V3m4 8V6',
      });
  },
});
export default agentSpend;
