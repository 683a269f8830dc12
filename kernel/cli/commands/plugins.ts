/** `helio plugins list|info|check|docs|new`: who can do what, before anything runs. */
import { exitCodes, helioError } from '../../errors.ts';
import { inspectOrThrow, type Inspected } from '../../inspect.ts';
import { createLog } from '../../log.ts';
import { manifestOf, type Manifest } from '../../plugins/manifest.ts';
import { hookNames } from '../../taps.ts';
import { configPathOf } from '../config-path.ts';
import { readPlugins } from '../plugins-read.ts';
import { formatTable } from '../table.ts';
import { out } from '../terminal.ts';
import { parseUsage } from '../usage.ts';

export async function run(args: readonly string[]): Promise<number> {
  if (args[0] === 'new') return (await import('./plugins-new.ts')).run(args.slice(1));
  if (args[0] === 'check') return (await import('./plugins-check.ts')).run(args.slice(1));
  if (args[0] === 'docs') return (await import('./plugins-docs.ts')).run(args.slice(1));
  const usage = parseUsage(args, (command) =>
    command
      .name('helio plugins')
      .description(
        'list: the plugins and what they may tap, need, provide and reach. info NAME. check, docs, new: for authors. ' +
          'Plugins are imported and not registered: none of them acts.',
      )
      .argument('[what]', 'list, info, check, docs or new', 'list')
      .argument('[name]', 'of info')
      .option('--order', 'the order of all taps, hook by hook (for this the plugins are registered)'),
  );
  if (usage === undefined) return exitCodes.ok;
  const [what = 'list', name] = usage.args;
  if (what !== 'list' && what !== 'info')
    throw helioError('HELIO_CLI_USAGE', { detail: `unknown word "${what}"`, command: 'helio plugins' });
  if (usage.options['order'] === true) {
    const inspected = await inspectOrThrow(configPathOf(usage), process.env, createLog({ level: 'error' }));
    out(formatOrder(inspected));
    await inspected.close();
    return exitCodes.ok;
  }
  const { plugins } = await readPlugins(configPathOf(usage), process.env);
  const manifests = plugins.map(manifestOf);
  if (what === 'info') {
    const manifest = named(manifests, name);
    out(usage.options['json'] ? JSON.stringify(manifest) : formatManifest(manifest));
  } else out(usage.options['json'] ? JSON.stringify({ plugins: manifests }) : formatTableOf(manifests));
  return exitCodes.ok;
}

function named(manifests: readonly Manifest[], name: string | undefined): Manifest {
  const manifest = manifests.find((plugin) => plugin.name === name);
  if (manifest === undefined)
    throw helioError('HELIO_CLI_USAGE', {
      detail: name === undefined ? 'info needs the name of a plugin' : `no plugin "${name}" is listed`,
      command: 'helio plugins list',
    });
  return manifest;
}

function formatTableOf(manifests: readonly Manifest[]): string {
  return formatTable(
    ['PLUGIN', 'FROM', 'TAPS', 'NEEDS', 'PROVIDES', 'REACHES'],
    manifests.map(({ name, source, implied, taps, needs, provides, reaches }) => [
      name,
      implied ? `${source} (implied)` : source,
      taps.join(' ') || '-',
      needs.join(' ') || '-',
      provides.join(' ') || '-',
      [...reaches.network, ...reaches.secrets].join(' ') || '-',
    ]),
  );
}

export function formatManifest(manifest: Manifest): string {
  const row = (label: string, values: readonly string[]): string =>
    `  ${label.padEnd(10)}${values.join(', ') || 'nothing'}`;
  const { name, version, source, implied, taps, needs, wants, provides, owns, reaches } = manifest;
  return [
    `${name} ${version} (${source}${implied ? ', implied' : ''})`,
    ...(manifest.summary === '' ? [] : [`  ${manifest.summary}`]),
    row('taps', taps),
    row('needs', needs),
    row('wants', wants),
    row('provides', provides),
    row('owns', owns),
    row('reaches', [
      ...reaches.network.map((host) => `network ${host}`),
      ...reaches.secrets.map((secret) => `secret ${secret}`),
    ]),
  ].join('\n');
}

export function formatOrder({ generation }: Pick<Inspected, 'generation'>): string {
  return hookNames
    .map((hook) => {
      const taps = generation.hooks.taps[hook]!;
      return [
        hook,
        ...taps.map(({ stage, plugin }, index) => `  ${String(index + 1).padStart(2)}  ${stage.padEnd(10)}${plugin}`),
      ].join('\n');
    })
    .join('\n');
}
