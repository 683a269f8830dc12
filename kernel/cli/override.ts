/** Flags that change helio.yaml for one run. The file's places stay true, so errors still point at its lines. */
import type { ConfigFile } from '../config/read.ts';
import type { Json, JsonObject } from '../plugin.ts';

export interface Overrides {
  readonly port?: number;
  readonly dryRun?: boolean;
  readonly upstream?: JsonObject;
  /** Sections that are switched off whatever the file says. */
  readonly off?: readonly string[];
}

export function overridden({ port, dryRun, upstream, off = [] }: Overrides): (file: ConfigFile) => ConfigFile {
  return (file) => {
    const { upstreams, ...rest } = file.tree;
    const tree: { [section: string]: Json } = {
      ...rest,
      ...(upstreams !== undefined && upstream === undefined && { upstreams }),
    };
    const merge = (section: string, change: JsonObject) => {
      tree[section] = { ...(tree[section] as JsonObject | undefined), ...change };
    };
    if (port !== undefined) merge('listen', { port });
    if (dryRun) merge('dry-run', { enabled: true });
    if (upstream !== undefined) tree['upstream'] = upstream;
    for (const section of off) tree[section] = { enabled: false };
    return { ...file, tree };
  };
}
