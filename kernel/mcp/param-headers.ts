/** `Mcp-Param-*` against the arguments (MCP 2026-07-28, SEP-2243): where Helio is the HTTP server, it must check them. */
import type { Call, Json, JsonObject } from '../plugin.ts';
import { decodeHeaderValue, encodeHeaderValue } from './era.ts';
import { isObject } from './messages.ts';
import type { Setting } from './setting.ts';

interface Declared {
  readonly header: string;
  readonly path: readonly string[];
  readonly isNumber: boolean;
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const decimal = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A sentence part when a header is missing or tells something else than the arguments. */
export function paramMismatch(
  schema: JsonObject | undefined,
  args: JsonObject,
  header: (name: string) => string | undefined,
): string | undefined {
  for (const { header: name, path, isNumber } of declarations(schema)) {
    const value = at(args, path);
    if (value === undefined || value === null || typeof value === 'object') continue;
    const sent = header(`mcp-param-${name.toLowerCase()}`);
    const where = path.join('.');
    if (sent === undefined) return `the body carries ${where} but the Mcp-Param-${name} header is absent`;
    const decoded = decodeHeaderValue(sent.trim());
    if (decoded === undefined) return `the Mcp-Param-${name} header carries an invalid Base64 value`;
    const isEqual =
      isNumber && typeof value === 'number' && decimal.test(decoded)
        ? Number(decoded) === value
        : decoded === String(value);
    if (!isEqual) return `the Mcp-Param-${name} header and ${where} in the body differ`;
  }
  return undefined;
}

/** The headers for arguments that a plugin rewrote, so that the upstream's own check holds. */
export function paramHeaders(
  schema: JsonObject | undefined,
  args: JsonObject,
): ReadonlyMap<string, string | undefined> {
  const headers = new Map<string, string | undefined>();
  for (const { header, path } of declarations(schema)) {
    const value = at(args, path);
    const isPlain = value !== undefined && value !== null && typeof value !== 'object';
    headers.set(`mcp-param-${header.toLowerCase()}`, isPlain ? encodeHeaderValue(String(value)) : undefined);
  }
  return headers;
}

const known = new WeakMap<JsonObject, readonly Declared[]>();

function declarations(schema: JsonObject | undefined): readonly Declared[] {
  if (schema === undefined) return [];
  const before = known.get(schema);
  if (before) return before;
  const found: Declared[] = [];
  walk(schema, [], found);
  known.set(schema, found);
  return found;
}

/** Only properties that are reached through `properties` alone may declare a header. */
function walk(schema: JsonObject, path: readonly string[], found: Declared[]): void {
  const { type, properties } = schema;
  const header = schema['x-mcp-header'];
  const isPrimitive = type === 'string' || type === 'integer' || type === 'number' || type === 'boolean';
  if (typeof header === 'string' && path.length > 0 && token.test(header) && isPrimitive) {
    found.push({ header, path, isNumber: type === 'integer' || type === 'number' });
  }
  if (!isObject(properties) || path.length > 32) return;
  for (const name of Object.keys(properties)) {
    const child = properties[name];
    if (isObject(child)) walk(child, [...path, name], found);
  }
}

function at(args: JsonObject, path: readonly string[]): Json | undefined {
  let node: Json | undefined = args;
  for (const key of path) node = isObject(node) && Object.hasOwn(node, key) ? node[key] : undefined;
  return node;
}

/** A stdio client has no headers; an HTTP upstream of the modern era wants a tool's arguments mirrored in them. */
export function needsMirror({ request, era }: Pick<Setting, 'request' | 'era'>, kind: Call['kind']): boolean {
  return request.door === 'stdio' && era === 'modern' && request.upstream.transport === 'http' && kind === 'tool';
}
