/** Looks at a module before anything of it runs: is its default export a plugin that this Helio can load? */
import { pluginBrand } from '../define.ts';
import { helioError } from '../errors.ts';
import type { HookName, PluginDefinition } from '../plugin.ts';
import { hookNames } from '../taps.ts';

const apiVersion = 1;

/** Throws HELIO_PLUGIN_NOT_A_PLUGIN, HELIO_PLUGIN_API_VERSION or HELIO_PLUGIN_MANIFEST. */
export function checkPlugin(exported: unknown, use: string): PluginDefinition {
  const definition = exported as (Partial<PluginDefinition> & { readonly [pluginBrand]?: number }) | null | undefined;
  if (typeof definition !== 'object' || definition === null || definition[pluginBrand] === undefined) {
    throw helioError('HELIO_PLUGIN_NOT_A_PLUGIN', { use });
  }
  if (definition.apiVersion !== apiVersion) {
    throw helioError('HELIO_PLUGIN_API_VERSION', { use, found: String(definition.apiVersion), wanted: apiVersion });
  }
  const wrong = manifestMistake(definition);
  if (wrong !== undefined) throw helioError('HELIO_PLUGIN_MANIFEST', { use, wrong });
  return definition as PluginDefinition;
}

function manifestMistake(definition: Partial<PluginDefinition>): string | undefined {
  const { name, config, register, taps } = definition;
  if (typeof name !== 'string' || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    return `its name ${JSON.stringify(name)} is not kebab-case`;
  if (typeof (config as { safeParse?: unknown } | undefined)?.safeParse !== 'function')
    return 'its config is no zod schema';
  if (typeof register !== 'function') return 'it has no register function';
  const unknown = (taps ?? []).find((tap: HookName) => !hookNames.includes(tap));
  return unknown === undefined ? undefined : `it taps "${unknown}", which is no hook (${hookNames.join(', ')})`;
}
