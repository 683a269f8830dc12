/** The adapter that fits an upstream's transport. */
import type { Log } from '../../plugin.ts';
import { transportOf, type UpstreamConfig } from '../config.ts';
import type { OwnIdentity } from '../own-client.ts';
import type { Upstream } from '../upstream.ts';
import { createHttpUpstream } from './http.ts';
import { createSseUpstream } from './sse.ts';
import { createStdioUpstream } from './stdio.ts';

export interface UpstreamOptions {
  readonly name: string;
  readonly config: UpstreamConfig;
  readonly log: Log;
  readonly configDir: string;
  readonly self: OwnIdentity;
  /** A connection was made anew: what was known of the tools may be wrong. */
  readonly onNewConnection: () => void;
}

export function createUpstream(options: UpstreamOptions): Upstream {
  switch (transportOf(options.config)) {
    case 'http':
      return createHttpUpstream({ ...options, config: { ...options.config, url: options.config.url! } });
    case 'stdio':
      return createStdioUpstream({ ...options, config: { ...options.config, command: options.config.command! } });
    case 'sse':
      return createSseUpstream({ ...options, config: { ...options.config, url: options.config.url! } });
  }
}
