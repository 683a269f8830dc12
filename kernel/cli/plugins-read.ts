/** The plugins that helio.yaml names, imported and checked; none of them is registered, so none can act. */
import { readConfig, type ConfigFile } from '../config/read.ts';
import type { Environment } from '../config/variables.ts';
import { isError } from '../generation.ts';
import { loadPlugins } from '../load-plugins.ts';
import type { ResolvedPlugin } from '../plugins/resolve.ts';
import { readStandardPlugins } from '../plugins/standard.ts';
import { invalidConfig } from '../proxy.ts';
import { version } from '../version.ts';

/** Throws HELIO_CONFIG_NOT_FOUND, and HELIO_CONFIG_INVALID with every problem of the list. */
export async function readPlugins(
  configPath: string,
  env: Environment,
): Promise<{ readonly file: ConfigFile; readonly plugins: readonly ResolvedPlugin[] }> {
  const read = readConfig(configPath, env);
  // Who looks at plugins, a CI job say, need not have the secrets of the place where they run.
  const file = { ...read, problems: read.problems.filter(({ code }) => code !== 'HELIO_CONFIG_VARIABLE_MISSING') };
  const { plugins, problems } = await loadPlugins({ file, standard: await readStandardPlugins(), version });
  if (problems.some(isError)) throw invalidConfig(file, problems.filter(isError));
  return { file, plugins };
}
