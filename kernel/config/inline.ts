/** `config:` beside `use:` in the plugin list: the same as a section of the plugin's own, and its places stay true. */
import { configProblem } from '../errors.ts';
import type { ConfigPath, Json, Problem } from '../plugin.ts';
import type { ConfigFile } from './read.ts';

export interface InlineConfig {
  readonly plugin: string;
  readonly section: string;
  /** Its place in `plugins:`. */
  readonly index: number;
  readonly config: Json;
}

/**
 * The file as if every inline config stood in its section. It leaves the list: masks go by the section's schema, and a
 * copy in the list would show what they hide.
 */
export function withInlineConfigs(
  file: ConfigFile,
  inline: readonly InlineConfig[],
): { readonly file: ConfigFile; readonly problems: readonly Problem[] } {
  if (inline.length === 0) return { file, problems: [] };
  const problems = inline
    .filter(
      ({ section }, at) => Object.hasOwn(file.tree, section) || inline.findIndex((one) => one.section === section) < at,
    )
    .map(({ plugin, section, index }) =>
      configProblem('HELIO_PLUGIN_CONFIG_TWICE', { plugin, section }, ['plugins', index, 'config']),
    );
  const bySection = new Map(inline.map((one) => [one.section, one]));
  const written = (path: ConfigPath): ConfigPath => {
    const found = bySection.get(String(path[0]));
    return found === undefined || path.length === 0 ? path : ['plugins', found.index, 'config', ...path.slice(1)];
  };
  const list = (file.tree['plugins'] as readonly Json[]).map((entry) => {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return entry;
    const { config: _, ...rest } = entry as { readonly [key: string]: Json };
    return rest;
  });
  return {
    problems,
    file: {
      ...file,
      tree: {
        ...file.tree,
        plugins: list,
        ...Object.fromEntries(inline.map(({ section, config }) => [section, config])),
      },
      locate: (path) => file.locate(written(path)),
      isSubstituted: (path) => file.isSubstituted(written(path)),
      writtenAt: (path) => file.writtenAt(written(path)),
    },
  };
}
