/** An upstream that answers as the test says and remembers what reached it. */
import { errorAnswer, resultAnswer } from '../answer.ts';
import type { Json, JsonObject, ToolDefinition } from '../plugin.ts';
import type { Landing, Lookup } from '../mcp/incoming.ts';

/** What a tool answers: a result object, or how it fails. */
export type Script =
  JsonObject | Landing | ((args: JsonObject) => JsonObject | Landing | Promise<JsonObject | Landing>);

export interface FakeUpstream {
  /** Every call that reached it, in order. */
  readonly received: readonly {
    readonly name: string;
    readonly arguments: JsonObject;
    readonly headers: ReadonlyMap<string, string>;
  }[];
  /** What a tool answers from now on; unscripted tools answer "ok". */
  answers(tool: string, script: Script): void;
  /** Adds or replaces a tool definition. Without any, every name is a known tool with the MCP default annotations. */
  advertises(...tools: readonly (Partial<ToolDefinition> & { readonly name: string })[]): void;
}

export interface FakeUpstreamInside extends FakeUpstream {
  lookup(name: string): Lookup;
  tools(): readonly ToolDefinition[];
  receive(name: string, args: JsonObject, headers: ReadonlyMap<string, string>): Promise<Landing>;
}

/** A result with one text block. */
export function text(words: string, more: JsonObject = {}): JsonObject {
  return { content: [{ type: 'text', text: words }], ...more };
}

/** The connection was refused: the upstream provably did nothing. */
export const notSent: Landing = { kind: 'not_sent', reason: 'connection refused' };
/** The connection broke: nobody knows. */
export const unknown: Landing = { kind: 'unknown', reason: 'the connection was lost' };
/** A JSON-RPC error; -32602 and its kin mean that nothing was done. */
export function rpcError(code: number, message: string, data?: Json): Landing {
  const acted = ![-32700, -32600, -32601, -32602].includes(code);
  return { kind: 'answer', answer: errorAnswer({ code, message, ...(data !== undefined && { data }) }), acted };
}

export function createFakeUpstream(): FakeUpstreamInside {
  const scripts = new Map<string, Script>();
  const definitions = new Map<string, ToolDefinition>();
  const received: { name: string; arguments: JsonObject; headers: ReadonlyMap<string, string> }[] = [];
  return {
    received,
    answers: (tool, script) => void scripts.set(tool, script),
    advertises(...tools) {
      for (const tool of tools) definitions.set(tool.name, completed(tool));
    },
    lookup(name) {
      if (definitions.size === 0) return { found: completed({ name }) };
      const found = definitions.get(name);
      return found === undefined ? { unknown: true } : { found };
    },
    tools: () => [...definitions.values()],
    async receive(name, args, headers) {
      received.push({ name, arguments: args, headers });
      const script = scripts.get(name) ?? text('ok');
      const said = typeof script === 'function' ? await script(args) : script;
      return isLanding(said) ? said : { kind: 'answer', answer: resultAnswer(said), acted: true };
    },
  };
}

function isLanding(said: JsonObject | Landing): said is Landing {
  return 'kind' in said && ['answer', 'not_sent', 'unknown'].includes(said['kind'] as string);
}

function completed(tool: Partial<ToolDefinition> & { readonly name: string }): ToolDefinition {
  const annotations = {
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: false,
    openWorldHint: true,
    ...tool.annotations,
  };
  const raw =
    tool.raw ??
    ({ name: tool.name, inputSchema: tool.inputSchema ?? { type: 'object' }, annotations } as unknown as JsonObject);
  return { inputSchema: undefined, ...tool, annotations, raw };
}
