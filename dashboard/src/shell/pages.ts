/** Every page: its path, its name, its key, the code that draws it. Code is fetched when the page is opened first. */
import { html, type TemplateResult } from 'lit';
import type { IconName } from '../elements/icon.ts';

export interface Page {
  readonly path: string;
  readonly title: string;
  readonly icon: IconName;
  /** The second key after `g`. */
  readonly key: string;
  load(): Promise<unknown>;
  show(): TemplateResult;
}

export const pages: readonly Page[] = [
  {
    path: '/',
    title: 'Overview',
    icon: 'overview',
    key: 'o',
    load: () => import('../pages/overview.ts'),
    show: () => html`<helio-overview></helio-overview>`,
  },
  {
    path: '/live',
    title: 'Live',
    icon: 'live',
    key: 'l',
    load: () => import('../pages/live.ts'),
    show: () => html`<helio-live></helio-live>`,
  },
  {
    path: '/approvals',
    title: 'Approvals',
    icon: 'approvals',
    key: 'a',
    load: () => import('../pages/approvals.ts'),
    show: () => html`<helio-approvals></helio-approvals>`,
  },
  {
    path: '/audit',
    title: 'Audit',
    icon: 'audit',
    key: 'u',
    load: () => import('../pages/audit.ts'),
    show: () => html`<helio-audit></helio-audit>`,
  },
  {
    path: '/limits',
    title: 'Limits and budgets',
    icon: 'limits',
    key: 'b',
    load: () => import('../pages/limits.ts'),
    show: () => html`<helio-limits></helio-limits>`,
  },
  {
    path: '/policies',
    title: 'Policies',
    icon: 'policies',
    key: 'p',
    load: () => import('../pages/policies.ts'),
    show: () => html`<helio-policies></helio-policies>`,
  },
  {
    path: '/tools',
    title: 'Tools',
    icon: 'tools',
    key: 't',
    load: () => import('../pages/tools.ts'),
    show: () => html`<helio-tools></helio-tools>`,
  },
  {
    path: '/sessions',
    title: 'Sessions',
    icon: 'sessions',
    key: 's',
    load: () => import('../pages/sessions.ts'),
    show: () => html`<helio-sessions></helio-sessions>`,
  },
  {
    path: '/plugins',
    title: 'Plugins',
    icon: 'plugins',
    key: 'n',
    load: () => import('../pages/plugins.ts'),
    show: () => html`<helio-plugins></helio-plugins>`,
  },
  {
    path: '/connect',
    title: 'Connect',
    icon: 'connect',
    key: 'c',
    load: () => import('../pages/connect.ts'),
    show: () => html`<helio-connect></helio-connect>`,
  },
  {
    path: '/settings',
    title: 'Settings',
    icon: 'settings',
    key: ',',
    load: () => import('../pages/settings.ts'),
    show: () => html`<helio-settings></helio-settings>`,
  },
];

/** The page of a path; `/sessions/abc` belongs to `/sessions`. */
export function pageOf(path: string): Page | undefined {
  return pages.find((page) => page.path === path || (page.path !== '/' && path.startsWith(`${page.path}/`)));
}
