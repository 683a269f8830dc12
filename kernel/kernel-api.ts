/** What the kernel lets plugins ask of it, bound to the running proxy: the answers are always of the current generation. */
import { maskSections } from './config/mask.ts';
import type { Generation } from './generation.ts';
import { record } from './gate.ts';
import { quantileMs } from './health.ts';
import type { Lookup } from './mcp/incoming.ts';
import type { ConfigurationView, JsonObject, KernelApi, PluginView, ToolDefinition, UpstreamView } from './plugin.ts';
import { manifestOf } from './plugins/manifest.ts';
import { evaluate, explain, type Asking } from './question.ts';
import type { World } from './trip.ts';

/** What the kernel API needs of the doors; bound once they stand. */
export interface UpstreamsView {
  /** Left out by doors that are no sockets. */
  url?(): string | undefined;
  views(): readonly UpstreamView[];
  tools(upstream: string, options?: { readonly fresh?: boolean }): Promise<readonly ToolDefinition[]>;
  lookup(upstream: string, name: string): Promise<Lookup> | Lookup;
}

export function createKernelApi(running: {
  readonly version: string;
  readonly world: World;
  readonly upstreams: () => UpstreamsView;
  readonly loadedAtMs: () => number;
  readonly lastReload: () => ConfigurationView['lastReload'];
}): KernelApi {
  const { world } = running;
  const asking: Asking = {
    world,
    defaultUpstream: () => running.upstreams().views()[0]?.name ?? 'upstream',
    lookup: (upstream, name) => running.upstreams().lookup(upstream, name),
  };
  return {
    version: running.version,
    configuration() {
      const { file, number, schemas, warnings } = world.current();
      return {
        path: file.path,
        text: file.text,
        hash: file.hash,
        generation: number,
        loadedAtMs: running.loadedAtMs(),
        sections: maskSections(file.tree, schemas, file.writtenAt) as JsonObject,
        warnings: warnings.map(({ path, message }) => `${path.join('.')}: ${message}`),
        lastReload: running.lastReload(),
      };
    },
    plugins: () => pluginViews(world.current()),
    upstreams: () => running.upstreams().views(),
    endpoint: () => running.upstreams().url?.(),
    tools: (upstream, options) => running.upstreams().tools(upstream, options),
    explain: (question) => explain(asking, question),
    evaluate: (question) => evaluate(asking, question),
    record: (seen) => record(world, seen),
  };
}

/** The manifests of a generation's plugins, with the places of their taps and their health. */
export function pluginViews(generation: Generation): readonly PluginView[] {
  return generation.plugins.map(({ plugin, taps, health }) => ({
    ...manifestOf(plugin),
    taps: taps.map((tap) => ({
      hook: tap.hook,
      stage: tap.stage,
      place: generation.hooks.taps[tap.hook]!.indexOf(tap),
    })),
    calls: health.calls,
    failures: health.failures,
    ...(health.lastFailure !== undefined && { lastFailure: health.lastFailure }),
    p50Ms: quantileMs(health, 0.5),
    p95Ms: quantileMs(health, 0.95),
  }));
}
