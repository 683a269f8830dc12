/** Reads one tool of a tools/list answer. */
import type { JsonObject, ToolDefinition } from '../plugin.ts';
import { deepFreeze } from './json.ts';
import { isObject } from './messages.ts';

/**
 * Applies the MCP defaults (schema, ToolAnnotations: readOnlyHint false, destructiveHint true, idempotentHint false,
 * openWorldHint true). From an untrusted upstream the hints that loosen count as absent. Undefined when it has no name.
 */
export function toolDefinition(raw: unknown, trust: 'trusted' | 'untrusted'): ToolDefinition | undefined {
  if (!isObject(raw as JsonObject)) return undefined;
  const tool = deepFreeze(raw as JsonObject);
  const name = tool['name'];
  if (typeof name !== 'string' || name === '') return undefined;
  const told = isObject(tool['annotations']) ? tool['annotations'] : {};
  const isTrusted = trust === 'trusted';
  const hint = (key: string, absent: boolean, loosens: boolean) => {
    const value = told[key];
    return typeof value === 'boolean' && (isTrusted || value !== loosens) ? value : absent;
  };
  return Object.freeze({
    name,
    ...(typeof tool['title'] === 'string' && { title: tool['title'] }),
    ...(typeof tool['description'] === 'string' && { description: tool['description'] }),
    annotations: Object.freeze({
      readOnlyHint: hint('readOnlyHint', false, true),
      destructiveHint: hint('destructiveHint', true, false),
      idempotentHint: hint('idempotentHint', false, true),
      openWorldHint: hint('openWorldHint', true, false),
      ...(typeof told['title'] === 'string' && { title: told['title'] }),
    }),
    inputSchema: isObject(tool['inputSchema']) ? tool['inputSchema'] : undefined,
    raw: tool,
  });
}
