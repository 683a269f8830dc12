/** `testPlugin`: a plugin in the real wiring, with a fake upstream, a fake clock and memory stores. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { readConfig } from '../config/read.ts';
import { definePlugin } from '../define.ts';
import { createGate } from '../gate.ts';
import { emitEvent } from '../events.ts';
import type { Generation } from '../generation.ts';
import { isError } from '../generation.ts';
import { createListeners } from '../http/listeners.ts';
import { createKernelApi } from '../kernel-api.ts';
import { createLegs } from '../legs.ts';
import { startGeneration, stopGeneration } from '../lifecycle.ts';
import { loadGeneration } from '../load.ts';
import type {
  DecisionRecord,
  Explanation,
  JsonObject,
  KernelApi,
  Log,
  PluginDefinition,
  Problem,
  Question,
  Service,
} from '../plugin.ts';
import { readStandardPlugins } from '../plugins/standard.ts';
import { commit } from '../refs.ts';
import { createKeeper, type ProcessScope } from '../process-scope.ts';
import type { World } from '../trip.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { createFakeUpstream, type FakeUpstream } from './fake-upstream.ts';
import { makeIncoming, toldOf, type TestCall, type Told } from './test-call.ts';

export interface TestOptions {
  /** The plugin's own section. */
  readonly config?: JsonObject;
  /** Standard plugins beside it, by name: `['policy', 'identity']`. `state-memory` comes by itself. */
  readonly with?: readonly string[];
  /** More plugins, as values. */
  readonly plugins?: readonly PluginDefinition<any, any, any, any, any, any>[];
  /** More of helio.yaml, as text: `policies: ...`. */
  readonly yaml?: string;
  readonly env?: { readonly [name: string]: string };
  readonly nowMs?: number;
  /** Goes on in the folder of an earlier test, as after a restart; it is then left there. */
  readonly folder?: string;
  /** How long each of the plugin's taps may take, in place of its own deadlines. */
  readonly timeoutMs?: number;
}

export interface PluginTest {
  /** Runs one call through the whole pipeline. */
  call(call: string | TestCall): Promise<Told>;
  /** Judges without committing. */
  explain(question: Question): Promise<Explanation>;
  readonly upstream: FakeUpstream;
  readonly clock: FakeClock;
  /** Every record that observers got, in order. */
  readonly records: readonly DecisionRecord[];
  /** Every log line: level, message, fields. */
  readonly logs: readonly { readonly level: string; readonly message: string; readonly fields: JsonObject }[];
  readonly warnings: readonly Problem[];
  readonly kernel: KernelApi;
  readonly generation: Generation;
  /** The folder that holds helio.yaml and `.helio/`. */
  readonly folder: string;
  /** The base URL of a listener that a plugin opened (`operator`, `sideband`). */
  url(listener: string): string | undefined;
  stop(): Promise<void>;
}

/** The problems of a config that is refused. */
export class Refused extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
    this.problems = problems;
  }
}

/**
 * Loads a plugin (or none: `undefined`) as Helio would. Rejects with `Refused` when its config is refused.
 * Stop it when done: `await test.stop()`.
 */
export async function testPlugin(
  plugin: PluginDefinition<any, any, any, any, any, any> | undefined,
  options: TestOptions = {},
): Promise<PluginTest> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'helio-test-')));
  const clean = () => (options.folder === undefined ? rm(folder, { recursive: true, force: true }) : undefined);
  const clock = createFakeClock(options.nowMs);
  const upstream = createFakeUpstream();
  const logs: PluginTest['logs'][number][] = [];
  const log = collectingLog(logs);
  const records: DecisionRecord[] = [];
  const listeners = createListeners(log);
  try {
    await writeFile(join(folder, 'helio.yaml'), configText(plugin, options));
    const file = await readConfig(join(folder, 'helio.yaml'), options.env ?? {});
    const current: { generation: Generation | undefined } = { generation: undefined };
    const world: World = { current: () => current.generation!, clock, log, legs: createLegs(clock) };
    const kernel = createKernelApi({
      version: '0.0.0-test',
      world,
      upstreams: () => ({
        views: () => [{ name: 'upstream', transport: 'http', state: 'up', detail: 'fake' }],
        tools: async () => upstream.tools(),
        lookup: (_upstream, name) => upstream.lookup(name),
      }),
      loadedAtMs: () => clock.nowMs(),
      lastReload: () => undefined,
    });
    const scope: ProcessScope = {
      clock,
      log,
      stateDir: join(folder, '.helio'),
      listeners,
      kernel,
      keep: createKeeper(),
      emit: (name, kind, data) => emitEvent(world, log, name, kind, data),
    };
    const given = [...(plugin === undefined ? [] : [plugin]), ...(options.plugins ?? []), recorder(records)];
    const built = await loadGeneration({
      file,
      standard: await readStandardPlugins(),
      scope,
      number: 1,
      version: '0.0.0-test',
      given,
      givenTimeoutMs: options.timeoutMs,
    });
    if ('problems' in built) throw new Refused(built.problems.filter(isError));
    current.generation = built.generation;
    await startGeneration(built.generation, scope);
    const gate = createGate(world);
    return {
      call: async (call) => {
        const from = records.length;
        const incoming = makeIncoming(typeof call === 'string' ? { name: call } : call, upstream, clock);
        const final = await gate.call(incoming);
        return toldOf(final, incoming, records.slice(from));
      },
      explain: (question) => kernel.explain(question),
      upstream,
      clock,
      records,
      logs,
      warnings: built.generation.warnings,
      kernel,
      generation: built.generation,
      folder,
      url: (name) => listeners.url(name),
      async stop() {
        await stopGeneration(built.generation, scope, 'shutdown');
        await listeners.close();
        await clean();
      },
    };
  } catch (error) {
    await listeners.close();
    await clean();
    throw error;
  }
}

function configText(plugin: PluginDefinition | undefined, options: TestOptions): string {
  const names = new Set([...(options.with ?? [])]);
  const brings = [plugin, ...(options.plugins ?? [])].some((each) =>
    Object.values<Service<unknown>>(each?.provides ?? {}).some(({ id }) => id === commit.id),
  );
  if (!names.has('state-sqlite') && !brings) names.add('state-memory');
  const section = plugin?.section ?? plugin?.name;
  return [
    "version: '1'",
    "upstream: { url: 'http://127.0.0.1:9/mcp' }",
    `plugins: ${JSON.stringify([...names].filter((name) => name !== plugin?.name))}`,
    ...(section !== undefined && options.config !== undefined ? [`${section}: ${JSON.stringify(options.config)}`] : []),
    options.yaml ?? '',
  ].join('\n');
}

function collectingLog(lines: PluginTest['logs'][number][]): Log {
  const at =
    (level: string) =>
    (message: string, fields: JsonObject = {}) =>
      void lines.push({ level, message, fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Sees what every observer sees. */
function recorder(records: DecisionRecord[]) {
  return definePlugin({
    name: 'test-recorder',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    taps: ['onDecision'],
    register({ hooks }) {
      hooks.onDecision.tap((record) => void records.push(record));
    },
  });
}
