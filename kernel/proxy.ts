/** The running proxy: boot, serve, reload, drain, stop. One per process. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createScrub, secretsOf } from './config/mask.ts';
import { locateProblems, readConfig, type ConfigFile } from './config/read.ts';
import { helioError, type LocatedProblem } from './errors.ts';
import { emitEvent } from './events.ts';
import { createGate, record } from './gate.ts';
import { isError, type Generation } from './generation.ts';
import { createListeners } from './http/listeners.ts';
import { createKernelApi } from './kernel-api.ts';
import type { KernelLog, LogLevel } from './log.ts';
import { createLegs } from './legs.ts';
import { startGeneration, stopGeneration } from './lifecycle.ts';
import { loadGeneration } from './load.ts';
import { loneUpstreamName, type ListenConfig, type UpstreamConfig } from './mcp/config.ts';
import { createDoors, type Doors, type DoorsConfig } from './mcp/serve.ts';
import type { ConfigurationView, KernelApi, Log, Problem } from './plugin.ts';
import { readStandardPlugins, type StandardPlugin } from './plugins/standard.ts';
import { createKeeper, type ProcessScope } from './process-scope.ts';
import { onHangup, watchConfig } from './reload.ts';
import type { World } from './trip.ts';
import { version } from './version.ts';

export interface ProxyOptions {
  readonly configPath: string;
  readonly env: { readonly [name: string]: string | undefined };
  /** Told the level and the secrets of every helio.yaml that is loaded, where it can take them. */
  readonly log: Log & Partial<Pick<KernelLog, 'setLevel' | 'scrubWith'>>;
  /** Changes the tree of helio.yaml before it is checked: `--port`, `--dry-run`, the stdio door. */
  readonly override?: (file: ConfigFile) => ConfigFile;
  /** `http` listens on `listen.port`; `none` opens no socket, the plugins' included (the stdio door). */
  readonly doors: 'http' | 'none';
  readonly hotReload: boolean;
  readonly clock?: { nowMs(): number };
}

export interface Proxy {
  readonly generation: () => Generation;
  readonly kernel: KernelApi;
  readonly doors: Doors;
  readonly listeners: ProcessScope['listeners'];
  /** `.helio/` beside helio.yaml. */
  readonly stateDir: string;
  /** Reads helio.yaml again; the running generation stays when anything is wrong. Resolves with what was wrong. */
  reload(): Promise<readonly Problem[]>;
  /** Lets calls in flight finish (bounded), then stops everything in reverse order. */
  stop(): Promise<void>;
}

/** Boots. Throws HelioError: HELIO_CONFIG_INVALID with every problem, HELIO_PLUGIN_START, HELIO_LISTEN_*. */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const { log, env } = options;
  const clock = options.clock ?? { nowMs: () => Date.now() };
  const standard = await readStandardPlugins();
  const read = (): ConfigFile => (options.override ?? ((file) => file))(readConfig(options.configPath, env));

  const current: { generation?: Generation; loadedAtMs: number; lastReload: ConfigurationView['lastReload'] } = {
    loadedAtMs: clock.nowMs(),
    lastReload: undefined,
  };
  const world: World = { current: () => current.generation!, clock, log, legs: createLegs(clock) };
  const late: { doors?: Doors } = {};
  const listeners = createListeners(log, { opens: options.doors === 'http' });
  const kernel = createKernelApi({
    version,
    world,
    upstreams: () => late.doors!,
    loadedAtMs: () => current.loadedAtMs,
    lastReload: () => current.lastReload,
  });
  const firstFile = read();
  const scope: ProcessScope = {
    clock,
    log,
    stateDir: join(firstFile.dir, '.helio'),
    listeners,
    kernel,
    keep: createKeeper(),
    emit: (plugin, kind, data) => emitEvent(world, log, plugin, kind, data),
  };
  await mkdir(scope.stateDir, { recursive: true, mode: 0o700 });

  const first = await built(firstFile, standard, scope, 1);
  current.generation = first;
  tellLog(log, first);
  const gate = createGate(world);
  late.doors = createDoors({
    ...doorsConfig(first),
    configDir: firstFile.dir,
    gate: () => gate,
    log,
    self: { name: 'helio', version },
  });
  try {
    await startGeneration(first, scope);
    if (options.doors === 'http') await late.doors.start();
  } catch (error) {
    await late.doors.stop().catch(() => {});
    await stopGeneration(first, scope, 'shutdown');
    await listeners.close();
    throw error;
  }

  let reloading: Promise<readonly Problem[]> = Promise.resolve([]);
  const reload = (): Promise<readonly Problem[]> => (reloading = reloading.then(reloadOnce, reloadOnce));

  async function reloadOnce(): Promise<readonly Problem[]> {
    const before = current.generation!;
    let file: ConfigFile | undefined;
    let begun: Generation | undefined;
    try {
      file = read();
      if (file.fingerprint === before.file.fingerprint && current.lastReload?.ok !== false) return [];
      const next = await built(file, standard, scope, before.number + 1);
      tellLog(log, next, before);
      begun = next;
      await startGeneration(next, scope);
      begun = undefined;
      current.generation = next; // the one assignment: every call that begins from here on runs on `next`
      current.loadedAtMs = clock.nowMs();
      const restart = late.doors!.configure(doorsConfig(next));
      if (restart.length > 0) log.warn('a restart is needed for this to hold', { changed: restart.join(', ') });
      await applied(file, before, next);
      return [];
    } catch (error) {
      if (begun !== undefined) await stopGeneration(begun, scope, 'reload'); // what had started must not stay behind
      return refused(error, file);
    }
  }

  async function applied(file: ConfigFile, before: Generation, next: Generation): Promise<void> {
    current.lastReload = { atMs: clock.nowMs(), ok: true, hash: file.hash };
    log.info('helio.yaml was reloaded', { hash: file.hash.slice(0, 12), generation: next.number });
    await record(world, {
      kind: 'reload',
      data: { ok: true, hash: file.hash, before: before.file.hash, generation: next.number },
    });
    void retire(before, scope);
  }

  async function refused(error: unknown, file: ConfigFile | undefined): Promise<readonly Problem[]> {
    const { code, message, problems } = error as {
      code?: string;
      message: string;
      problems?: readonly LocatedProblem[];
    };
    const hash = file?.hash ?? '';
    const sentence = problems?.length ? problems.map(sentenceOf).join('; ') : message;
    current.lastReload = { atMs: clock.nowMs(), ok: false, hash, error: sentence };
    log.error('helio.yaml was not reloaded; the running policy stays', { reason: sentence });
    await record(world, {
      kind: 'reload',
      outcome: 'denied',
      error: sentence,
      data: { ok: false, hash, code: code ?? 'HELIO_CONFIG_INVALID' },
    });
    return problems?.length ? problems : [{ code: code ?? 'HELIO_CONFIG_INVALID', path: [], message }];
  }

  const forget = [
    onHangup(() => void reload()),
    ...(options.hotReload ? [watchConfig(firstFile.path, log, () => void reload())] : []),
  ];

  return {
    generation: () => current.generation!,
    kernel,
    doors: late.doors,
    listeners,
    stateDir: scope.stateDir,
    reload,
    async stop() {
      for (const stop of forget) stop();
      await late.doors!.drain();
      await stopGeneration(current.generation!, scope, 'shutdown');
      await late.doors!.stop();
      await listeners.close();
    },
  };
}

/**
 * What helio.yaml says of the log: its level, and the secrets that must never stand in it - those of the generation before
 * too, which still serves calls.
 */
function tellLog(log: ProxyOptions['log'], next: Generation, before?: Generation): void {
  const known = [next, ...(before === undefined ? [] : [before])];
  log.scrubWith?.(createScrub(known.flatMap(({ file, schemas }) => secretsOf(file.tree, schemas, file))));
  log.setLevel?.((next.kernelSections['log'] as { readonly level: LogLevel }).level);
}

/** A generation, or HELIO_CONFIG_INVALID with every problem at its place. */
async function built(
  file: ConfigFile,
  standard: readonly StandardPlugin[],
  scope: ProcessScope,
  number: number,
): Promise<Generation> {
  const result = await loadGeneration({ file, standard, scope, number, version });
  if ('generation' in result) return result.generation;
  throw invalidConfig(file, result.problems);
}

export function invalidConfig(file: ConfigFile, problems: readonly Problem[]): Error {
  const located = locateProblems(problems, file);
  const errors = located.filter(isError).length;
  return helioError('HELIO_CONFIG_INVALID', { path: file.shown, errors }, { problems: located });
}

/** One upstream is called `default` unless it says otherwise; several have names. */
export function doorsConfig({ kernelSections }: Generation): DoorsConfig {
  const { listen, upstream, upstreams } = kernelSections as {
    listen: ListenConfig;
    upstream?: UpstreamConfig;
    upstreams?: DoorsConfig['upstreams'];
  };
  return {
    listen,
    upstreams: upstream === undefined ? (upstreams ?? {}) : { [upstream.name ?? loneUpstreamName]: upstream },
  };
}

const longestRetirementMs = 10 * 60_000;

/** Calls in flight finish on their generation; it stops when the last one has left, or when that takes too long. */
async function retire(generation: Generation, scope: ProcessScope): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, longestRetirementMs);
    timer.unref();
  });
  await Promise.race([generation.idle(), late]);
  clearTimeout(timer);
  await stopGeneration(generation, scope, 'reload');
}

const sentenceOf = ({ place, path, message }: LocatedProblem): string =>
  `${place ? `${place.file}:${place.line}:${place.column} ` : ''}${path.join('.')}: ${message}`;
