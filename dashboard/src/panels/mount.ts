/** Loads a plugin's element and hands it its host; a panel that throws leaves its name and its error in its place. */
import type { Host } from '../app/host.ts';
import { clock, duration, money } from '../app/format.ts';
import { seenTheme } from '../app/preferences.ts';
import type { Panel } from '../api-types.ts';

export interface PanelCall {
  readonly id: string;
  readonly name: string;
  readonly upstream: string;
}

/** The element, or what went wrong. Never rejects. */
export async function mountPanel(
  panel: Panel,
  host: Host,
  call: PanelCall | undefined,
  failed: (error: Error) => void,
): Promise<HTMLElement | undefined> {
  try {
    await import(/* @vite-ignore */ panel.module);
    if (customElements.get(panel.element) === undefined)
      throw new Error(`${panel.module} does not define <${panel.element}>`);
    const element = document.createElement(panel.element);
    const watched = guard(element, failed);
    Object.assign(element, { host: hostFor(panel, host, call) });
    return watched;
  } catch (error) {
    failed(error as Error);
    return undefined;
  }
}

/**
 * Lit and plain elements draw in callbacks of their own, so that a try around `append` sees nothing: what they throw
 * arrives as a rejected update or as an error of the window whose stack names the panel's file.
 */
function guard(element: HTMLElement, failed: (error: Error) => void): HTMLElement {
  const updates = element as { updateComplete?: Promise<unknown> };
  queueMicrotask(() => updates.updateComplete?.catch((error: unknown) => failed(error as Error)));
  return element;
}

function hostFor(panel: Panel, host: Host, call: PanelCall | undefined): object {
  const base = `/api/plugins/${panel.plugin}`;
  return Object.freeze({
    plugin: panel.plugin,
    slot: panel.slot,
    api: (
      path: string,
      options: { readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'; readonly body?: unknown } = {},
    ) => host.api.call(base + (path.startsWith('/') ? path : `/${path}`), options),
    subscribe: (type: 'call', listener: (event: unknown) => void) => host.events.on(type, listener),
    navigate: (path: string) => host.router.go(path),
    theme: seenTheme(),
    format: { time: (atMs: number) => clock(atMs), duration, money },
    ...(call === undefined ? {} : { call }),
  });
}
