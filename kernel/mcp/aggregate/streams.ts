/** Streams that carry the news of several upstreams: the GET of a legacy session, and `subscriptions/listen`. */
import type { JsonObject } from '../../plugin.ts';
import type { ClientRequest, Responder } from '../door.ts';
import { metaKeys } from '../era.ts';
import { isObject, type Message } from '../messages.ts';
import type { Relay } from '../relay.ts';
import { scanMessage } from '../scan.ts';
import { messageEvent, SseCutter, type SseEvent } from '../sse-events.ts';
import type { Headers } from '../upstream.ts';
import { outwardEvent, type PartView } from './part-responder.ts';

export interface PartStream {
  readonly request: ClientRequest;
  readonly view: PartView;
}

const streamHeaders: Headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/** Opens the streams of all parts at once; those that have none are left out. */
export function mergeStreams(
  relay: Relay,
  parts: readonly PartStream[],
  client: Responder,
  headers: Headers = {},
): void {
  client.begin(200, { ...streamHeaders, ...headers });
  openAll(
    relay,
    parts,
    client,
    (event, view) => {
      const bytes = outwardEvent(event, view);
      if (bytes) client.write(bytes);
    },
    () => {},
  );
}

/** One acknowledgement when every part gave its own, one result when every part ended. */
export function mergeListen(relay: Relay, parts: readonly PartStream[], client: Responder, message: Message): void {
  client.begin(200, { ...streamHeaders });
  const idText = message.id!.text;
  const acknowledged = new Map<string, JsonObject>();
  const early: Buffer[] = [];
  let awaited = parts.length;
  let isAcknowledged = false;

  const acknowledge = () => {
    if (isAcknowledged || acknowledged.size < awaited) return;
    isAcknowledged = true;
    const filter: { [key: string]: JsonObject[string] } = {};
    for (const params of acknowledged.values()) {
      const told = isObject(params['notifications']) ? params['notifications'] : {};
      for (const [key, value] of Object.entries(told)) {
        const before = filter[key];
        filter[key] =
          Array.isArray(value) && Array.isArray(before) ? [...before, ...(value as JsonObject[string][])] : value;
      }
    }
    const params = JSON.stringify({ notifications: filter }).slice(0, -1);
    client.write(
      messageEvent(
        Buffer.from(
          `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":${params},"_meta":{"${metaKeys.subscriptionId}":${idText}}}}`,
        ),
      ),
    );
    for (const bytes of early.splice(0)) client.write(bytes);
  };
  openAll(
    relay,
    parts,
    client,
    (event, view) => {
      if (event.data === undefined || event.data.length === 0) return;
      const scanned = scanMessage(event.data);
      if (scanned?.method === 'notifications/subscriptions/acknowledged') {
        const { params } = JSON.parse(event.data.toString()) as { params?: JsonObject };
        acknowledged.set(view.part, outwardFilter(params ?? {}, view));
        return acknowledge();
      }
      if (scanned?.kind === 'answer') return;
      const bytes = outwardEvent(event, view);
      if (!bytes) return;
      if (isAcknowledged) client.write(bytes);
      else early.push(bytes);
    },
    (view, left) => {
      if (!acknowledged.has(view.part)) awaited--;
      if (left > 0) return acknowledge();
      client.write(
        messageEvent(
          Buffer.from(
            `{"jsonrpc":"2.0","id":${idText},"result":{"resultType":"complete","_meta":{"${metaKeys.subscriptionId}":${idText}}}}`,
          ),
        ),
      );
      client.end();
    },
  );
}

function outwardFilter(params: JsonObject, { names, part }: PartView): JsonObject {
  const told = params['notifications'];
  if (!isObject(told) || !Array.isArray(told['resourceSubscriptions'])) return params;
  const uris = (told['resourceSubscriptions'] as readonly unknown[]).map((uri) => names.uri(part, String(uri)));
  return { ...params, notifications: { ...told, resourceSubscriptions: uris } };
}

function openAll(
  relay: Relay,
  parts: readonly PartStream[],
  client: Responder,
  onEvent: (event: SseEvent, view: PartView) => void,
  onEnd: (view: PartView, left: number) => void,
): void {
  const leave: (() => void)[] = [];
  const drained: (() => void)[] = [];
  let left = parts.length;
  client.onGone(() => leave.forEach((run) => run()));
  client.onDrain(() => drained.forEach((run) => run()));
  for (const { request, view } of parts) {
    const cutter = new SseCutter((event) => !client.isGone && onEvent(event, view));
    let isOver = false;
    const over = () => {
      if (isOver) return;
      isOver = true;
      left--;
      if (!client.isGone) onEnd(view, left);
    };
    relay.take(request, {
      takesStreams: true,
      get isGone() {
        return client.isGone;
      },
      answer: over,
      begin() {},
      write(bytes) {
        cutter.push(bytes);
        return true;
      },
      end: over,
      onDrain: (run) => void drained.push(run),
      onGone: (run) => void leave.push(run),
    });
  }
}
