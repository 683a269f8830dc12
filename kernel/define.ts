/** The four definition functions: they infer types, freeze, brand - and do nothing else. */
import type { z } from 'zod';
import type { ExtensionMap, ExtensionPoint, Fact, HookName, PluginDefinition, Service, ServiceMap } from './plugin.ts';

/** A brand instead of `instanceof`: two copies of this package can be loaded at once. */
export const pluginBrand = Symbol.for('com.gethelio.plugin');

/** Defines a plugin. Runs nothing; `register` is called once per generation. */
export function definePlugin<
  Schema extends z.ZodType,
  const Taps extends readonly HookName[] = [],
  Needs extends ServiceMap = {},
  Wants extends ServiceMap = {},
  Owns extends ExtensionMap = {},
  Provides extends ServiceMap = {},
>(
  definition: PluginDefinition<Schema, Taps, Needs, Wants, Owns, Provides>,
): PluginDefinition<Schema, Taps, Needs, Wants, Owns, Provides> {
  return Object.freeze(Object.assign({ [pluginBrand]: definition.apiVersion }, definition));
}

/** Names a service: `defineService<Counters>('state.counters', { scope: 'process' })`. */
export function defineService<T>(id: string, options: { readonly scope?: 'process' | 'generation' } = {}): Service<T> {
  return Object.freeze({ kind: 'service', id, scope: options.scope ?? 'generation' });
}

/** Names an extension point: one owner collects what many contribute. */
export function defineExtension<T>(id: string): ExtensionPoint<T> {
  return Object.freeze({ kind: 'extension', id });
}

/** Names a fact. Two facts are the same when their ids are. */
export function defineFact<T>(id: string): Fact<T> {
  return Object.freeze({ id });
}
