/** A generation that is looked at and not served: what `validate`, `plugins` and the plugins' own commands work on. */
import { join } from 'node:path';
import { readConfig, type ConfigFile } from './config/read.ts';
import type { Environment } from './config/variables.ts';
import { isError, type Generation } from './generation.ts';
import { createListeners } from './http/listeners.ts';
import { createKernelApi, type UpstreamsView } from './kernel-api.ts';
import { createLegs } from './legs.ts';
import { loadGeneration } from './load.ts';
import { createDoors } from './mcp/serve.ts';
import type { KernelApi, Log, Problem } from './plugin.ts';
import { readStandardPlugins } from './plugins/standard.ts';
import { createKeeper, type ProcessScope } from './process-scope.ts';
import { doorsConfig, invalidConfig } from './proxy.ts';
import type { World } from './trip.ts';
import { version } from './version.ts';

export interface Inspected {
  readonly file: ConfigFile;
  readonly generation: Generation;
  readonly kernel: KernelApi;
  readonly stateDir: string;
  /** Opens the state stores, so that `explain` counts what was counted; nothing else starts. */
  openStores(): Promise<void>;
  close(): Promise<void>;
}
export type Inspection = {
  readonly file: ConfigFile;
  readonly problems: readonly Problem[];
  readonly inspected: Inspected | undefined;
};

/** Loads without starting. Problems of helio.yaml are returned; a missing file is thrown (HELIO_CONFIG_NOT_FOUND). */
export async function inspect(
  configPath: string,
  env: Environment,
  log: Log,
  change: (file: ConfigFile) => ConfigFile = (file) => file,
): Promise<Inspection> {
  const file = change(readConfig(configPath, env));
  const clock = { nowMs: () => Date.now() };
  const listeners = createListeners(log);
  const current: { generation?: Generation; doors?: ReturnType<typeof createDoors> } = {};
  const world: World = { current: () => current.generation!, clock, log, legs: createLegs(clock) };
  const kernel = createKernelApi({
    version,
    world,
    upstreams: () => doorsOf(current, file, log),
    loadedAtMs: () => clock.nowMs(),
    lastReload: () => undefined,
  });
  const scope: ProcessScope = {
    clock,
    log,
    stateDir: join(file.dir, '.helio'),
    listeners,
    kernel,
    keep: createKeeper(),
    emit: () => {},
  };
  const built = await loadGeneration({ file, standard: await readStandardPlugins(), scope, number: 1, version });
  if ('problems' in built) return { file, problems: built.problems, inspected: undefined };
  const { generation } = built;
  current.generation = generation;
  const stores = generation.plugins.filter(({ plugin }) =>
    Object.values(plugin.definition.provides ?? {}).some(({ id }) => id.startsWith('state.')),
  );
  const opened: typeof stores = [];
  const inspected: Inspected = {
    file,
    generation,
    kernel,
    stateDir: scope.stateDir,
    async openStores() {
      for (const store of stores) {
        for (const start of store.starts) await start(new AbortController().signal);
        opened.push(store);
      }
    },
    async close() {
      for (const { stops } of opened) for (const stop of stops) await stop('shutdown');
      await current.doors?.stop();
      await listeners.close();
    },
  };
  return { file, problems: generation.warnings, inspected };
}

/** The same, or HELIO_CONFIG_INVALID with every problem. */
export async function inspectOrThrow(configPath: string, env: Environment, log: Log): Promise<Inspected> {
  const { file, problems, inspected } = await inspect(configPath, env, log);
  if (inspected === undefined) throw invalidConfig(file, problems.filter(isError));
  return inspected;
}

/** Upstreams are reached only when something asks for their tools. */
function doorsOf(
  current: { generation?: Generation; doors?: ReturnType<typeof createDoors> },
  file: ConfigFile,
  log: Log,
): UpstreamsView {
  return (current.doors ??= createDoors({
    ...doorsConfig(current.generation!),
    configDir: file.dir,
    gate: () => {
      throw new Error('an inspected Helio serves no calls');
    },
    log,
    self: { name: 'helio', version },
  }));
}
