/** One client on a connection that carries single messages (stdio, legacy sse): the relay sees it as streamable HTTP. */
import { randomUUID } from 'node:crypto';
import type { Arrival } from '../../plugin.ts';
import type { ClientRequest } from '../door.ts';
import { encodeHeaderValue, eraOf, metaKeys, metaOf, type Era } from '../era.ts';
import { headerOf } from '../headers.ts';
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
const plainHeaders: Headers = Object.freeze({
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
});

export function createMessageClient({ relay, upstream, door, peer, target }: MessageClientOptions): MessageClient {
  const session = `${door}-${randomUUID()}`;
  const open = new Map<string, { readonly responder: MessageResponder; readonly era: Era }>();
  /** What a client over HTTP would send with every request of its session. */
  const mcp: Headers = {};
  let stream: MessageResponder | undefined;
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

  function takeRequest(message: Message, era: Era, headers: Headers): void {
    const key = idKey(message.id!);
    const opensSession = era === 'legacy' && message.method === 'initialize';
    const responder: MessageResponder = new MessageResponder(
      {
        onDrain: target.onDrain,
        send(told) {
          if (opensSession) learnVersion(told);
          return target.send(told);
        },
        head: (_status, told) => opensSession && learnSession(told),
        done: () => open.get(key)?.responder === responder && open.delete(key),
      },
      message.id!.text,
    );
    open.set(key, { responder, era });
    relay.take(request('POST', headers, message.bytes), responder);
  }

  function takeOther(message: Message, headers: Headers): void {
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
    relay.take(request('POST', headers, message.bytes), new MessageResponder(target, undefined));
    if (message.method !== 'notifications/initialized' || stream) return;
    stream = new MessageResponder(target, undefined);
    relay.take(request('GET', { ...headers, ...mcp, accept: 'text/event-stream' }, nothing), stream);
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
      const headers = { ...sent, ...plainHeaders, ...(era === 'modern' ? mirrored(message) : mcp) };
      if (message.kind === 'request') takeRequest(message, era, headers);
      else takeOther(message, headers);
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
