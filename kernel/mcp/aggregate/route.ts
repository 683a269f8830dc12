/** Which part a request of the merged endpoint is for, by the name that it carries. */
import type { JsonObject } from '../../plugin.ts';
import { isObject, type Message } from '../messages.ts';
import { withMember } from '../rewrite.ts';
import type { Names } from './names.ts';

/** The part, the name that it knows, and the params with that name, as JSON. */
export interface Route {
  readonly part: string;
  readonly name: string;
  readonly params: string;
}

/** Undefined: a name that no part has. `unknown`: nothing in this method says which part is meant. */
export function routeOf(message: Message, names: Names): Route | 'unknown' | undefined {
  const { method, params } = message;
  const byName = method === 'tools/call' || method === 'prompts/get';
  const byUri = method === 'resources/read' || method === 'resources/subscribe' || method === 'resources/unsubscribe';
  if (byName || byUri) {
    const key = byName ? 'name' : 'uri';
    const given = params[key];
    const routed = typeof given !== 'string' ? undefined : byName ? names.ofName(given) : names.ofUri(given);
    return routed && { ...routed, params: withMember(params, key, JSON.stringify(routed.name)) };
  }
  if (method !== 'completion/complete' || !isObject(params['ref'])) return 'unknown';
  const { ref } = params;
  const key = ref['type'] === 'ref/prompt' ? 'name' : 'uri';
  const given = ref[key];
  const routed = typeof given !== 'string' ? undefined : key === 'name' ? names.ofName(given) : names.ofUri(given);
  return routed && { ...routed, params: withMember(params, 'ref', withMember(ref, key, JSON.stringify(routed.name))) };
}

/** The filter of a subscription with the resources of one part alone, under the names that it knows. */
export function inwardFilter(wanted: JsonObject, part: string, names: Names): JsonObject {
  const uris = wanted['resourceSubscriptions'];
  if (!Array.isArray(uris)) return wanted;
  const own = uris.flatMap((uri) => {
    const routed = typeof uri === 'string' ? names.ofUri(uri) : undefined;
    return routed?.part === part ? [routed.name] : [];
  });
  return { ...wanted, resourceSubscriptions: own };
}
