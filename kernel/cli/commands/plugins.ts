/** `helio plugins list|info|check|docs|new`: who can do what, before anything runs. */
import { exitCodes, helioError } from '../../errors.ts';
import { inspectOrThrow, type Inspected } from '../../inspect.ts';
import { pluginViews } from '../../kernel-api.ts';
import { createLog } from '../../log.ts';
import type { PluginView } from '../../plugin.ts';
import { hookNames } from '../../taps.ts';
import { configPathOf } from '../config-path.ts';
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
      .description('list: the plugins and what they tap, need and provide. info NAME. check, docs, new: for authors.')
      .argument('[what]', 'list, info, check, docs or new', 'list')
      .argument('[name]', 'of info')
      .option('--order', 'the order of all taps, hook by hook'),
  );
  if (usage === undefined) return exitCodes.ok;
  const [what = 'list', name] = usage.args;
  if (what !== 'list' && what !== 'info')
    throw helioError('HELIO_CLI_USAGE', { detail: `unknown word "${what}"`, command: 'helio plugins' });
  const inspected = await inspectOrThrow(configPathOf(usage), process.env, createLog({ level: 'error' }));
  try {
    const views = pluginViews(inspected.generation);
    if (usage.options['order'] === true) out(formatOrder(inspected));
    else if (what === 'info')
      out(usage.options['json'] ? JSON.stringify(named(views, name)) : formatView(named(views, name)));
    else out(usage.options['json'] ? JSON.stringify({ plugins: views }) : formatViews(views));
  } finally {
    await inspected.close();
  }
  return exitCodes.ok;
}

function named(views: readonly PluginView[], name: string | undefined): PluginView {
  const view = views.find((plugin) => plugin.name === name);
  if (view === undefined)
    throw helioError('HELIO_CLI_USAGE', {
      detail: `no plugin "${name ?? ''}" is loaded`,
      command: 'helio plugins list',
    });
  return view;
}

function formatViews(views: readonly PluginView[]): string {
  return formatTable(
    ['PLUGIN', 'FROM', 'TAPS', 'NEEDS', 'PROVIDES'],
    views.map((view) => [
      view.name,
      view.implied ? `${view.source} (implied)` : view.source,
      [...new Set(view.taps.map(({ hook, stage }) => `${hook}/${stage}`))].join(' ') || '-',
      view.needs.join(' ') || '-',
      view.provides.join(' ') || '-',
    ]),
  );
}

export function formatView(view: PluginView): string {
  const row = (label: string, values: readonly string[]): string =>
    `  ${label.padEnd(10)}${values.join(', ') || 'nothing'}`;
  return [
    `${view.name} ${view.version} (${view.source}${view.implied ? ', implied' : ''})`,
    row(
      'taps',
      view.taps.map(({ hook, stage, place }) => `${hook}/${stage} (${place + 1})`),
    ),
    row('needs', view.needs),
    row('wants', view.wants),
    row('provides', view.provides),
    row('owns', view.owns),
    row('reaches', [
      ...view.reaches.network.map((host) => `network ${host}`),
      ...view.reaches.secrets.map((secret) => `secret ${secret}`),
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
