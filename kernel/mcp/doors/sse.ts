/** The legacy HTTP+SSE door (MCP 2024-11-05): a GET that stays open, and POSTs that are answered on it. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isMessage, readMessage } from '../messages.ts';
import type { Relay } from '../relay.ts';
import { messageEvent } from '../sse-events.ts';
import type { Headers, Upstream } from '../upstream.ts';
import { HttpResponder, readBody, sendPlain, tooLarge, unfitBody } from './http.ts';
import { createMessageClient, type MessageClient } from './message-client.ts';

export interface SseDoorOptions {
  readonly relay: Relay;
  bodyLimitBytes(): number;
  /** The upstream behind `/sse` or `/sse/NAME`; undefined when there is none. */
  upstreamAt(name: string | undefined): Upstream | undefined;
}

const keepAliveEveryMs = 15_000;
const comment = ': keep-alive\n\n';
/** Of the connection: they say nothing about the messages on it. */
const notOfMessages = [
  'accept',
  'content-type',
  'last-event-id',
  'mcp-session-id',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
];

/** Answers what is at `/sse` and `/message`; false: not mine. Host and Origin were checked before. */
export function createSseDoor(
  options: SseDoorOptions,
): (request: IncomingMessage, response: ServerResponse, path: string) => boolean {
  const clients = new Map<string, MessageClient>();

  function open(request: IncomingMessage, response: ServerResponse, name: string | undefined): void {
    const upstream = () => options.upstreamAt(name)!;
    const id = randomUUID();
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      connection: 'keep-alive',
    });
    response.write(`event: endpoint\ndata: /message?sessionId=${id}\n\n`);
    const client = createMessageClient({
      relay: options.relay,
      upstream,
      door: 'sse',
      peer: request.socket.remoteAddress ?? 'unknown',
      target: {
        send: (message) => (message.length > 0 ? response.write(messageEvent(message)) : !response.writableNeedDrain),
        onDrain: (run) => void response.once('drain', run),
      },
    });
    clients.set(id, client);
    const beat = setInterval(() => response.write(comment), keepAliveEveryMs);
    response.on('close', () => {
      clearInterval(beat);
      clients.delete(id);
      void client.end();
    });
  }

  function post(request: IncomingMessage, response: ServerResponse): void {
    const id = new URL(request.url!, 'http://door').searchParams.get('sessionId');
    const client = id === null ? undefined : clients.get(id);
    if (client === undefined) return sendPlain(response, id === null ? 400 : 404, 'There is no such session.\n');
    const headers = request.headers as Headers;
    const limitBytes = options.bodyLimitBytes();
    const responder = new HttpResponder(request, response);
    const from = {
      door: 'sse',
      verb: 'POST',
      headers,
      peer: request.socket.remoteAddress ?? 'unknown',
      publicUrl: undefined,
    } as const;
    const unfit = unfitBody(request, headers, limitBytes);
    if (unfit) return options.relay.refuse(from, responder, unfit);
    readBody(request, limitBytes, (body) => {
      if (body === undefined) return options.relay.refuse(from, responder, tooLarge(limitBytes));
      const message = readMessage(body);
      if (!isMessage(message)) {
        const { code, rpcCode, reason } = message;
        return options.relay.refuse(from, responder, {
          status: 400,
          rpcCode,
          code,
          reason,
          idText: message.id?.text ?? 'null',
        });
      }
      sendPlain(response, 202, 'Accepted');
      const own: Headers = { ...headers };
      for (const name of notOfMessages) delete own[name];
      client.take(body, own);
    });
  }

  return (request, response, path) => {
    if (path === '/message') {
      if (request.method === 'POST') post(request, response);
      else sendPlain(response, 405, 'Messages are POSTed.\n', { allow: 'POST' });
      return true;
    }
    const name = path === '/sse' ? undefined : path.startsWith('/sse/') ? path.slice(5) : null;
    if (name === null || options.upstreamAt(name) === undefined) return false;
    if (request.method === 'GET') open(request, response, name);
    else sendPlain(response, 405, 'This is the legacy sse door; streamable HTTP is at /mcp.\n', { allow: 'GET' });
    return true;
  };
}
