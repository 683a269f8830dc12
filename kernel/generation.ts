/** A generation: one immutable result of load -> check -> register -> order. Calls run on it; a reload builds the next one beside it. */
import { z } from 'zod';
import { createApi, type Registration } from './api.ts';
import type { ConfigFile } from './config/read.ts';
import { checkSections } from './config/schema.ts';
import { helioError, isHelioError } from './errors.ts';
import { createExtensions, type Extensions } from './extensions.ts';
import { createHooks, type Hooks } from './hooks.ts';
import { orderTaps } from './order.ts';
import type { Commit, HookName, Journal, Json, PluginDefinition, Problem, Refusals } from './plugin.ts';
import type { ResolvedPlugin } from './plugins/resolve.ts';
import { commit, journal, refusals } from './refs.ts';
import { createServices, orderPlugins, providersOf } from './services.ts';
import type { Tap } from './taps.ts';
import type { ProcessScope } from './process-scope.ts';

export interface Generation {
  readonly number: number;
  readonly file: ConfigFile;
  /** The kernel's own sections, validated. */
  readonly kernelSections: { readonly [name: string]: unknown };
  readonly plugins: readonly Registration[];
  readonly extensions: Extensions;
  readonly hooks: Hooks;
  readonly commit: Commit | undefined;
  readonly journal: Journal | undefined;
  readonly refusals: Refusals | undefined;
  readonly warnings: readonly Problem[];
  /** Section name to its whole schema, for docs, editors and masks. */
  readonly schemas: ReadonlyMap<string, z.ZodType>;
  /** Calls in flight hold their generation: it stops when the last one has left. */
  enter(): void;
  leave(): void;
  /** Resolves when no call is in flight on it any more. */
  idle(): Promise<void>;
}

export interface GenerationInput {
  readonly file: ConfigFile;
  readonly plugins: readonly ResolvedPlugin[];
  readonly kernelSchemas: { readonly [section: string]: z.ZodType };
  /** Section of a standard plugin to its name, loaded or not: for errors that say which plugin to add. */
  readonly knownSections: { readonly [section: string]: string };
  readonly number: number;
  readonly scope: ProcessScope;
}

/** Either a generation, or every problem at once. */
export type Built = { readonly generation: Generation } | { readonly problems: readonly Problem[] };

/** Checks the config, registers every plugin and freezes the order. Starts nothing. Throws HelioError for a broken plugin. */
export function buildGeneration(input: GenerationInput): Built {
  const { file, scope } = input;
  const plugins = checkServices(input.plugins);

  const schemas = new Map<string, z.ZodType>(Object.entries(input.kernelSchemas));
  for (const { definition } of plugins) schemas.set(sectionOf(definition), definition.config);
  const owners = new Map(plugins.map(({ definition }) => [sectionOf(definition), definition.name]));
  const checked = checkSections(
    file,
    [...schemas].map(([name, schema]) => ({ name, schema, owner: owners.get(name) ?? 'kernel' })),
    input.knownSections,
  );
  const problems: Problem[] = [...file.problems, ...checked.problems];
  if (problems.some(isError)) return { problems };

  const extensions = createExtensions();
  const services = createServices();
  const registrations: Registration[] = [];
  for (const plugin of plugins) {
    const section = sectionOf(plugin.definition);
    const { registration, api } = createApi({
      plugin,
      section,
      config: checked.values[section],
      file,
      services,
      extensions,
      scope,
      report: (problem) => problems.push(problem),
      describe: (schema) => schemas.set(section, schema),
    });
    const provided = runRegister(plugin, () => plugin.definition.register(api as never), scope);
    for (const [key, service] of Object.entries(plugin.definition.provides ?? {})) {
      const value = (provided as { readonly [key: string]: unknown } | undefined)?.[key];
      if (value === undefined)
        throw helioError('HELIO_PLUGIN_PROVIDES', { plugin: plugin.definition.name, service: service.id });
      services.provide(service.id, value);
    }
    registrations.push(registration);
  }
  for (const registration of registrations) {
    for (const check of registration.checks) runRegister(registration.plugin, check, scope, 'onCheck');
  }
  if (problems.some(isError)) return { problems };

  let inFlight = 0;
  let whenIdle: (() => void)[] = [];
  return {
    generation: Object.freeze({
      number: input.number,
      file,
      kernelSections: Object.fromEntries(Object.keys(input.kernelSchemas).map((name) => [name, checked.values[name]])),
      plugins: registrations,
      extensions,
      hooks: createHooks(tapsOf(registrations)),
      commit: services.get<Commit>(commit.id),
      journal: services.get<Journal>(journal.id),
      refusals: services.get<Refusals>(refusals.id),
      warnings: problems,
      schemas,
      enter: () => void inFlight++,
      leave() {
        if (--inFlight > 0) return;
        for (const done of whenIdle) done();
        whenIdle = [];
      },
      idle: () => (inFlight === 0 ? Promise.resolve() : new Promise<void>((done) => void whenIdle.push(done))),
    }),
  };
}

export function sectionOf(definition: PluginDefinition): string {
  return definition.section ?? definition.name;
}

export const isError = (problem: Problem): boolean => problem.severity !== 'warning';

/** Providers before their users. Throws HELIO_SERVICE_TWICE, HELIO_SERVICE_RING or HELIO_PLUGIN_NEEDS. */
export function checkServices(plugins: readonly ResolvedPlugin[]): readonly ResolvedPlugin[] {
  const ordered = orderPlugins(plugins.map((resolved) => ({ ...resolved, ...servicesOf(resolved.definition) })));
  checkNeeds(ordered);
  return ordered;
}

const servicesOf = ({ name, needs, wants, provides }: PluginDefinition) => ({ name, needs, wants, provides });

function checkNeeds(plugins: readonly ResolvedPlugin[]): void {
  const providers = providersOf(plugins.map(({ definition }) => definition));
  for (const { definition } of plugins) {
    for (const service of Object.values(definition.needs ?? {})) {
      if (!providers.has(service.id))
        throw helioError('HELIO_PLUGIN_NEEDS', { plugin: definition.name, service: service.id });
    }
  }
}

function runRegister<R>(plugin: ResolvedPlugin, run: () => R, scope: ProcessScope, where = 'register'): R {
  try {
    return run();
  } catch (cause) {
    if (isHelioError(cause)) throw cause;
    scope.log.error('a plugin failed while it was set up', {
      plugin: plugin.definition.name,
      where,
      cause: String((cause as Error)?.stack ?? cause),
    });
    const reason = String((cause as Error)?.message ?? cause).split('\n')[0]!;
    throw helioError('HELIO_PLUGIN_REGISTER', { plugin: plugin.definition.name, where, reason }, { cause });
  }
}

function tapsOf(registrations: readonly Registration[]): Parameters<typeof createHooks>[0] {
  const of = <H extends HookName>(hook: H) =>
    Object.freeze(
      orderTaps(registrations.flatMap(({ taps }) => taps.filter((tap): tap is Tap<H> => tap.hook === hook))),
    );
  return {
    onRequest: of('onRequest'),
    evaluate: of('evaluate'),
    beforeForward: of('beforeForward'),
    afterResponse: of('afterResponse'),
    onDecision: of('onDecision'),
  };
}

/** Sections as people may see them. */
export type Sections = { readonly [name: string]: Json };
