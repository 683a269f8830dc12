/** What the shell hands to every page and element: by context, never by import. */
import { createContext } from '@lit/context';
import type { Panel, Status } from '../api-types.ts';
import type { Api } from './api.ts';
import type { EventStream } from './events.ts';
import type { Router } from './router.ts';

export interface Host {
  readonly api: Api;
  readonly events: EventStream;
  readonly router: Router;
  /** The last status read; undefined until the first answer. */
  status(): Status | undefined;
  panels(): readonly Panel[];
  /** Whether a plugin is loaded: a page without its plugin says so. */
  has(plugin: string): boolean;
  /** Reads the status again. */
  refresh(): void;
  /** A short sentence at the foot of the window. */
  say(text: string, tone?: 'good' | 'bad'): void;
  /** Runs when status or panels changed. */
  onChange(listener: () => void): () => void;
}
export const hostContext = createContext<Host>(Symbol('helio.host'));
