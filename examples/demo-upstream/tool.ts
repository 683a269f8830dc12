/** The shape of one demo tool, and how its answer becomes a CallToolResult. */
import type { CallToolResult, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import type { z } from 'zod';
import { isRefused, type Refused, type Shop } from './shop.ts';

export type Fields = { readonly [name: string]: z.ZodType };
export type Values<F extends Fields> = { readonly [K in keyof F]: z.output<F[K]> };
export type Said = { readonly [name: string]: unknown };

export interface DemoTool<In extends Fields = Fields> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly annotations: ToolAnnotations;
  readonly input: In;
  readonly output?: Fields;
  run(args: Values<In>, shop: Shop): Said | Refused;
}

/** Keeps the types of `input` for `run`. */
export const tool = <In extends Fields>(one: DemoTool<In>): DemoTool => one as unknown as DemoTool;

/** A refusal of the shop is a tool error: the model reads it and can act on it. */
export function asResult(said: Said | Refused): CallToolResult {
  if (isRefused(said)) return { content: [{ type: 'text', text: (said as Refused).refused }], isError: true };
  return { content: [{ type: 'text', text: JSON.stringify(said, null, 2) }], structuredContent: said };
}
