/** An upstream that is a program: one child per legacy session, and one for everybody in the modern era. */
import { isAbsolute, resolve } from 'node:path';
import { helioError } from '../../errors.ts';
import type { UpstreamConfig } from '../config.ts';
import type { Upstream } from '../upstream.ts';
import { createBridge } from './bridge.ts';
import { childEnvironment, openChild } from './child.ts';
import type { UpstreamOptions } from './create.ts';
import { whyNotStartable } from './program.ts';

export function createStdioUpstream(
  options: UpstreamOptions & { readonly config: UpstreamConfig & { readonly command: string } },
): Upstream {
  const { name, config, log, configDir, self, onNewConnection } = options;
  const child = {
    name,
    command: programOf(config.command, configDir),
    args: config.args ?? [],
    env: childEnvironment(config.env, config.inherit_env),
    cwd: resolve(configDir, config.cwd ?? '.'),
    log,
  };
  const unstartable = () => whyNotStartable(child);
  const reason = unstartable();
  // Said at the start: the first call that fails may be days away. Helio stays up, and tries at every call.
  if (reason !== undefined) {
    const { code, message, fix } = helioError('HELIO_UPSTREAM_PROGRAM', { upstream: name, reason });
    log.warn(message, { code, upstream: name, command: config.command, fix });
  }
  return createBridge({
    name,
    transport: 'stdio',
    timeoutMs: config.timeout,
    unstartable,
    open: () => (events) => openChild(child, events),
    speaksModern: true,
    log,
    self,
    onNewConnection,
  });
}

/** `./server.js` is beside helio.yaml, not in the folder that Helio was started from; a bare name is looked up in PATH. */
function programOf(command: string, configDir: string): string {
  const isPath = command.includes('/') || command.includes('\\');
  return isPath && !isAbsolute(command) ? resolve(configDir, command) : command;
}
