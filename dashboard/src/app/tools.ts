/** What the upstreams offer, with its pins where the plugin tool-pinning is loaded. */
import type { Host } from './host.ts';
import type { CatalogueTool, JsonObject } from '../api-types.ts';

export interface ToolView {
  readonly upstream: string;
  readonly name: string;
  readonly description: string;
  readonly annotations: CatalogueTool['annotations'] | undefined;
  /** `pinned`, `changed`, `new`, `removed`; empty when nothing pins. */
  readonly state: string;
  /** The accepted definition, when it differs from what is there now. */
  readonly before: JsonObject | undefined;
  readonly now: JsonObject | undefined;
  readonly hash: string;
}

interface Pin {
  readonly upstream: string;
  readonly name: string;
  readonly state: string;
  readonly currentHash: string | null;
  readonly pinned: JsonObject;
  readonly current: JsonObject | null;
}

export async function readTools(host: Host, signal: AbortSignal): Promise<readonly ToolView[]> {
  const [catalogue, pins] = await Promise.all([
    host.api.get<{ tools: readonly CatalogueTool[] }>('/api/catalogue', signal),
    host.has('tool-pinning') ? host.api.get<{ tools: readonly Pin[] }>('/api/tools', signal) : { tools: [] },
  ]);
  const known = new Map(catalogue.tools.map((tool) => [`${tool.upstream}/${tool.name}`, tool]));
  const pinned = pins.tools.map((pin): ToolView => {
    const tool = known.get(`${pin.upstream}/${pin.name}`);
    known.delete(`${pin.upstream}/${pin.name}`);
    const isSame = pin.state === 'pinned' || pin.current === null;
    return {
      upstream: pin.upstream,
      name: pin.name,
      description: tool?.description ?? String((pin.current ?? pin.pinned)['description'] ?? ''),
      annotations: tool?.annotations,
      state: pin.state,
      before: isSame ? undefined : pin.pinned,
      now: pin.current ?? pin.pinned,
      hash: pin.currentHash ?? '',
    };
  });
  const unpinned = [...known.values()].map((tool): ToolView => ({
    upstream: tool.upstream,
    name: tool.name,
    description: tool.description,
    annotations: tool.annotations,
    state: '',
    before: undefined,
    now: tool.definition,
    hash: '',
  }));
  const rank = ({ state }: ToolView): number => ['changed', 'removed', 'new'].indexOf(state) + 1 || 9;
  return [...pinned, ...unpinned].sort(
    (a, b) => rank(a) - rank(b) || (a.upstream + a.name < b.upstream + b.name ? -1 : 1),
  );
}

/** Accepts the definition that was shown: another one by now is refused. */
export async function acceptTool(host: Host, { upstream, name, hash }: ToolView): Promise<void> {
  await host.api.post('/api/tools/accept', { upstream, name, ...(hash === '' ? {} : { hash }) });
}
