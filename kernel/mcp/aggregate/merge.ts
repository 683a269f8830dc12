/** One answer made of the answers of several upstreams. */
import type { Json, JsonObject } from '../../plugin.ts';
import { isObject } from '../messages.ts';
import type { OwnIdentity } from '../own-client.ts';
import type { Names } from './names.ts';

export type Told = readonly { readonly part: string; readonly result: JsonObject }[];
export type Missing = readonly { readonly part: string; readonly reason: string }[];

/** Extensions whose ids the merged endpoint knows; of others it could not tell which upstream is meant. */
const mergedExtensions = new Set(['io.modelcontextprotocol/tasks']);
/** Helio itself says that these changed when an upstream comes back. */
const listed = ['tools', 'prompts', 'resources'];

/** What any of them can. `experimental` is of one upstream, and nobody knows what it means for several. */
export function mergeCapabilities(told: Told): JsonObject {
  let merged: JsonObject = {};
  for (const { result } of told) {
    const {
      experimental: _unknown,
      extensions,
      ...known
    } = isObject(result['capabilities']) ? result['capabilities'] : {};
    merged = either(merged, known);
    const own = Object.entries(isObject(extensions) ? extensions : {}).filter(([name]) => mergedExtensions.has(name));
    if (own.length > 0) merged = either(merged, { extensions: Object.fromEntries(own) });
  }
  for (const name of listed) if (isObject(merged[name])) merged = either(merged, { [name]: { listChanged: true } });
  return merged;
}

/** Both objects in one: what is true in either is true, what is an object is both. */
export function either(one: JsonObject, other: JsonObject): JsonObject {
  const both: { [key: string]: Json } = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = both[key];
    if (isObject(before) && isObject(value)) both[key] = either(before, value);
    else if (Array.isArray(before) && Array.isArray(value)) both[key] = [...(before as Json[]), ...(value as Json[])];
    else if (before === undefined || before === false || before === null) both[key] = value;
  }
  return both;
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
    ...cacheHints(told, missing),
    ...(instructions !== undefined && { instructions }),
    _meta: { 'io.modelcontextprotocol/serverInfo': { ...self } },
  };
}

/** The shortest time to live, none while one is missing, and private as soon as one is. */
export function cacheHints(told: Told, missing: Missing): JsonObject {
  const lives =
    missing.length > 0 ? [0] : told.map(({ result }) => (typeof result['ttlMs'] === 'number' ? result['ttlMs'] : 0));
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
  'tasks/list': {
    key: 'tasks',
    outward: (names, part, item) => ({ ...item, taskId: names.name(part, String(item['taskId'])) }),
  },
};
