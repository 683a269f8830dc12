/** load -> check: from `plugins:` to modules whose manifests fit together. Nothing of a plugin but its module's own code has run. */
import { z } from 'zod';
import { kernelSchemas, pluginEntries } from './config/kernel-sections.ts';
import type { ConfigFile } from './config/read.ts';
import { configProblem, isHelioError } from './errors.ts';
import { isError, sectionOf } from './generation.ts';
import type { PluginDefinition, Problem } from './plugin.ts';
import { resolvePlugin, type PluginEntry, type ResolvedPlugin } from './plugins/resolve.ts';
import type { StandardPlugin } from './plugins/standard.ts';

export interface PluginsInput {
  readonly file: ConfigFile;
  readonly standard: readonly StandardPlugin[];
  readonly version: string;
  /** Plugins handed in as values (the test kit), in front of the list. */
  readonly given?: readonly PluginDefinition<any, any, any, any, any, any>[];
  readonly givenTimeoutMs?: number | undefined;
}

export interface LoadedPlugins {
  /** Empty when a problem is an error. */
  readonly plugins: readonly ResolvedPlugin[];
  readonly problems: readonly Problem[];
}

/** The listed plugins and those that they imply, or every problem at once. Never throws for what stands in helio.yaml. */
export async function loadPlugins(input: PluginsInput): Promise<LoadedPlugins> {
  const { file, standard } = input;
  const problems: Problem[] = [...file.problems];
  if (problems.some(isError)) return { plugins: [], problems };

  const listed = readEntries(file, standard, problems);
  const plugins: ResolvedPlugin[] = (input.given ?? []).map((definition) =>
    asResolved(definition, input.givenTimeoutMs),
  );
  for (const entry of listed) {
    if (isSwitchedOff(file, entry.use, standard) || plugins.some(({ definition }) => definition.name === entry.use))
      continue;
    try {
      plugins.push(await resolvePlugin(entry, file.dir, standard, input.version));
    } catch (error) {
      problems.push(asProblem(error, pathOf(entry)));
    }
  }
  if (problems.some(isError)) return { plugins: [], problems };
  problems.push(...duplicates(plugins), ...loosened(plugins));
  if (problems.some(isError)) return { plugins: [], problems };
  try {
    const implied = await withImplied(plugins, input);
    const complete = file.tree['plugins'] === undefined ? withoutOrphans(implied, input) : implied;
    problems.push(...sharedSections(complete));
    return { plugins: problems.some(isError) ? [] : complete, problems };
  } catch (error) {
    return { plugins: [], problems: [...problems, asProblem(error, ['plugins'])] };
  }
}

const pathOf = ({ index }: PluginEntry): Problem['path'] => (index === undefined ? ['plugins'] : ['plugins', index]);

function readEntries(
  file: ConfigFile,
  standard: readonly StandardPlugin[],
  problems: Problem[],
): readonly PluginEntry[] {
  const written = file.tree['plugins'];
  if (written === undefined)
    return standard.filter(({ inStandardSet }) => inStandardSet).map(({ name }) => ({ use: name }));
  const read = pluginEntries.safeParse(written);
  if (read.success)
    return inStandardOrder(
      read.data.map((entry, index) => ({ ...entry, index })),
      standard,
    );
  // The section check tells what is wrong and where; here it is enough that nothing is loaded.
  problems.push({
    code: 'HELIO_CONFIG_VALUE',
    path: ['plugins'],
    message: z.prettifyError(read.error).split('\n')[0]!,
  });
  return [];
}

/** The order of the list means nothing: standard plugins keep their standard order, others follow as they are listed. */
function inStandardOrder(entries: readonly PluginEntry[], standard: readonly StandardPlugin[]): readonly PluginEntry[] {
  const place = (entry: PluginEntry) => {
    const index = standard.findIndex(({ name }) => name === entry.use);
    return index < 0 ? standard.length : index;
  };
  return [...entries].sort((a, b) => place(a) - place(b));
}

/** `enabled: false` in the section of a listener is as if its plugin were not listed; elsewhere it is the plugin's own key. */
function isSwitchedOff(file: ConfigFile, name: string, standard: readonly StandardPlugin[]): boolean {
  const row = standard.find((plugin) => plugin.name === name);
  if (row?.listens !== true) return false;
  const section = file.tree[row.section ?? name];
  return typeof section === 'object' && section !== null && (section as { enabled?: unknown }).enabled === false;
}

/** What else stands in the section of a switched-off listener is not looked at. */
export function switchedOffSections(
  file: ConfigFile,
  standard: readonly StandardPlugin[],
): { readonly [name: string]: z.ZodType } {
  const off = standard.filter(({ name }) => isSwitchedOff(file, name, standard));
  return Object.fromEntries(off.map(({ name, section }) => [section ?? name, z.looseObject({})]));
}

/** Adds the standard provider of every needed service that no listed plugin provides. */
async function withImplied(listed: readonly ResolvedPlugin[], input: PluginsInput): Promise<readonly ResolvedPlugin[]> {
  const { file, standard, version } = input;
  const plugins = [...listed];
  for (;;) {
    const missing = missingServices(plugins).find(({ service }) => {
      const provider = standard.find(({ implies }) => implies?.includes(service));
      return provider !== undefined && !isSwitchedOff(file, provider.name, standard);
    });
    if (missing === undefined) return inOrder(plugins, standard);
    const provider = standard.find(({ implies }) => implies?.includes(missing.service))!;
    plugins.push(await resolvePlugin({ use: provider.name }, file.dir, standard, version, true));
  }
}

function inOrder(plugins: readonly ResolvedPlugin[], standard: readonly StandardPlugin[]): readonly ResolvedPlugin[] {
  const place = ({ definition }: ResolvedPlugin) => {
    const index = standard.findIndex(({ name }) => name === definition.name);
    return index < 0 ? standard.length : index;
  };
  return [...plugins].sort((a, b) => place(a) - place(b));
}

/** Without a list, a plugin whose listener was switched off goes with it (`dashboard.enabled: false`). */
function withoutOrphans(plugins: readonly ResolvedPlugin[], input: PluginsInput): readonly ResolvedPlugin[] {
  const orphans = new Set(missingServices(plugins).map(({ plugin }) => plugin));
  if (orphans.size === 0 || input.given !== undefined) return plugins;
  return withoutOrphans(
    plugins.filter(({ definition }) => !orphans.has(definition.name)),
    input,
  );
}

function missingServices(
  plugins: readonly ResolvedPlugin[],
): readonly { readonly plugin: string; readonly service: string }[] {
  const provided = new Set(
    plugins.flatMap(({ definition }) => Object.values(definition.provides ?? {}).map(({ id }) => id)),
  );
  return plugins.flatMap(({ definition }) =>
    Object.values(definition.needs ?? {})
      .filter(({ id }) => !provided.has(id))
      .map(({ id }) => ({ plugin: definition.name, service: id })),
  );
}

function duplicates(plugins: readonly ResolvedPlugin[]): Problem[] {
  return plugins.flatMap(({ definition: { name }, entry }, index) => {
    const first = plugins.findIndex(({ definition }) => definition.name === name);
    if (first === index) return [];
    const uses = `${plugins[first]!.entry.use}, ${entry.use}`;
    return [configProblem('HELIO_PLUGIN_TWICE', { name, uses }, pathOf(entry))];
  });
}

/** A section has one owner: else the schema of one would check, mask and document what another reads. */
function sharedSections(plugins: readonly ResolvedPlugin[]): Problem[] {
  return plugins.flatMap(({ definition, entry }, index) => {
    const section = sectionOf(definition);
    const owner = Object.hasOwn(kernelSchemas, section)
      ? 'Helio itself'
      : plugins.slice(0, index).find((other) => sectionOf(other.definition) === section)?.definition.name;
    if (owner === undefined) return [];
    return [configProblem('HELIO_PLUGIN_SECTION', { plugin: definition.name, section, owner }, pathOf(entry))];
  });
}

/** Only plugins that merely observe may be let off: a guard that is skipped opens the gate, a store that is away shuts it. */
function loosened(plugins: readonly ResolvedPlugin[]): Problem[] {
  return plugins
    .filter(({ entry, definition: { taps = [], provides = {} } }) => {
      const observes = taps.every((hook) => hook === 'onDecision') && Object.keys(provides).length === 0;
      return entry.onError !== undefined && !observes;
    })
    .map(({ definition, entry }) =>
      configProblem('HELIO_PLUGIN_ON_ERROR', { plugin: definition.name }, [...pathOf(entry), 'on_error']),
    );
}

function asResolved(definition: PluginDefinition, timeoutMs: number | undefined): ResolvedPlugin {
  return {
    entry: { use: definition.name, ...(timeoutMs !== undefined && { timeoutMs }) },
    definition,
    source: 'file',
    version: definition.version ?? '0.0.0',
    implied: false,
    folder: undefined,
  };
}

export function asProblem(error: unknown, path: Problem['path']): Problem {
  if (isHelioError(error)) return { code: error.code, path, message: error.message, fix: error.fix };
  throw error;
}
