/** Several upstreams at one endpoint: every request finds its part by its name, lists and handshakes are merged. */
import { randomUUID } from 'node:crypto';
import type { JsonObject, Log } from '../../plugin.ts';
import type { ClientRequest, Responder } from '../door.ts';
import { eraOf, headerMismatch } from '../era.ts';
import { kindOf } from '../governed.ts';
import { headerOf } from '../headers.ts';
import { idKey, isMessage, isObject, readMessage, rpcCode, type Message } from '../messages.ts';
import { writeJson } from '../json.ts';
import { listTools, type OwnIdentity } from '../own-client.ts';
import type { Relay } from '../relay.ts';
import { withMember } from '../rewrite.ts';
import type { Headers, Upstream } from '../upstream.ts';
import { refuse, tell, tellNone, tellNoSession, type Refusal } from './answers.ts';
import { createAskPart, type Merged } from './ask-part.ts';
import { createAvailability } from './availability.ts';
import { collect } from './collect.ts';
import { createEachPart, partTimeoutMs } from './each-part.ts';
import { inwardEventId } from './event-ids.ts';
import { mergeListen, type Listen } from './listen.ts';
import { cacheHints, lists, mergeDiscover, mergeInitialize } from './merge.ts';
import { createNames, inwardId } from './names.ts';
import { headersFor, MergedSession } from './parts.ts';
import { PartResponder } from './part-responder.ts';
import { inwardAnswer, inwardFilter } from './route.ts';
import { openStanding } from './standing.ts';

export interface AggregateOptions {
  readonly relay: Relay;
  parts(): ReadonlyMap<string, Upstream>;
  readonly separator: string;
  readonly self: OwnIdentity;
  readonly log: Log;
}

const mostSessions = 10_000;
const toAll = new Set(['notifications/initialized', 'notifications/roots/list_changed']);

export interface Aggregate extends Pick<Relay, 'take'> {
  /** Why an upstream is left out at the moment; undefined: it answers as far as is known. */
  reasonOf(part: string): string | undefined;
  stop(): void;
}

export function createAggregate({ relay, parts, separator, self, log }: AggregateOptions): Aggregate {
  const sessions = new Map<string, MergedSession>();
  const listens = new Set<Listen>();
  const names = createNames(separator, (part) => parts().has(part));
  const availability = createAvailability({
    log,
    has: (part) => parts().has(part),
    probe: (part) => listTools(parts().get(part)!, self, 'untrusted'),
    back,
  });
  const eachPart = createEachPart(relay, parts, availability);

  /** Everybody who listens learns that there is more now. */
  function back(part: string): void {
    for (const listen of listens) listen.back(part);
    for (const session of sessions.values()) {
      if (session.known(part)?.state !== 'down') continue;
      session.forget(part);
      session.stream?.open(part);
    }
  }

  const refused = ({ request, responder, message }: Merged, ...refusal: Refusal): void =>
    refuse(relay, request, responder, message, refusal);
  const askPart = createAskPart({ relay, names, parts, availability, refused });

  function take(request: ClientRequest, responder: Responder): void {
    if (request.verb !== 'POST') return takeStream(request, responder);
    const message = readMessage(request.body);
    const first = parts().values().next().value!;
    if (!isMessage(message)) return relay.take({ ...request, upstream: first }, responder); // it is refused there
    const header = (name: string) => headerOf(request.headers, name);
    const era = eraOf(message, header('mcp-protocol-version'));
    const mismatch = request.door === 'stdio' ? undefined : headerMismatch(message, era, header, true);
    if (mismatch !== undefined) {
      const reason = `Bad Request: the request headers and body disagree: ${mismatch}`;
      return refuse(relay, request, responder, message, [400, rpcCode.headerMismatch, 'header_mismatch', reason]);
    }
    if (message.kind === 'notification' && kindOf(message.method) !== undefined)
      return relay.take({ ...request, upstream: first }, responder);
    if (message.kind === 'request' && message.method === 'initialize')
      return void initialize(request, responder, message);

    const id = era === 'legacy' ? header('mcp-session-id') : undefined;
    const session = id === undefined ? undefined : sessions.get(id);
    if (era === 'legacy' && session === undefined) return tellNoSession(responder, id, message.id?.text);
    const own: ClientRequest = id === undefined ? request : { ...request, clientSession: id };
    const merged: Merged = { request: own, responder, message, era, session };
    if (message.kind === 'response') return answerPart(merged);
    if (message.kind === 'notification') return void notify(merged);
    void ask(merged);
  }

  async function ask(merged: Merged): Promise<void> {
    const { request, responder, message, era, session } = merged;
    const { method } = message;
    if (method === 'ping' && era === 'legacy') return tell(responder, message, {});
    if (method === 'server/discover') return discover(merged);
    if (Object.hasOwn(lists, method!)) return list(merged);
    if (method === 'logging/setLevel' && era === 'legacy') {
      for (const part of parts().keys()) session!.lastingOf(part).note(method, message.params);
      await eachPart.tell(request, session, 'logging');
      return tell(responder, message, {});
    }
    if (method === 'subscriptions/listen') return listen(merged);
    return askPart(merged);
  }

  async function initialize(request: ClientRequest, responder: Responder, message: Message): Promise<void> {
    const id = randomUUID();
    const session = new MergedSession(id, request.body);
    const own = { ...request, clientSession: id };
    const { told, missing } = await eachPart.open(own, session);
    if (told.length === 0) return tellNone(responder, message, missing);
    sessions.set(id, session);
    if (sessions.size > mostSessions) sessions.delete(sessions.keys().next().value!);
    tell(responder, message, mergeInitialize(told, missing, self), { 'mcp-session-id': id });
  }

  async function discover(merged: Merged): Promise<void> {
    const { request, responder, message } = merged;
    const { told, missing, absent } = await eachPart.ask(request, undefined, undefined, () => message.bytes);
    // A client of both eras falls back to the one that all speak: it would miss whole upstreams otherwise.
    if (told.length > 0 && absent.length === 0) return tell(responder, message, mergeDiscover(told, missing, self));
    const older = absent.length > 0 ? `not all upstreams speak this MCP (${absent.join(', ')})` : 'no upstream answers';
    refused(merged, 404, rpcCode.methodNotFound, 'method_not_found', `Method not found: ${older}`);
  }

  async function list(merged: Merged): Promise<void> {
    const { request, responder, message, era, session } = merged;
    const { key, outward } = lists[message.method!]!;
    if (message.params['cursor'] !== undefined) {
      const reason = 'Invalid cursor: the merged list has one page';
      return refused(merged, 200, rpcCode.invalidParams, 'invalid_params', reason);
    }
    const capability = key === 'resourceTemplates' ? 'resources' : key;
    const { told, missing } = await eachPart.ask(request, session, capability, (cursor) =>
      cursor === undefined
        ? message.bytes
        : withParams(message, withMember(message.params, 'cursor', JSON.stringify(cursor))),
    );
    if (told.length === 0 && missing.length > 0) return tellNone(responder, message, missing);
    const items = told.flatMap(({ part, result }) =>
      Array.isArray(result[key])
        ? (result[key] as readonly JsonObject[]).map((item) => outward(names, part, item))
        : [],
    );
    tell(responder, message, {
      [key]: items,
      ...(era === 'modern' && { resultType: 'complete', ...(told.length > 0 && cacheHints(told, missing)) }),
      ...(missing.length > 0 && { _meta: { 'com.gethelio/unavailable': missing.map(({ part }) => part) } }),
    });
  }

  async function notify({ request, responder, message, session }: Merged): Promise<void> {
    const accepted = () => !responder.isGone && responder.answer(202, {}, undefined);
    if (toAll.has(message.method!)) {
      if (session && message.method === 'notifications/initialized') session.isInitialized = true;
      await eachPart.tell(request, session, undefined);
      return void accepted();
    }
    const { requestId, progressToken } = message.params;
    const token = inwardId(progressToken);
    const isId = typeof requestId === 'string' || typeof requestId === 'number';
    const part =
      token?.part ?? (isId ? session?.routes.get(idKey({ value: requestId, text: String(requestId) })) : undefined);
    const upstream = part === undefined ? undefined : parts().get(part);
    if (!upstream) return void accepted();
    const body = token ? withParams(message, withMember(message.params, 'progressToken', token.text)) : request.body;
    relay.take({ ...request, upstream, body, headers: partHeaders(request, session, part!) }, responder);
  }

  /** The client's answer to a request of a part. */
  function answerPart({ request, responder, message, session }: Merged): void {
    const meant = inwardId(message.id?.value);
    const upstream = meant && parts().get(meant.part);
    if (!meant || !upstream) return responder.answer(202, {}, undefined); // nobody asked
    const body = inwardAnswer(message.object, meant, names);
    relay.take({ ...request, upstream, body, headers: partHeaders(request, session, meant.part) }, responder);
  }

  function partHeaders(request: ClientRequest, session: MergedSession | undefined, part: string): Headers {
    return headersFor(request.headers, session?.known(part));
  }

  /** GET and DELETE of a legacy session. */
  function takeStream(request: ClientRequest, responder: Responder): void {
    const id = headerOf(request.headers, 'mcp-session-id');
    const session = id === undefined ? undefined : sessions.get(id);
    if (!session) return tellNoSession(responder, id, undefined);
    const own = { ...request, clientSession: session.id };
    if (request.verb === 'GET') return openStream(own, responder, session);
    sessions.delete(session.id);
    session.stream?.end();
    const open = [...parts()].filter(([part]) => {
      const state = session.known(part);
      return state?.state === 'up' && state.session !== undefined;
    });
    void Promise.all(
      open.map(([part, upstream]) =>
        collect(relay, { ...own, upstream, headers: partHeaders(request, session, part) }, partTimeoutMs),
      ),
    ).then(() => !responder.isGone && responder.answer(200, {}, undefined));
  }

  function openStream(request: ClientRequest, responder: Responder, session: MergedSession): void {
    const lastId = headerOf(request.headers, 'last-event-id');
    const resumed = lastId === undefined ? undefined : inwardEventId(lastId);
    if (resumed?.kind !== 'one') {
      const lastIds = resumed?.lastIds ?? new Map<string, string>();
      return void openStanding({ relay, names, session, request, client: responder, parts, lastIds });
    }
    // The stream of one request, which its upstream closed before the answer (SEP-1699).
    const { part } = resumed;
    const upstream = parts().get(part);
    if (upstream === undefined || session.known(part)?.state !== 'up') return responder.answer(400, {}, undefined);
    const headers = { ...partHeaders(request, session, part), 'last-event-id': resumed.id };
    const view = { names, part, method: '', session: session.id };
    relay.take({ ...request, upstream, headers }, new PartResponder(responder, view, { done() {} }));
  }

  function listen(merged: Merged): void {
    const { request, responder, message } = merged;
    const wanted = message.params['notifications'];
    const own: Listen = mergeListen({
      relay,
      client: responder,
      message,
      parts: [...parts().keys()],
      open(part) {
        const upstream = parts().get(part);
        if (upstream === undefined) return undefined;
        const filter = isObject(wanted) ? writeJson(inwardFilter(wanted, part, names)) : undefined;
        const body = filter ? withParams(message, withMember(message.params, 'notifications', filter)) : message.bytes;
        return { request: { ...request, upstream, body }, view: { names, part, method: '', session: undefined } };
      },
      refuse() {
        const reason = 'Method not found: no upstream has subscriptions';
        refused(merged, 404, rpcCode.methodNotFound, 'method_not_found', reason);
      },
      gone: () => void listens.delete(own),
    });
    listens.add(own);
  }

  return { take, reasonOf: availability.reasonOf, stop: availability.stop };
}

/** The same message with other params; they are JSON. */
function withParams(message: Message, params: string): Buffer {
  return Buffer.from(withMember(message.object, 'params', params));
}
