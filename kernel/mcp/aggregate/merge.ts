/** One answer made of the answers of several upstreams. */
import type { Json, JsonObject } from '../../plugin.ts';
import { isObject } from '../messages.ts';
import type { OwnIdentity } from '../own-client.ts';
import type { Names } from './names.ts';

export type Told = readonly { readonly part: string; readonly result: JsonObject }[];
export type Missing = readonly { readonly part: string; readonly reason: string }[];

/** What the merged endpoint cannot carry: task ids would need a map of their own. */
const notMerged = new Set(['tasks', 'extensions', 'experimental']);

export function mergeCapabilities(told: Told): JsonObject {
  const merged: { [name: string]: { [flag: string]: Json } } = {};
  for (const { result } of told) {
    const capabilities = isObject(result['capabilities']) ? result['capabilities'] : {};
    for (const [name, value] of Object.entries(capabilities)) {
      if (notMerged.has(name) || !isObject(value)) continue;
      merged[name] = { ...merged[name] };
      for (const [flag, set] of Object.entries(value)) if (merged[name][flag] !== true) merged[name][flag] = set;
    }
  }
  return merged;
}

function instructionsOf(told: Told, missing: Missing): string | undefined {
  const texts = told.flatMap(({ part, result }) =>
    typeof result['instructions'] === 'string' ? [`[${part}] ${result['instructions']}`] : [],
  );
  if (missing.length > 0) texts.push(`Not available now: ${missing.map(({ part }) => part).join(', ')}.`);
  return texts.length > 0 ? texts.join('\n\n') : undefined;
}

export function mergeInitialize(told: Told, missing: Missing, self: OwnIdentity): JsonObject {
  const versions = told.map(({ result }) => String(result['protocolVersion'])).sort();
  const instructions = instructionsOf(told, missing);
  return {
    protocolVersion: versions[0]!, // dates sort; the oldest is what all of them speak
    capabilities: mergeCapabilities(told),
    serverInfo: { ...self },
    ...(instructions !== undefined && { instructions }),
  };
}

export function mergeDiscover(told: Told, missing: Missing, self: OwnIdentity): JsonObject {
  const lists = told.map(({ result }) =>
    Array.isArray(result['supportedVersions']) ? (result['supportedVersions'] as readonly Json[]) : [],
  );
  const instructions = instructionsOf(told, missing);
  return {
    resultType: 'complete',
    supportedVersions: lists[0]!.filter((version) => lists.every((list) => list.includes(version))),
    capabilities: mergeCapabilities(told),
    ...cacheHints(told),
    ...(instructions !== undefined && { instructions }),
    _meta: { 'io.modelcontextprotocol/serverInfo': { ...self } },
  };
}

/** The shortest time to live, and private as soon as one is. */
export function cacheHints(told: Told): JsonObject {
  const lives = told.map(({ result }) => (typeof result['ttlMs'] === 'number' ? result['ttlMs'] : 0));
  const isPublic = told.every(({ result }) => result['cacheScope'] === 'public');
  return { ttlMs: Math.min(...lives), cacheScope: isPublic ? 'public' : 'private' };
}

/** The members of a list's items that name something, by method. */
export const lists: {
  readonly [method: string]: {
    readonly key: string;
    outward(names: Names, part: string, item: JsonObject): JsonObject;
  };
} = {
  'tools/list': {
    key: 'tools',
    outward: (names, part, item) => ({ ...item, name: names.name(part, String(item['name'])) }),
  },
  'prompts/list': {
    key: 'prompts',
    outward: (names, part, item) => ({ ...item, name: names.name(part, String(item['name'])) }),
  },
  'resources/list': {
    key: 'resources',
    outward: (names, part, item) => ({ ...item, uri: names.uri(part, String(item['uri'])) }),
  },
  'resources/templates/list': {
    key: 'resourceTemplates',
    outward: (names, part, item) => ({ ...item, uriTemplate: names.uri(part, String(item['uriTemplate'])) }),
  },
};

/** A part's result with its resources named as the client has to ask for them. */
export function outwardResult(names: Names, part: string, method: string, result: JsonObject): JsonObject {
  const outward = (item: Json): Json =>
    isObject(item) && typeof item['uri'] === 'string' ? { ...item, uri: names.uri(part, item['uri']) } : item;
  const block = (item: Json): Json => {
    if (!isObject(item)) return item;
    if (item['type'] === 'resource_link') return outward(item);
    return item['type'] === 'resource' ? { ...item, resource: outward(item['resource'] ?? null) } : item;
  };
  const { contents, content, messages } = result;
  if (method === 'resources/read' && Array.isArray(contents)) return { ...result, contents: contents.map(outward) };
  if (Array.isArray(content)) return { ...result, content: content.map(block) };
  if (Array.isArray(messages)) {
    return {
      ...result,
      messages: messages.map((message: Json) =>
        isObject(message) ? { ...message, content: block(message['content'] ?? null) } : message,
      ),
    };
  }
  return result;
}
