/** One client on a connection that carries single messages (stdio, legacy sse): the relay sees it as streamable HTTP. */
import { randomUUID } from 'node:crypto';
import type { Arrival } from '../../plugin.ts';
import { collect } from '../aggregate/collect.ts';
import type { ClientRequest } from '../door.ts';
import { encodeHeaderValue, eraOf, metaKeys, metaOf, type Era } from '../era.ts';
import { headerOf } from '../headers.ts';
import { Lasting } from '../lasting.ts';
import { idKey, isMessage, readMessage, type Message } from '../messages.ts';
import type { Relay } from '../relay.ts';
import { scanMessage } from '../scan.ts';
import type { Headers, Upstream } from '../upstream.ts';
import { MessageResponder, type MessageTarget } from './message-responder.ts';

export interface MessageClientOptions {
  readonly relay: Relay;
  /** Read for every request: a reload may replace it. */
  readonly upstream: () => Upstream;
  readonly door: Arrival['door'];
  readonly peer: string;
  readonly target: MessageTarget;
}

export interface MessageClient {
  /** Identity sees this where the upstream names no session. */
  readonly session: string;
  /** One message, with the headers that came with it. */
  take(bytes: Uint8Array, headers?: Headers): void;
  /** The client is gone: waits end, and the upstream's session is closed. */
  end(): Promise<void>;
}

const nothing = Buffer.alloc(0);
const initialized = Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}');
const reopenTimeoutMs = 30_000;
const firstDelayMs = 500;
const longestDelayMs = 30_000;
/** A stream that held this long starts the count anew. */
const steadyMs = 5_000;
const plainHeaders: Headers = Object.freeze({
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
});

export function createMessageClient({ relay, upstream, door, peer, target }: MessageClientOptions): MessageClient {
  const session = `${door}-${randomUUID()}`;
  const open = new Map<string, { readonly responder: MessageResponder; readonly era: Era }>();
  /** What a client over HTTP would send with every request of its session. */
  const mcp: Headers = {};
  /** This client cannot open a session anew when the upstream forgets it: its door does, as it was opened before. */
  let opening: { readonly body: Uint8Array; readonly headers: Headers } | undefined;
  const lasting = new Lasting();
  let reopening: Promise<boolean> | undefined;
  let isInitialized = false;
  let stream: MessageResponder | undefined;
  let streamDelayMs = firstDelayMs;
  let isOver = false;

  const request = (verb: ClientRequest['verb'], headers: Headers, body: Uint8Array): ClientRequest => ({
    door,
    verb,
    headers,
    body,
    peer,
    upstream: upstream(),
    publicUrl: undefined,
    doorSession: session,
  });

  function takeRequest(message: Message, era: Era, sent: Headers): void {
    const opensSession = era === 'legacy' && message.method === 'initialize';
    if (opensSession) opening = { body: message.bytes, headers: sent };
    else if (era === 'legacy') lasting.note(message.method, message.params);
    ask(message, era, sent, false);
  }

  function ask(message: Message, era: Era, sent: Headers, isAgain: boolean): void {
    const key = idKey(message.id!);
    const opensSession = message.method === 'initialize';
    const headers = { ...sent, ...plainHeaders, ...(era === 'modern' ? mirrored(message) : mcp) };
    const session = headerOf(headers, 'mcp-session-id');
    const isOwn = () => open.get(key)?.responder === responder;
    const answerTarget: MessageTarget = {
      onDrain: target.onDrain,
      send(told) {
        if (opensSession) learnVersion(told);
        return target.send(told);
      },
      head: (_status, told) => opensSession && learnSession(told),
      done: () => isOwn() && open.delete(key),
      // Nothing was carried out, so that the same request may be sent again.
      lost:
        session === undefined || isAgain
          ? undefined
          : (tell) =>
              void reopen(session).then((isOpen) => {
                if (isOpen && isOwn() && !isOver) ask(message, era, sent, true);
                else tell();
              }),
      resume(lastEventId, delayMs) {
        setTimeout(() => isOwn() && !isOver && resume(lastEventId), delayMs).unref();
      },
    };
    function resume(lastEventId: string): void {
      responder = new MessageResponder(answerTarget, message.id!.text);
      open.set(key, { responder, era });
      const own = { ...sent, ...mcp, accept: 'text/event-stream', 'last-event-id': lastEventId };
      relay.take(request('GET', own, nothing), responder);
    }
    let responder = new MessageResponder(answerTarget, message.id!.text);
    open.set(key, { responder, era });
    relay.take(request('POST', headers, message.bytes), responder);
  }

  /** Opens the session again, once for all requests that were refused. False: it could not be opened. */
  function reopen(lost: string): Promise<boolean> {
    if (mcp['mcp-session-id'] !== lost) return Promise.resolve(true);
    return (reopening ??= openAnew().finally(() => (reopening = undefined)));
  }

  async function openAnew(): Promise<boolean> {
    if (opening === undefined) return false;
    const { body, headers: sent } = opening;
    const say = (bytes: Uint8Array, own: Headers) =>
      collect(relay, request('POST', { ...sent, ...plainHeaders, ...own }, bytes), reopenTimeoutMs);
    const told = await say(body, {});
    if (told.answer?.kind !== 'result') return false;
    delete mcp['mcp-session-id'];
    learnSession(told.headers);
    const { protocolVersion } = told.answer.value() as { protocolVersion?: unknown };
    if (typeof protocolVersion === 'string') mcp['mcp-protocol-version'] = protocolVersion;
    if (!isInitialized) return true;
    await say(initialized, mcp);
    for (const { bytes } of lasting.again()) await say(bytes, mcp);
    if (!isOver) listen(sent);
    return true;
  }

  /** The stream of what the server says of itself; opened anew for as long as the client is there. */
  function listen(sent: Headers, lastEventId?: string): void {
    const session = headerOf(mcp, 'mcp-session-id');
    const openedAtMs = Date.now();
    let status = 0;
    const later = (run: () => void): void => {
      if (Date.now() - openedAtMs > steadyMs) streamDelayMs = firstDelayMs;
      setTimeout(() => !isOver && stream === own && run(), streamDelayMs).unref();
      streamDelayMs = Math.min(streamDelayMs * 2, longestDelayMs);
    };
    const own = new MessageResponder(
      {
        send: target.send,
        onDrain: target.onDrain,
        head: (told) => (status = told),
        lost:
          session === undefined
            ? undefined
            : () => later(() => void reopen(session).then((isOpen) => !isOpen && stream === own && listen(sent))),
        done() {
          const isRefused = status >= 400 && status < 500 && status !== 409 && status !== 429;
          if (!isRefused) later(() => listen(sent, own.lastEventId));
        },
      },
      undefined,
    );
    stream = own;
    const resumed = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    relay.take(request('GET', { ...sent, ...mcp, accept: 'text/event-stream', ...resumed }, nothing), own);
  }

  function takeOther(message: Message, era: Era, sent: Headers): void {
    if (message.method === 'notifications/cancelled') {
      const id = message.params['requestId'];
      const meant =
        typeof id === 'string' || typeof id === 'number' ? open.get(idKey({ value: id, text: String(id) })) : undefined;
      // Over HTTP the end of a modern request is its cancel; without a session nothing else could tell whose it is.
      if (meant && (meant.era === 'modern' || mcp['mcp-session-id'] === undefined)) {
        open.delete(idKey({ value: id as string | number, text: String(id) }));
        return meant.responder.leave();
      }
    }
    const headers = { ...sent, ...plainHeaders, ...(era === 'modern' ? mirrored(message) : mcp) };
    relay.take(request('POST', headers, message.bytes), new MessageResponder(target, undefined));
    if (message.method !== 'notifications/initialized') return;
    isInitialized = true;
    if (!stream) listen(sent);
  }

  function learnSession(headers: Headers): void {
    const given = headerOf(headers, 'mcp-session-id');
    if (given !== undefined) mcp['mcp-session-id'] = given;
  }

  function learnVersion(message: Uint8Array): void {
    const answer = message.length > 0 ? scanMessage(message)?.answer : undefined;
    if (answer?.kind !== 'result') return;
    const { protocolVersion } = answer.value() as { protocolVersion?: unknown };
    if (typeof protocolVersion === 'string') mcp['mcp-protocol-version'] = protocolVersion;
  }

  return {
    session,
    take(bytes, sent = {}) {
      if (isOver) return;
      const message = readMessage(bytes);
      if (!isMessage(message)) {
        // The relay refuses and records it.
        return relay.take(
          request('POST', { ...sent, ...plainHeaders }, bytes),
          new MessageResponder(target, message.id?.text ?? 'null'),
        );
      }
      const era = eraOf(message, undefined);
      if (message.kind === 'request') takeRequest(message, era, sent);
      else takeOther(message, era, sent);
    },
    end() {
      if (isOver) return Promise.resolve();
      isOver = true;
      stream?.leave();
      for (const { responder } of [...open.values()]) responder.leave();
      if (mcp['mcp-session-id'] === undefined) return Promise.resolve();
      return new Promise((done) => {
        relay.take(
          request('DELETE', { ...mcp }, nothing),
          new MessageResponder({ send: () => true, onDrain() {}, done }, undefined),
        );
      });
    },
  };
}

/** The headers of a modern request; `Mcp-Param-*` is added where the tool is known. */
function mirrored(message: Message): Headers {
  const { name, uri, taskId, _meta } = message.params;
  const headers: Headers = {
    'mcp-protocol-version': String(metaOf({ _meta: _meta ?? null })[metaKeys.protocolVersion]),
    'mcp-method': message.method!,
  };
  const value = message.method === 'resources/read' ? uri : message.method!.startsWith('tasks/') ? taskId : name;
  if (typeof value === 'string') headers['mcp-name'] = encodeHeaderValue(value);
  return headers;
}
