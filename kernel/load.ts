/** load -> check -> register -> order: from helio.yaml to a generation. Starts nothing, so `validate` and `plugins` use it too. */
import { z } from 'zod';
import { kernelSchemas, pluginEntries } from './config/kernel-sections.ts';
import { withInlineConfigs } from './config/inline.ts';
import type { ConfigFile } from './config/read.ts';
import { configProblem, isHelioError } from './errors.ts';
import { buildGeneration, isError, sectionOf, type Built } from './generation.ts';
import type { PluginDefinition, Problem } from './plugin.ts';
import { resolvePlugin, type PluginEntry, type ResolvedPlugin } from './plugins/resolve.ts';
import type { StandardPlugin } from './plugins/standard.ts';
import type { ProcessScope } from './process-scope.ts';

export interface LoadInput {
  readonly file: ConfigFile;
  readonly standard: readonly StandardPlugin[];
  readonly scope: ProcessScope;
  readonly number: number;
  readonly version: string;
  /** Plugins handed in as values (the test kit), in front of the list. */
  readonly given?: readonly PluginDefinition<any, any, any, any, any, any>[];
  readonly givenTimeoutMs?: number | undefined;
}

/** Builds a generation, or tells every problem at once. Never throws for what stands in helio.yaml. */
export async function loadGeneration(input: LoadInput): Promise<Built> {
  const { file, standard } = input;
  const problems: Problem[] = [...file.problems];
  if (problems.some(isError)) return { problems };

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
      problems.push(asProblem(error, entry.index === undefined ? ['plugins'] : ['plugins', entry.index]));
    }
  }
  if (problems.some(isError)) return { problems };
  try {
    problems.push(...duplicates(plugins), ...loosened(plugins));
    const complete = await withImplied(plugins, input);
    const remaining = file.tree['plugins'] === undefined ? withoutOrphans(complete, input) : complete;
    const configured = withInlineConfigs(file, inlineOf(remaining));
    problems.push(...configured.problems);
    if (problems.some(isError)) return { problems };
    return buildGeneration({
      file: configured.file,
      plugins: remaining,
      kernelSchemas: { ...kernelSchemas, ...switchedOffSections(file, standard) },
      knownSections: Object.fromEntries(standard.map(({ name, section }) => [section ?? name, name])),
      number: input.number,
      scope: input.scope,
    });
  } catch (error) {
    return { problems: [...problems, asProblem(error, ['plugins'])] };
  }
}

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
function switchedOffSections(
  file: ConfigFile,
  standard: readonly StandardPlugin[],
): { readonly [name: string]: z.ZodType } {
  const off = standard.filter(({ name }) => isSwitchedOff(file, name, standard));
  return Object.fromEntries(off.map(({ name, section }) => [section ?? name, z.looseObject({})]));
}

/** Adds the standard provider of every needed service that no listed plugin provides. */
async function withImplied(listed: readonly ResolvedPlugin[], input: LoadInput): Promise<readonly ResolvedPlugin[]> {
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
function withoutOrphans(plugins: readonly ResolvedPlugin[], input: LoadInput): readonly ResolvedPlugin[] {
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

function inlineOf(plugins: readonly ResolvedPlugin[]) {
  return plugins.flatMap(({ entry: { config, index }, definition }) =>
    config === undefined || index === undefined
      ? []
      : [{ plugin: definition.name, section: sectionOf(definition), index, config }],
  );
}

function duplicates(plugins: readonly ResolvedPlugin[]): Problem[] {
  return plugins
    .filter(
      ({ definition }, index) => plugins.findIndex((other) => other.definition.name === definition.name) !== index,
    )
    .map(({ definition, entry }) =>
      configProblem('HELIO_PLUGIN_TWICE', { name: definition.name, uses: entry.use }, ['plugins']),
    );
}

/** Only plugins that merely observe may be let off: a guard that is skipped opens the gate. */
function loosened(plugins: readonly ResolvedPlugin[]): Problem[] {
  return plugins
    .filter(
      ({ entry, definition }) =>
        entry.onError !== undefined && (definition.taps ?? []).some((hook) => hook !== 'onDecision'),
    )
    .map(({ definition }) => configProblem('HELIO_PLUGIN_ON_ERROR', { plugin: definition.name }, ['plugins']));
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

function asProblem(error: unknown, path: Problem['path']): Problem {
  if (isHelioError(error)) return { code: error.code, path, message: error.message, fix: error.fix };
  throw error;
}
