/** Which part a request of the merged endpoint is for, by the name that it carries. */
import type { Json, JsonObject } from '../../plugin.ts';
import { metaOf } from '../era.ts';
import { isObject, type Message } from '../messages.ts';
import { withMember } from '../rewrite.ts';
import { changed, relatedTask } from './outward.ts';
import type { Names, Routed } from './names.ts';

/** The part, the name that it knows, and the params with that name, as JSON. */
export interface Route {
  readonly part: string;
  readonly name: string;
  readonly params: string;
}

/** Both eras (MCP 2025-11-25, tasks; the tasks extension of 2026-07-28, SEP-2663). */
const tasks = new Set(['tasks/get', 'tasks/result', 'tasks/update', 'tasks/cancel']);

/** Undefined: a name that no part has. `unknown`: nothing in this method says which part is meant. */
export function routeOf(message: Message, names: Names): Route | 'unknown' | undefined {
  const { method, params } = message;
  const byName = method === 'tools/call' || method === 'prompts/get';
  const byTask = tasks.has(method!);
  const byUri = method === 'resources/read' || method === 'resources/subscribe' || method === 'resources/unsubscribe';
  if (byName || byTask || byUri) {
    const key = byName ? 'name' : byTask ? 'taskId' : 'uri';
    const given = params[key];
    const routed = typeof given !== 'string' ? undefined : byUri ? names.ofUri(given) : names.ofName(given);
    return routed && { ...routed, params: withMember(params, key, JSON.stringify(routed.name)) };
  }
  if (method !== 'completion/complete' || !isObject(params['ref'])) return 'unknown';
  const { ref } = params;
  const key = ref['type'] === 'ref/prompt' ? 'name' : 'uri';
  const given = ref[key];
  const routed = typeof given !== 'string' ? undefined : key === 'name' ? names.ofName(given) : names.ofUri(given);
  return routed && { ...routed, params: withMember(params, 'ref', withMember(ref, key, JSON.stringify(routed.name))) };
}

/** The filter of a subscription with the resources and tasks of one part alone, under the names that it knows. */
export function inwardFilter(wanted: JsonObject, part: string, names: Names): JsonObject {
  const ownOf = (key: string, routeOne: (name: string) => Routed | undefined): JsonObject => {
    const given = wanted[key];
    if (!Array.isArray(given)) return {};
    const own = (given as readonly Json[]).flatMap((name) => {
      const routed = typeof name === 'string' ? routeOne(name) : undefined;
      return routed?.part === part ? [routed.name] : [];
    });
    return { [key]: own };
  };
  return { ...wanted, ...ownOf('resourceSubscriptions', names.ofUri), ...ownOf('taskIds', names.ofName) };
}

/** The client's answer to a request of a part, under the ids that the part knows. */
export function inwardAnswer(
  answer: JsonObject,
  meant: { readonly part: string; readonly text: string },
  names: Names,
): Buffer {
  const { result } = answer;
  const related = isObject(result) ? metaOf(result)[relatedTask] : undefined;
  const taskId = isObject(related) ? related['taskId'] : undefined;
  const routed = typeof taskId === 'string' ? names.ofName(taskId) : undefined;
  let whole = answer;
  if (isObject(result) && isObject(related) && routed?.part === meant.part) {
    const own = changed(metaOf(result), { [relatedTask]: changed(related, { taskId: routed.name }) });
    whole = changed(answer, { result: changed(result, { _meta: own }) });
  }
  return Buffer.from(withMember(whole, 'id', meant.text));
}
