/** `helio plugins check`: that every plugin loads, what others' plugins may do, and what is new since it was accepted. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownKeys, descriptionAt } from '../../config/schema-walk.ts';
import { exitCodes, helioError } from '../../errors.ts';
import { inspectOrThrow, type Inspected } from '../../inspect.ts';
import { pluginViews } from '../../kernel-api.ts';
import { createLog } from '../../log.ts';
import { grown, manifestsOf, type AcceptedPlugins } from '../../plugins/accepted.ts';
import { configPathOf } from '../config-path.ts';
import { note, out } from '../terminal.ts';
import { parseUsage } from '../usage.ts';
import { formatView } from './plugins.ts';

const fileName = 'helio.plugins.json';

export async function run(args: readonly string[]): Promise<number> {
  const usage = parseUsage(args, (command) =>
    command
      .name('helio plugins check')
      .description(
        `Checks the plugins that did not come with Helio, and compares them with ${fileName} beside helio.yaml.`,
      )
      .option('--accept', `write down in ${fileName} what they do now`),
  );
  if (usage === undefined) return exitCodes.ok;
  const inspected = await inspectOrThrow(configPathOf(usage), process.env, createLog({ level: 'error' }));
  try {
    const views = pluginViews(inspected.generation);
    const now = manifestsOf(views);
    const path = join(inspected.file.dir, fileName);
    const isWritten = existsSync(path);
    const changes = grown(isWritten ? readAccepted(path) : {}, now);
    const advice = adviceOn(inspected);
    if (usage.options['accept'] === true) writeFileSync(path, `${JSON.stringify(now, null, 2)}\n`);
    const mustAccept = isWritten && usage.options['accept'] !== true && changes.length > 0;
    if (usage.options['json'])
      out(JSON.stringify({ plugins: now, changes: isWritten ? changes : [], advice, accepted: !mustAccept }));
    else {
      const foreign = views.filter(({ source }) => source !== 'standard');
      out(foreign.length === 0 ? 'Only plugins that came with Helio.' : foreign.map(formatView).join('\n\n'));
      for (const line of advice) note(`advice: ${line}`);
      if (isWritten)
        for (const { plugin, isNew, more } of changes)
          note(`${plugin} ${isNew ? 'is new' : 'newly'}: ${more.join(', ')}`);
      else if (foreign.length > 0 && usage.options['accept'] !== true)
        note(`"helio plugins check --accept" writes this down; later checks then tell what an upgrade adds`);
    }
    if (mustAccept && !usage.options['json'])
      throw helioError('HELIO_PLUGIN_CHANGED', {
        plugins: changes.map(({ plugin }) => plugin).join(', '),
        file: fileName,
      });
    return mustAccept ? exitCodes.failure : exitCodes.ok;
  } finally {
    await inspected.close();
  }
}

function readAccepted(path: string): AcceptedPlugins {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as AcceptedPlugins;
  } catch {
    // told below
  }
  throw helioError('HELIO_CLI_USAGE', { detail: `${path} is no list of plugins`, command: 'helio plugins check' });
}

/** What makes a plugin hard to use for others, though it works. */
function adviceOn({ generation }: Inspected): readonly string[] {
  return generation.plugins
    .filter(({ plugin }) => plugin.source === 'file' || plugin.source === 'package')
    .flatMap(({ plugin: { definition } }) => {
      const { name, summary, config } = definition;
      const silent = knownKeys(config, []).filter((key) => descriptionAt(config, [key]) === undefined);
      return [
        ...(summary === undefined ? [`${name} has no summary: one sentence for "helio plugins"`] : []),
        ...silent.map((key) => `${name}: its key "${key}" has no description: .describe('...')`),
      ];
    });
}
