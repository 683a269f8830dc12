/** load -> check -> register -> order: from helio.yaml to a generation. Starts nothing, so `validate` and `explain` use it too. */
import { kernelSchemas } from './config/kernel-sections.ts';
import { withInlineConfigs } from './config/inline.ts';
import { buildGeneration, isError, sectionOf, type Built } from './generation.ts';
import { asProblem, loadPlugins, switchedOffSections, type PluginsInput } from './load-plugins.ts';
import type { ResolvedPlugin } from './plugins/resolve.ts';
import type { ProcessScope } from './process-scope.ts';

export interface LoadInput extends PluginsInput {
  readonly scope: ProcessScope;
  readonly number: number;
}

/** Builds a generation, or tells every problem at once. Never throws for what stands in helio.yaml. */
export async function loadGeneration(input: LoadInput): Promise<Built> {
  const { file, standard } = input;
  const { plugins, problems } = await loadPlugins(input);
  if (problems.some(isError)) return { problems };
  try {
    const configured = withInlineConfigs(file, inlineOf(plugins));
    if (configured.problems.some(isError)) return { problems: [...problems, ...configured.problems] };
    return buildGeneration({
      file: configured.file,
      plugins,
      kernelSchemas: { ...kernelSchemas, ...switchedOffSections(file, standard) },
      knownSections: Object.fromEntries(standard.map(({ name, section }) => [section ?? name, name])),
      number: input.number,
      scope: input.scope,
    });
  } catch (error) {
    return { problems: [...problems, asProblem(error, ['plugins'])] };
  }
}

function inlineOf(plugins: readonly ResolvedPlugin[]) {
  return plugins.flatMap(({ entry: { config, index }, definition }) =>
    config === undefined || index === undefined
      ? []
      : [{ plugin: definition.name, section: sectionOf(definition), index, config }],
  );
}
