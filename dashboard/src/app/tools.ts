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

export async function readTools(host: Host, signal: AbortSignal): Promise<readonly ToolView[]> {
  const { tools } = await host.api.get<{ tools: readonly CatalogueTool[] }>('/api/catalogue', signal);
  return tools.map((tool) => ({
    upstream: tool.upstream,
    name: tool.name,
    description: tool.description,
    annotations: tool.annotations,
    state: '',
    before: undefined,
    now: tool.definition,
    hash: '',
  }));
}

export async function acceptTool(_host: Host, _tool: ToolView): Promise<void> {}
