/** Panels of plugins: what the dashboard may load, and the folders that their files come from. */
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { DashboardPanel } from './contract.ts';

const elementName = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/;
const slots = new Set<DashboardPanel['slot']>(['page', 'overview-card', 'call-section', 'settings']);

/** A sentence about the first panel that cannot be used. */
export function wrongPanel(panels: readonly DashboardPanel[]): string | undefined {
  for (const panel of panels) {
    const who = `the panel "${panel.title}" of "${panel.plugin}"`;
    if (!slots.has(panel.slot)) return `${who} names no slot: write ${[...slots].join(', ')}`;
    if (!elementName.test(panel.element) || !panel.element.startsWith(`${panel.plugin}-`)) {
      return `${who} has the element name "${panel.element}"; it must begin with "${panel.plugin}-"`;
    }
    if (panel.folder.protocol !== 'file:' || !panel.folder.pathname.endsWith('/'))
      return `${who} must name a folder: new URL('./panel/', import.meta.url)`;
    if (panel.module.startsWith('/') || panel.module.split(/[\\/]/).includes('..'))
      return `${who} has a module outside its folder: "${panel.module}"`;
    const folders = new Set(panels.filter(({ plugin }) => plugin === panel.plugin).map(({ folder }) => folder.href));
    if (folders.size > 1) return `the panels of "${panel.plugin}" come from different folders`;
  }
  return undefined;
}

/** What `/api/panels` tells: where the module is, never where it lies on disk. */
export function panelViews(panels: readonly DashboardPanel[]) {
  return panels.map(({ plugin, slot, title, element, module, icon }) => ({
    plugin,
    slot,
    title,
    element,
    module: `/plugins/${plugin}/${module}`,
    icon: icon ?? null,
  }));
}

/** `/plugins/<name>/...`, each from its plugin's own folder only. */
export async function servePanels(app: FastifyInstance, panels: readonly DashboardPanel[]): Promise<void> {
  const folders = new Map(panels.map(({ plugin, folder }) => [plugin, folder]));
  for (const [plugin, folder] of folders) {
    await app.register(
      async (scope) => {
        await scope.register(fastifyStatic, {
          root: fileURLToPath(folder),
          prefix: '/',
          index: false,
          dotfiles: 'deny',
          cacheControl: false,
          setHeaders: (reply) => void reply.header('cache-control', 'no-cache'),
        });
      },
      { prefix: `/${plugin}` },
    );
  }
}
