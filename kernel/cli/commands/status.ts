/** `helio status`: how the running Helio is doing. */
import { exitCodes } from '../../errors.ts';
import { inspectOrThrow } from '../../inspect.ts';
import { createLog } from '../../log.ts';
import type { ConfigurationView, JsonObject, PluginView, UpstreamView } from '../../plugin.ts';
import { askRunning } from '../ask.ts';
import { configPathOf } from '../config-path.ts';
import { out } from '../terminal.ts';
import { parseUsage } from '../usage.ts';

/** What `GET /api/status` answers, as far as it is shown here. */
interface Status {
  readonly version: string;
  readonly config: Pick<ConfigurationView, 'path' | 'hash' | 'generation' | 'loadedAtMs'> & {
    readonly lastReload: ConfigurationView['lastReload'] | null;
  };
  readonly upstreams: readonly UpstreamView[];
  readonly plugins?: readonly PluginView[];
}

export async function run(args: readonly string[]): Promise<number> {
  const usage = parseUsage(args, (command) =>
    command.name('helio status').description('Asks the running Helio how it is doing.'),
  );
  if (usage === undefined) return exitCodes.ok;
  const inspected = await inspectOrThrow(configPathOf(usage), process.env, createLog({ level: 'error' }));
  try {
    const status = (await askRunning(inspected, 'GET', '/api/status')) as JsonObject;
    if (usage.options['json'] === true) out(JSON.stringify(status));
    else out(formatStatus(status as unknown as Status, inspected.file.hash));
  } finally {
    await inspected.close();
  }
  return exitCodes.ok;
}

function formatStatus({ version, config, upstreams }: Status, hashOnDisk: string): string {
  const { path, hash, generation, loadedAtMs, lastReload } = config;
  const row = (label: string, text: string): string => `  ${label.padEnd(10)}${text}`;
  const reload = !lastReload || lastReload.ok ? [] : [row('reload', `refused: ${lastReload.error ?? 'see the log'}`)];
  const stale = hash === hashOnDisk ? [] : [row('', 'helio.yaml on disk is another one than what runs')];
  return [
    `Helio ${version} is running`,
    row('config', `${path} (${hash.slice(0, 12)}, generation ${generation})`),
    row('since', new Date(loadedAtMs).toISOString()),
    ...reload,
    ...stale,
    ...upstreams.map(({ name, transport, state, detail }) =>
      row('upstream', `${name} (${transport}): ${state}${detail ? `, ${detail}` : ''}`),
    ),
  ].join('\n');
}
