/** `helio plugins docs NAME`: the table of a plugin's configuration, from its schema; `--write` puts it into a README. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { z } from 'zod';
import { keyTable } from '../../config/reference.ts';
import { exitCodes, helioError } from '../../errors.ts';
import { sectionOf } from '../../generation.ts';
import { inspectOrThrow } from '../../inspect.ts';
import { createLog } from '../../log.ts';
import type { ResolvedPlugin } from '../../plugins/resolve.ts';
import { configPathOf } from '../config-path.ts';
import { readPlugins } from '../plugins-read.ts';
import { note, out } from '../terminal.ts';
import { parseUsage } from '../usage.ts';

const end = '<!-- /helio plugins docs -->';

export async function run(args: readonly string[]): Promise<number> {
  const usage = parseUsage(args, (command) =>
    command
      .name('helio plugins docs')
      .description('Prints the configuration of a plugin as a Markdown table, from its schema.')
      .argument('<name>', 'a plugin that helio.yaml loads')
      .option('--write <file>', `put it between "${begin('NAME')}" and "${end}" in this file`),
  );
  if (usage === undefined) return exitCodes.ok;
  const name = usage.args[0]!;
  const path = configPathOf(usage);
  const plugin = (await readPlugins(path, process.env)).plugins.find(({ definition }) => definition.name === name);
  if (plugin === undefined)
    throw helioError('HELIO_CLI_USAGE', { detail: `no plugin "${name}" is listed`, command: 'helio plugins list' });
  const section = sectionOf(plugin.definition);
  const table = keyTable(await schemaOf(plugin, path));
  const text = table === '' ? `The section \`${section}\` has no keys.` : `Section \`${section}\`:\n\n${table}`;
  const file = usage.options['write'];
  if (typeof file === 'string') writeInto(file, name, text);
  else out(usage.options['json'] ? JSON.stringify({ plugin: name, section, markdown: text }) : text);
  return exitCodes.ok;
}

/** The sections of some standard plugins (`policies`, `approval`) are composed of what others register. */
async function schemaOf({ source, definition }: ResolvedPlugin, path: string): Promise<z.ZodType> {
  if (source !== 'standard') return definition.config;
  const inspected = await inspectOrThrow(path, process.env, createLog({ level: 'error' }));
  await inspected.close();
  return inspected.generation.schemas.get(sectionOf(definition)) ?? definition.config;
}

const begin = (name: string): string => `<!-- helio plugins docs ${name} -->`;

function writeInto(file: string, name: string, text: string): void {
  const before = readFileSync(file, 'utf8');
  const from = before.indexOf(begin(name));
  const to = before.indexOf(end, from);
  if (from < 0 || to < 0)
    throw helioError('HELIO_CLI_USAGE', {
      detail: `${file} has no "${begin(name)}" with "${end}" after it`,
      command: 'helio plugins docs',
    });
  const after = `${before.slice(0, from)}${begin(name)}\n\n${text}\n\n${before.slice(to)}`;
  if (after !== before) writeFileSync(file, after);
  note(after === before ? `${file} is up to date` : `wrote ${file}`);
}
