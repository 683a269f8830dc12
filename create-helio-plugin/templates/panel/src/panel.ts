/** A card of this plugin in the dashboard, and the route that it reads. */
import type { PluginApi } from '@gethelio/proxy/plugin';
import { dashboardPanel } from '@gethelio/proxy/contracts/dashboard';

type Api = Pick<PluginApi<unknown, never, {}, {}, {}>, 'name' | 'contribute' | 'kernel' | 'routes'>;

/** Called in `register`. Where the plugin `dashboard` is not loaded nobody sees the card, and nothing else changes. */
export function addPanel(api: Api): void {
  // At /api/plugins/my-plugin/panel, behind the operator's login. Put here what the card is to show.
  api.routes((app) => {
    app.get('/panel', async () => {
      const own = api.kernel.plugins().find(({ name }) => name === api.name);
      return { calls: own?.calls ?? 0, failures: own?.failures ?? 0, lastFailure: own?.lastFailure ?? null };
    });
  });
  api.contribute(dashboardPanel, {
    plugin: api.name,
    slot: 'overview-card', // or: page, call-section, settings
    title: 'my-plugin',
    element: 'my-plugin-card', // begins with the plugin's name
    folder: new URL('../panel/', import.meta.url), // served whole, so nothing else belongs in it
    module: 'card.js',
  });
}
