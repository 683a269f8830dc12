/** Looks at a module before anything of it runs: is its default export a plugin that this Helio can load? */
import { pluginBrand } from '../define.ts';
import { helioError } from '../errors.ts';
import type { HookName, PluginDefinition } from '../plugin.ts';
import { hookNames } from '../taps.ts';

const apiVersion = 1;

/** Throws HELIO_PLUGIN_NOT_A_PLUGIN, HELIO_PLUGIN_API_VERSION or HELIO_PLUGIN_MANIFEST. */
export function checkPlugin(exported: unknown, use: string): PluginDefinition {
  const definition = exported as (Partial<PluginDefinition> & { readonly [pluginBrand]?: number }) | null | undefined;
  if (typeof definition !== 'object' || definition === null || !(pluginBrand in definition)) {
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
  const { name, section, config, register, taps = [], reaches } = definition;
  if (typeof name !== 'string' || !kebab.test(name)) return `its name ${JSON.stringify(name)} is not kebab-case`;
  if (section !== undefined && (typeof section !== 'string' || !sectionName.test(section)))
    return `its section ${JSON.stringify(section)} is no name`;
  if (typeof (config as { safeParse?: unknown } | undefined)?.safeParse !== 'function')
    return 'its config is no zod schema';
  if (typeof register !== 'function') return 'it has no register function';
  if (!isListOfText(taps)) return 'its taps are no list of hooks';
  const unknown = taps.find((tap: HookName) => !hookNames.includes(tap));
  if (unknown !== undefined) return `it taps "${unknown}", which is no hook (${hookNames.join(', ')})`;
  for (const key of ['needs', 'wants', 'provides', 'owns'] as const) {
    const refs: unknown = definition[key] ?? {};
    if (typeof refs !== 'object' || Array.isArray(refs) || !Object.values(refs as object).every(isRef))
      return `its ${key} must name services, each by its ref: ${key}: { counters }`;
  }
  const reached: unknown = reaches ?? {};
  if (typeof reached !== 'object' || !Object.values(reached as object).every(isListOfText))
    return 'its reaches must hold lists: { network: [...], secrets: [...] }';
  return undefined;
}

const kebab = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const sectionName = /^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/;
const isListOfText = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string');
const isRef = (value: unknown): boolean => typeof (value as { id?: unknown } | null | undefined)?.id === 'string';
