/** `subscriptions/listen` at several upstreams: one acknowledgement, one stream, one end (MCP 2026-07-28, subscriptions). */
import type { JsonObject } from '../../plugin.ts';
import type { Responder } from '../door.ts';
import { metaKeys } from '../era.ts';
import { isObject, type Message } from '../messages.ts';
import type { Relay } from '../relay.ts';
import { scanMessage } from '../scan.ts';
import { messageEvent, type SseEvent } from '../sse-events.ts';
import { either } from './merge.ts';
import { outwardEvent, type PartView } from './outward.ts';
import { isNoSuchMethod, MergedStream, type PartEnd, type PartStream } from './streams.ts';

export interface ListenOptions {
  readonly relay: Relay;
  readonly client: Responder;
  readonly message: Message;
  readonly parts: readonly string[];
  open(part: string): PartStream | undefined;
  /** Not one part has such a stream. */
  refuse(): void;
  gone(): void;
}

export interface Listen {
  /** A part that was away answers again. */
  back(part: string): void;
}

/** How long the other parts are waited for once one has acknowledged. */
const graceMs = 3_000;
const acknowledgedMethod = 'notifications/subscriptions/acknowledged';
const changes: { readonly [filter: string]: string } = {
  toolsListChanged: 'notifications/tools/list_changed',
  promptsListChanged: 'notifications/prompts/list_changed',
  resourcesListChanged: 'notifications/resources/list_changed',
};

export function mergeListen({ relay, client, message, parts, open, refuse, gone }: ListenOptions): Listen {
  const idText = message.id!.text;
  const asked = message.params['notifications'];
  /** Parts that have neither acknowledged nor refused. */
  const awaited = new Set(parts);
  const acknowledged = new Set<string>();
  const refused = new Set<string>();
  const away = new Set<string>();
  let filter: JsonObject = {};
  let early: Buffer[] = [];
  let isAcknowledged = false;
  let timer: NodeJS.Timeout | undefined;

  const stream = new MergedStream({
    relay,
    client,
    open,
    event: take,
    over,
    gone() {
      clearTimeout(timer);
      gone();
    },
  });
  for (const part of parts) stream.add(part);

  function acknowledge(): void {
    if (isAcknowledged || client.isGone) return;
    clearTimeout(timer);
    isAcknowledged = true;
    stream.begin({});
    stream.write(news(acknowledgedMethod, { notifications: filter }));
    for (const bytes of early) stream.write(bytes);
    early = [];
  }

  function take(event: SseEvent, view: PartView): Buffer | undefined {
    if (event.data === undefined || event.data.length === 0) return undefined;
    const scanned = scanMessage(event.data);
    if (scanned?.kind === 'answer') {
      if (isNoSuchMethod(scanned.answer)) refused.add(view.part);
      return undefined; // the end of one part is none of the whole
    }
    if (scanned?.method === acknowledgedMethod) return acknowledgedBy(event.data, view);
    const bytes = outwardEvent(event, view, undefined);
    if (isAcknowledged) return bytes;
    early.push(bytes);
    return undefined;
  }

  function acknowledgedBy(data: Buffer, view: PartView): undefined {
    const { params } = JSON.parse(data.toString()) as { params?: JsonObject };
    filter = either(filter, outwardFilter(params ?? {}, view));
    acknowledged.add(view.part);
    settle(view.part);
    if (away.delete(view.part)) sayChanges();
  }

  /** A part said yes or no. */
  function settle(part: string): void {
    awaited.delete(part);
    if (isAcknowledged) return refused.size === parts.length ? complete() : undefined;
    if (awaited.size > 0) {
      if (acknowledged.size > 0) timer ??= setTimeout(acknowledge, graceMs);
    } else if (acknowledged.size > 0) acknowledge();
    else {
      stream.close();
      refuse();
    }
  }

  function over(part: string, end: PartEnd): boolean {
    const isRefused = end !== 'ended' || refused.has(part);
    if (isRefused) refused.add(part);
    else away.add(part);
    if (awaited.has(part) || isRefused) settle(part);
    return !isRefused;
  }

  /** While it was away anything may have changed. */
  function sayChanges(): void {
    if (!isAcknowledged || !isObject(asked)) return;
    for (const [key, method] of Object.entries(changes)) if (asked[key] === true) stream.write(news(method, {}));
  }

  function news(method: string, params: JsonObject): Buffer {
    const text = JSON.stringify({ jsonrpc: '2.0', method, params: { ...params, _meta: {} } });
    return messageEvent(Buffer.from(text.replace(/\{\}\}\}$/, `{"${metaKeys.subscriptionId}":${idText}}}}`)));
  }

  function complete(): void {
    const meta = `{"${metaKeys.subscriptionId}":${idText}}`;
    stream.write(
      messageEvent(Buffer.from(`{"jsonrpc":"2.0","id":${idText},"result":{"resultType":"complete","_meta":${meta}}}`)),
    );
    stream.end();
  }

  return {
    back(part) {
      refused.delete(part);
      away.add(part);
      stream.add(part);
    },
  };
}

function outwardFilter(params: JsonObject, { names, part }: PartView): JsonObject {
  const told = params['notifications'];
  if (!isObject(told)) return {};
  const own: { [key: string]: JsonObject[string] } = { ...told };
  const { resourceSubscriptions, taskIds } = told;
  if (Array.isArray(resourceSubscriptions))
    own['resourceSubscriptions'] = resourceSubscriptions.map((uri) => names.uri(part, String(uri)));
  if (Array.isArray(taskIds)) own['taskIds'] = taskIds.map((id) => names.name(part, String(id)));
  return own;
}
