/** Who provides what, on awilix - with the three checks that awilix leaves out: duplicates, missing providers, rings. */
import { asValue, createContainer } from 'awilix';
import type { PluginDefinition, ServiceMap } from './plugin.ts';
import { helioError } from './errors.ts';

/** The services of one generation. awilix overwrites duplicates in silence, so they are refused here. */
export function createServices() {
  const container = createContainer({ strict: true });
  return {
    provide(id: string, value: unknown): void {
      if (container.hasRegistration(id)) throw helioError('HELIO_SERVICE_TWICE', { service: id });
      container.register(id, asValue(value));
    },
    get<T>(id: string): T | undefined {
      return container.hasRegistration(id) ? container.resolve<T>(id) : undefined;
    },
  };
}
export type Services = ReturnType<typeof createServices>;

type Manifest = Pick<PluginDefinition, 'name' | 'needs' | 'wants' | 'provides'>;

const ids = (map: ServiceMap | undefined): string[] => Object.values(map ?? {}).map((service) => service.id);

/** Service id to the name of the plugin that provides it. Throws HELIO_SERVICE_TWICE. */
export function providersOf(plugins: readonly Manifest[]): ReadonlyMap<string, string> {
  const providers = new Map<string, string>();
  for (const plugin of plugins) {
    for (const id of ids(plugin.provides)) {
      const other = providers.get(id);
      if (other !== undefined)
        throw helioError('HELIO_SERVICE_TWICE', { service: id, plugins: `${other}, ${plugin.name}` });
      providers.set(id, plugin.name);
    }
  }
  return providers;
}

/** Puts providers before their users; otherwise the given order stays. Throws HELIO_SERVICE_RING. */
export function orderPlugins<P extends Manifest>(plugins: readonly P[]): readonly P[] {
  const providers = providersOf(plugins);
  const waiting = [...plugins];
  const placed: P[] = [];
  while (waiting.length > 0) {
    const isWaiting = (name: string | undefined) => waiting.some((plugin) => plugin.name === name);
    const next = waiting.findIndex((plugin) =>
      [...ids(plugin.needs), ...ids(plugin.wants)].every(
        (id) => providers.get(id) === plugin.name || !isWaiting(providers.get(id)),
      ),
    );
    if (next < 0) throw helioError('HELIO_SERVICE_RING', { plugins: waiting.map((plugin) => plugin.name).join(', ') });
    placed.push(...waiting.splice(next, 1));
  }
  return placed;
}
