/** How a plugin shows something of its own in the dashboard, and what its element is handed. */
import { defineExtension } from '@gethelio/proxy/plugin';

/** `page`: an entry of the navigation. `overview-card`: a card. `call-section`: in a call's drawer. `settings`: a section. */
export type PanelSlot = 'page' | 'overview-card' | 'call-section' | 'settings';

/**
 * One custom element in one slot. Its module runs with the viewer's session: panels are trusted code, as plugins are.
 * The module is self-contained (no import map) and defines `element`; the dashboard creates it and sets `host`.
 */
export interface DashboardPanel {
  /** The contributing plugin: `api.name`. */
  readonly plugin: string;
  readonly slot: PanelSlot;
  /** Shown in the navigation, or as the heading. */
  readonly title: string;
  /** The custom element's name; starts with the plugin's name: `quiet-hours-panel`. */
  readonly element: string;
  /** The folder whose files are served at `/plugins/<name>/`, nothing outside it: `new URL('./panel/', import.meta.url)`. */
  readonly folder: URL;
  /** The ES module inside `folder`. */
  readonly module: string;
  /** The path of a 16 x 16 outline (an SVG path's `d`); left out: a neutral shape. */
  readonly icon?: string;
}
export const dashboardPanel = defineExtension<DashboardPanel>('dashboard.panel');

/** What a panel's element finds in its property `host`. */
export interface PanelHost {
  /** The plugin that owns the panel. */
  readonly plugin: string;
  readonly slot: PanelSlot;
  /** `fetch` bound to the plugin's own routes (`/api/plugins/<plugin>`): JSON in, JSON out; rejects with the error's sentence. */
  api(
    path: string,
    options?: { readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'; readonly body?: unknown },
  ): Promise<unknown>;
  /** Events of the dashboard's stream (`call`, `approval`, `budget`, `config`, `plugin`). Returns how to stop. */
  subscribe(type: string, listener: (event: unknown) => void): () => void;
  /** Goes to a page of the dashboard: `/audit?tool=create_payment`. */
  navigate(path: string): void;
  readonly theme: 'light' | 'dark';
  readonly format: {
    time(atMs: number): string;
    duration(ms: number): string;
    /** Exact decimals in, the viewer's grouping out: `money("1234.50", "GBP")`. */
    money(amount: string, currency?: string): string;
  };
  /** The call whose drawer it is, in the slot `call-section`. */
  readonly call?: { readonly id: string; readonly name: string; readonly upstream: string };
}
