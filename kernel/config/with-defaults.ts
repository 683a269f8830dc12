/** helio.yaml as it holds: every default of the loaded sections written out, in the words that people write. */
import type { z } from 'zod';
import type { Json, JsonObject } from '../plugin.ts';
import { sectionJsonSchema, type JsonSchema } from './json-schema.ts';

/** Sections that are not written appear where their plugin is loaded and has defaults. */
export function withDefaults(tree: JsonObject, schemas: ReadonlyMap<string, z.ZodType>): JsonObject {
  const names = [...new Set([...Object.keys(tree), ...schemas.keys()])];
  return Object.fromEntries(
    names.flatMap((name) => {
      const schema = schemas.get(name);
      const value = schema === undefined ? tree[name] : filled(tree[name], sectionJsonSchema(schema));
      const isNothing = value === undefined || (tree[name] === undefined && isObject(value) && isEmpty(value));
      return isNothing ? [] : [[name, value]];
    }),
  );
}

function filled(value: Json | undefined, node: JsonSchema): Json | undefined {
  if (value === undefined) {
    const fallback = node['default'] as Json | undefined;
    if (fallback === undefined) return undefined;
    return isObject(fallback) ? filled(fallback, node) : fallback;
  }
  const branch = branchOf(node, value);
  if (branch !== undefined) return filled(value, branch);
  if (Array.isArray(value)) {
    const items = node['items'] as JsonSchema | undefined;
    return items === undefined ? value : value.map((item: Json) => filled(item, items) ?? item);
  }
  if (!isObject(value)) return value;
  const properties = (node['properties'] ?? {}) as { readonly [key: string]: JsonSchema };
  const free = node['additionalProperties'];
  const members: { [key: string]: Json } = {};
  for (const [key, member] of Object.entries(value)) {
    const schema = properties[key] ?? (typeof free === 'object' && free !== null ? (free as JsonSchema) : undefined);
    members[key] = schema === undefined ? member : (filled(member, schema) ?? member);
  }
  for (const [key, schema] of Object.entries(properties)) {
    const member = Object.hasOwn(value, key) ? undefined : filled(undefined, schema);
    if (member !== undefined) members[key] = member;
  }
  return members;
}

/** The one branch of a union that a group can be: the only group, or the one with its `type`. */
function branchOf(node: JsonSchema, value: Json): JsonSchema | undefined {
  const branches = (node['anyOf'] ?? node['oneOf']) as readonly JsonSchema[] | undefined;
  if (branches === undefined || !isObject(value)) return undefined;
  const groups = branches.filter((branch) => branch['properties'] !== undefined);
  const tagOf = (branch: JsonSchema) =>
    (branch['properties'] as { readonly type?: JsonSchema }).type?.['const'] as Json | undefined;
  return groups.length === 1
    ? groups[0]
    : groups.find((branch) => tagOf(branch) !== undefined && tagOf(branch) === value['type']);
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isEmpty = (value: JsonObject): boolean => Object.keys(value).length === 0;
