/** Answers that Helio makes itself, instead of passing on an upstream's. */
import type { Answer, Json } from './plugin.ts';

const encoder = new TextEncoder();

function made(kind: Answer['kind'], isError: boolean, value: Json): Answer {
  const bytes = encoder.encode(JSON.stringify(value));
  return Object.freeze({ kind, isError, bytes, value: () => value });
}

/** A successful JSON-RPC `result`; with `isError: true` inside it, a tool's own failure. */
export function resultAnswer(result: { readonly [key: string]: Json }): Answer {
  return made('result', result['isError'] === true, result);
}

/** A JSON-RPC `error`. Codes of our own lie outside -32768..-32000 (MCP 2026-07-28, basic). */
export function errorAnswer(error: { readonly code: number; readonly message: string; readonly data?: Json }): Answer {
  return made('error', true, error as unknown as Json);
}

/** MCP 2026-07-28 `input_required`: the client answers with a further leg that carries `requestState`. */
export function inputRequiredAnswer(leg: {
  readonly inputRequests?: { readonly [key: string]: Json };
  readonly requestState: string;
}): Answer {
  return made('input_required', false, { resultType: 'input_required', ...leg } as Json);
}
