/** Makes the object that a plugin's `register` gets, and remembers what the plugin did with it. */
import type { FastifyInstance } from 'fastify';
import { checkValue } from './config/schema.ts';
import type { ConfigFile } from './config/read.ts';
import type { Extensions } from './extensions.ts';
import { createHealth, type TapHealth } from './health.ts';
import type {
  Awaitable,
  ConfigPath,
  HookHandlers,
  HookName,
  JsonObject,
  ListenOptions,
  PluginApi,
  Problem,
  TapOptions,
} from './plugin.ts';
import type { ProcessScope } from './process-scope.ts';
import type { ResolvedPlugin } from './plugins/resolve.ts';
import { operatorRoutes } from './refs.ts';
import type { Services } from './services.ts';
import { createTap, type Tap } from './taps.ts';
import type { z } from 'zod';

/** What a plugin did in `register`. */
export interface Registration {
  readonly plugin: ResolvedPlugin;
  readonly taps: readonly Tap[];
  readonly health: TapHealth;
  readonly checks: readonly (() => void)[];
  readonly starts: readonly ((signal: AbortSignal) => Awaitable<void>)[];
  readonly stops: readonly ((reason: 'reload' | 'shutdown') => Awaitable<void>)[];
  readonly listens: readonly { readonly options: ListenOptions; build(app: FastifyInstance): Awaitable<void> }[];
  readonly listeners: readonly { readonly kind: string; listener(kind: string, data: JsonObject): void }[];
}

export type AnyApi = PluginApi<unknown, HookName, object, object, any>;

export function createApi(input: {
  readonly plugin: ResolvedPlugin;
  readonly section: string;
  readonly config: unknown;
  readonly file: ConfigFile;
  readonly services: Services;
  readonly extensions: Extensions;
  readonly scope: ProcessScope;
  report(problem: Problem): void;
  describe(schema: z.ZodType): void;
}): { readonly registration: Registration; readonly api: AnyApi } {
  const { plugin, file, services, extensions, scope, section } = input;
  const { definition, entry } = plugin;
  const { name } = definition;
  const health = createHealth();
  const taps: Tap[] = [];
  const checks: Registration['checks'][number][] = [];
  const starts: Registration['starts'][number][] = [];
  const stops: Registration['stops'][number][] = [];
  const listens: Registration['listens'][number][] = [];
  const listeners: Registration['listeners'][number][] = [];
  const configPath: ConfigPath = [section];

  const hookOf = <H extends HookName>(hook: H) => ({
    tap(first: TapOptions<H> | HookHandlers[H], second?: HookHandlers[H]): void {
      const [options, handler] = typeof first === 'function' ? [{}, first as HookHandlers[H]] : [first, second!];
      taps.push(
        createTap(
          name,
          hook,
          options as TapOptions<H>,
          handler as HookHandlers[H],
          health,
          entry.timeoutMs,
        ) as unknown as Tap,
      );
    },
  });
  const resolve = (map: object | undefined) =>
    Object.fromEntries(
      Object.entries(map ?? {}).map(([key, service]) => [key, services.get((service as { id: string }).id)]),
    );

  const api: AnyApi = {
    name,
    config: input.config,
    environment: typeof file.tree['environment'] === 'string' ? file.tree['environment'] : undefined,
    env(variable) {
      if (!definition.reaches?.secrets?.includes(variable))
        throw new Error(`the plugin "${name}" does not declare ${variable} in reaches.secrets`);
      return file.env[variable] || undefined;
    },
    configPath,
    needs: resolve(definition.needs),
    wants: resolve(definition.wants),
    hooks: Object.freeze(
      Object.fromEntries((definition.taps ?? []).map((hook) => [hook, hookOf(hook)])),
    ) as AnyApi['hooks'],
    clock: scope.clock,
    stateDir: scope.stateDir,
    configDir: file.dir,
    log: taggedLog(scope, name),
    kernel: scope.kernel,
    emit: (kind, data) => scope.emit(name, kind, data),
    on: (kind, listener) => void listeners.push({ kind, listener }),
    contribute: (point, contribution) => extensions.contribute(name, point, contribution),
    collect: (key) => extensions.collect(definition.owns![key as string]!) as never,
    locate: (path) => file.locate(path),
    report: (problem) => input.report(problem),
    check(schema, value, path) {
      const checked = checkValue(schema, value, path, file);
      if ('value' in checked) return checked.value as never;
      for (const problem of checked.problems) input.report(problem);
      return undefined;
    },
    describe: (schema) => input.describe(schema),
    keep: (key, create) => scope.keep(`${name}:${key}`, create),
    routes(build, options = {}) {
      const auth = options.auth ?? 'operator';
      const prefix = options.prefix ?? (auth === 'own' ? `/hooks/${name}` : `/api/plugins/${name}`);
      extensions.contribute(name, operatorRoutes, { plugin: name, prefix, auth, build });
    },
    listen(options, build) {
      listens.push({ options, build });
      return { url: () => scope.listeners.url(options.name) };
    },
    onCheck: (run) => void checks.push(run),
    onStart: (run) => void starts.push(run),
    onStop: (run) => void stops.push(run),
  };
  return { registration: { plugin, taps, health, checks, starts, stops, listens, listeners }, api };
}

function taggedLog(scope: ProcessScope, plugin: string): AnyApi['log'] {
  const tagged = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, data?: JsonObject) =>
    scope.log[level](message, { ...data, plugin });
  return { debug: tagged('debug'), info: tagged('info'), warn: tagged('warn'), error: tagged('error') };
}
