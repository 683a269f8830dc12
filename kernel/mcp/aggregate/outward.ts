/** What an upstream says, in the names that a client of the merged endpoint knows. */
import type { Json, JsonObject } from '../../plugin.ts';
import { metaOf } from '../era.ts';
import { exactText, setExactText } from '../exact.ts';
import { readStrict, writeJson } from '../json.ts';
import { isObject } from '../messages.ts';
import { withMember } from '../rewrite.ts';
import { scanMessage, type Scanned } from '../scan.ts';
import { messageEvent, type SseEvent } from '../sse-events.ts';
import { outwardId, type Names } from './names.ts';

export interface PartView {
  readonly names: Names;
  readonly part: string;
  /** Of the client's request; empty for a stream of its own. */
  readonly method: string;
  /** The merged session, in place of the part's own; undefined in the modern era. */
  readonly session: string | undefined;
}

/** Which task a message belongs to (MCP 2025-11-25, tasks). */
export const relatedTask = 'io.modelcontextprotocol/related-task';
const urlElicitationRequired = -32042;

/** `id`: under which id the client learns of it, where the upstream gave it one. */
export function outwardEvent(event: SseEvent, view: PartView, id: string | undefined): Buffer {
  if (event.data === undefined || event.data.length === 0)
    return event.id === undefined ? event.raw : primed(event, id);
  const message = outwardMessage(event.data, view);
  return message === event.data && event.id === undefined ? event.raw : messageEvent(message, id);
}

/** An event without data that only tells where the stream can be resumed, and when. */
function primed({ raw }: SseEvent, id: string | undefined): Buffer {
  return Buffer.from(raw.toString('latin1').replace(/^id:[^\r\n]*/m, `id: ${id}`), 'latin1');
}

/** The very same bytes when nothing in them has a name of the part's own. */
export function outwardMessage(bytes: Buffer, view: PartView): Buffer {
  const scanned = scanMessage(bytes);
  if (scanned === undefined || !namesSomething(scanned, bytes, view.method)) return bytes;
  const read = readStrict(bytes);
  if (!read.ok || !isObject(read.value)) return bytes;
  const whole = read.value;
  if (scanned.kind === 'request') return Buffer.from(outwardRequest(whole, scanned.id?.text ?? 'null', view));
  if (scanned.kind === 'notification') {
    const params = whole['params'];
    return isObject(params)
      ? Buffer.from(withMember(whole, 'params', writeJson(outwardNews(scanned.method!, params, view))))
      : bytes;
  }
  const { result, error } = whole;
  if (isObject(result)) return Buffer.from(withMember(whole, 'result', writeJson(outwardResult(view, result))));
  return isObject(error) ? Buffer.from(withMember(whole, 'error', writeJson(outwardError(error, view)))) : bytes;
}

const newsWithNames = new Set([
  'notifications/resources/updated',
  'notifications/cancelled',
  'notifications/elicitation/complete',
  'notifications/tasks',
  'notifications/tasks/status',
]);

/** Cheap, so that most answers go on unread: nothing is rewritten where none of these words stands. */
function namesSomething({ kind, method, answer }: Scanned, bytes: Buffer, asked: string): boolean {
  if (kind === 'request') return true;
  if (kind === 'notification') return newsWithNames.has(method!) || bytes.includes(relatedTask);
  if (answer?.kind === 'error') return bytes.includes('elicitationId');
  return asked === 'resources/read' || ['"resource', '"taskId"', 'elicitationId'].some((word) => bytes.includes(word));
}

/** A request of a server, so that the client's answer and progress find back to it. */
function outwardRequest(whole: JsonObject, idText: string, view: PartView): string {
  const { part } = view;
  let message = whole;
  const params = whole['params'];
  if (isObject(params)) {
    const token = metaOf(params)['progressToken'];
    const named = withElicitation(withRelatedTask(params, view), view);
    const isToken = typeof token === 'string' || typeof token === 'number';
    const meta = isToken && { _meta: changed(metaOf(named), { progressToken: outwardId(part, token) }) };
    message = changed(whole, { params: meta ? changed(named, meta) : named });
  }
  return withMember(message, 'id', JSON.stringify(outwardId(part, JSON.parse(idText) as Json)));
}

function outwardNews(method: string, params: JsonObject, view: PartView): JsonObject {
  const { names, part, session } = view;
  const { uri, requestId, taskId } = params;
  const own = withRelatedTask(params, view);
  if (method === 'notifications/resources/updated' && typeof uri === 'string')
    return changed(own, { uri: names.uri(part, uri) });
  // A server takes back its own request. In the modern era it has none: there the id is that of the client's listen.
  if (method === 'notifications/cancelled' && session !== undefined && requestId !== undefined)
    return changed(own, { requestId: outwardId(part, requestId) });
  if (method === 'notifications/elicitation/complete') return withElicitation(own, view);
  if (method.startsWith('notifications/tasks') && typeof taskId === 'string') return outwardTask(own, view);
  return own;
}

function outwardError(error: JsonObject, view: PartView): JsonObject {
  const { code, data } = error;
  if (code !== urlElicitationRequired || !isObject(data) || !Array.isArray(data['elicitations'])) return error;
  const elicitations = (data['elicitations'] as readonly Json[]).map((one) =>
    isObject(one) ? withElicitation(one, view) : one,
  );
  return changed(error, { data: changed(data, { elicitations }) });
}

/** A part's result with its resources and tasks named as the client has to ask for them. */
export function outwardResult(view: PartView, result: JsonObject): JsonObject {
  const { names, part, method } = view;
  const outward = (item: Json): Json =>
    isObject(item) && typeof item['uri'] === 'string' ? changed(item, { uri: names.uri(part, item['uri']) }) : item;
  const block = (item: Json): Json => {
    if (!isObject(item)) return item;
    if (item['type'] === 'resource_link') return outward(item);
    return item['type'] === 'resource' ? changed(item, { resource: outward(item['resource'] ?? null) }) : item;
  };
  let own = withRelatedTask(result, view);
  const { contents, content, messages, task, inputRequests } = result;
  if (method === 'resources/read' && Array.isArray(contents)) own = changed(own, { contents: contents.map(outward) });
  if (Array.isArray(content)) own = changed(own, { content: content.map(block) });
  if (Array.isArray(messages)) {
    own = changed(own, {
      messages: messages.map((message: Json) =>
        isObject(message) ? changed(message, { content: block(message['content'] ?? null) }) : message,
      ),
    });
  }
  if (isObject(inputRequests)) own = changed(own, { inputRequests: outwardInputs(inputRequests, view) });
  if (isObject(task)) own = changed(own, { task: outwardTask(task, view) });
  const isTask = method.startsWith('tasks/') || result['resultType'] === 'task';
  return isTask ? outwardTask(own, view) : own;
}

/** A task (both eras), with the result of the call that it stands for. */
export function outwardTask(task: JsonObject, view: PartView): JsonObject {
  const { taskId, result } = task;
  let own = task;
  if (typeof taskId === 'string') own = changed(own, { taskId: view.names.name(view.part, taskId) });
  if (isObject(result)) own = changed(own, { result: outwardResult({ ...view, method: 'tools/call' }, result) });
  return own;
}

function outwardInputs(inputRequests: JsonObject, view: PartView): JsonObject {
  const own: { [key: string]: Json } = {};
  for (const [key, one] of Object.entries(inputRequests)) {
    const params = isObject(one) ? one['params'] : undefined;
    own[key] = isObject(one) && isObject(params) ? changed(one, { params: withElicitation(params, view) }) : one;
  }
  return changed(inputRequests, own);
}

function withRelatedTask(holder: JsonObject, { names, part }: PartView): JsonObject {
  const meta = metaOf(holder);
  const related = meta[relatedTask];
  if (!isObject(related) || typeof related['taskId'] !== 'string') return holder;
  const own = changed(related, { taskId: names.name(part, related['taskId']) });
  return changed(holder, { _meta: changed(meta, { [relatedTask]: own }) });
}

/** Unique per server only (MCP 2025-11-25, elicitation). */
function withElicitation(holder: JsonObject, { names, part }: PartView): JsonObject {
  const { elicitationId } = holder;
  return typeof elicitationId === 'string'
    ? changed(holder, { elicitationId: names.name(part, elicitationId) })
    : holder;
}

/** A copy with other members; the exact texts of its numbers come along. */
export function changed(object: JsonObject, members: JsonObject): JsonObject {
  const copy = { ...object, ...members };
  for (const key of Object.keys(object)) {
    const text = Object.hasOwn(members, key) ? undefined : exactText(object, key);
    if (text !== undefined) setExactText(copy, key, text);
  }
  return copy;
}
