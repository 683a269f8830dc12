/** Which requests the pipeline sees, and what it judges in them. */
import type { Call, JsonObject } from '../plugin.ts';
import { bareObject } from './json.ts';
import { caseVariant, isObject, type Message } from './messages.ts';

/** What is judged; tasks/* and the lists only pass onRequest and afterResponse, because results come by them too. */
const kinds: { readonly [method: string]: Call['kind'] } = {
  'tools/call': 'tool',
  'resources/read': 'resource',
  'prompts/get': 'prompt',
  'tools/list': 'list',
  'resources/list': 'list',
  'resources/templates/list': 'list',
  'prompts/list': 'list',
  'tasks/result': 'list',
  'tasks/get': 'list',
  'tasks/update': 'list',
};

export function kindOf(method: string | undefined): Call['kind'] | undefined {
  return method !== undefined && Object.hasOwn(kinds, method) ? kinds[method] : undefined;
}

export interface Subject {
  readonly kind: Call['kind'];
  readonly name: string;
  readonly arguments: JsonObject;
}

/** A string is a sentence: why this message cannot be judged, so that it is refused with -32602. */
export function subjectOf(kind: Call['kind'], message: Message): Subject | string {
  const { params, method } = message;
  if (kind === 'list') return { kind, name: method!, arguments: params };
  const key = kind === 'resource' ? 'uri' : 'name';
  const variant = caseVariant(params, kind === 'resource' ? ['uri', '_meta'] : ['name', 'arguments', '_meta']);
  if (variant !== undefined) return `The key ${variant} in params is written in another case.`;
  const name = params[key];
  if (typeof name !== 'string' || name === '') return `params.${key} must be a string that is not empty.`;
  if (kind === 'resource') {
    const uri = bareObject();
    uri['uri'] = name;
    return { kind, name, arguments: uri };
  }
  const given = params['arguments'];
  if ('arguments' in params && !isObject(given)) return 'params.arguments must be an object.';
  return { kind, name, arguments: isObject(given) ? given : bareObject() };
}
