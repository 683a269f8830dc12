/** `helio plugins check`: that every plugin can be loaded, what others' plugins may do, and what is new since it was accepted. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownKeys, descriptionAt } from '../../config/schema-walk.ts';
import { exitCodes, helioError } from '../../errors.ts';
import { checkServices } from '../../generation.ts';
import { grown, powersOf, type AcceptedPlugins } from '../../plugins/accepted.ts';
import { manifestOf } from '../../plugins/manifest.ts';
import type { ResolvedPlugin } from '../../plugins/resolve.ts';
import { configPathOf } from '../config-path.ts';
import { readPlugins } from '../plugins-read.ts';
import { note, out } from '../terminal.ts';
import { parseUsage } from '../usage.ts';
import { formatManifest } from './plugins.ts';

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
  const { file, plugins } = await readPlugins(configPathOf(usage), process.env);
  checkServices(plugins);
  const manifests = plugins.map(manifestOf);
  const now = powersOf(manifests);
  const path = join(file.dir, fileName);
  const isWritten = existsSync(path);
  const accepts = usage.options['accept'] === true;
  const changes = isWritten ? grown(readAccepted(path), now) : [];
  const advice = adviceOn(plugins);
  if (accepts) writeFileSync(path, `${JSON.stringify(now, null, 2)}\n`);
  const mustAccept = !accepts && changes.length > 0;
  if (usage.options['json']) {
    out(JSON.stringify({ plugins: now, changes, advice, accepted: !mustAccept }));
    return mustAccept ? exitCodes.failure : exitCodes.ok;
  }
  const foreign = manifests.filter(({ source }) => source !== 'standard');
  out(foreign.length === 0 ? 'Only plugins that came with Helio.' : foreign.map(formatManifest).join('\n\n'));
  for (const line of advice) note(`advice: ${line}`);
  for (const { plugin, isNew, more } of changes)
    note(`${plugin} ${isNew ? 'is new' : 'newly'}: ${more.join(', ') || 'it does nothing that has to be declared'}`);
  if (!isWritten && !accepts && foreign.length > 0)
    note(`"helio plugins check --accept" writes this down; later checks then tell what an upgrade adds`);
  if (mustAccept)
    throw helioError('HELIO_PLUGIN_CHANGED', {
      plugins: changes.map(({ plugin }) => plugin).join(', '),
      file: fileName,
    });
  return exitCodes.ok;
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
function adviceOn(plugins: readonly ResolvedPlugin[]): readonly string[] {
  return plugins
    .filter(({ source }) => source === 'file' || source === 'package')
    .flatMap(({ definition: { name, summary, config } }) => {
      const silent = knownKeys(config, []).filter((key) => descriptionAt(config, [key]) === undefined);
      return [
        ...(summary === undefined ? [`${name} has no summary: one sentence for "helio plugins"`] : []),
        ...silent.map((key) => `${name}: its key "${key}" has no description: .describe('...')`),
      ];
    });
}
