/** A card in the dashboard that shows how often each tool was called, and the route that it reads. */
import { definePlugin } from '@gethelio/proxy/plugin';
import { dashboardPanel } from '@gethelio/proxy/contracts/dashboard';
import { z } from 'zod';

export const myPlugin = definePlugin({
  name: 'my-plugin',
  apiVersion: 1,
  summary: 'Shows on the dashboard how often each tool was called.',
  config: z
    .strictObject({
      title: z.string().min(1).default('Calls by tool').describe('The heading of the card.'),
      most: z.int().min(1).max(100).default(10).describe('How many tools it lists.'),
    })
    .prefault({}),
  taps: ['onDecision'], // it only observes: in helio.yaml it may have `on_error: continue`
  register(api) {
    // Kept over a reload of helio.yaml; gone with the process. For more, see the contract `state`.
    const counts = api.keep('counts', () => new Map<string, number>());
    api.hooks.onDecision.tap(({ call }) => {
      if (call?.kind !== 'tool') return;
      if (counts.has(call.name) || counts.size < 1_000) counts.set(call.name, (counts.get(call.name) ?? 0) + 1);
    });
    // At /api/plugins/my-plugin/counts, behind the operator's login.
    api.routes((app) => {
      app.get('/counts', async () => {
        const sorted = [...counts].sort(([, a], [, b]) => b - a).slice(0, api.config.most);
        return { counts: sorted.map(([tool, calls]) => ({ tool, calls })) };
      });
    });
    api.contribute(dashboardPanel, {
      plugin: api.name,
      slot: 'overview-card',
      title: api.config.title,
      element: 'my-plugin-card', // begins with the plugin's name
      folder: new URL('../panel/', import.meta.url), // served whole, so nothing else belongs in it
      module: 'card.js',
    });
  },
});
export default myPlugin;
