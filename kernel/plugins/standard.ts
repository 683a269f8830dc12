/** The standard plugins, as a table that lives beside them: the kernel knows its shape and none of its rows. */

export interface StandardPlugin {
  readonly name: string;
  /** Imports the module; its default export is the plugin. */
  load(): Promise<{ readonly default: unknown }>;
  /** Its section of helio.yaml, when that is not its name. */
  readonly section?: string;
  /** Loaded when helio.yaml has no `plugins:` list. */
  readonly inStandardSet: boolean;
  /** Opens a listener: `enabled: false` in its section is as if it were not listed. */
  readonly listens?: true;
  /** Services for which it is the standard provider: implied when somebody needs them and nobody listed provides them. */
  readonly implies?: readonly string[];
}

/** Reads plugins/standard, from source or from the build. */
export async function readStandardPlugins(): Promise<readonly StandardPlugin[]> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const module = (await import(new URL(`../../plugins/standard.${extension}`, import.meta.url).href)) as {
    readonly standardPlugins: readonly StandardPlugin[];
  };
  return module.standardPlugins;
}
