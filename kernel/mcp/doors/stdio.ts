/** The stdio door: `helio stdio` in place of the server that a desktop client starts. One client, one session. */
import { randomUUID } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import type { Log } from '../../plugin.ts';
import type { ClientRequest } from '../door.ts';
import { encodeHeaderValue, eraOf, metaKeys, metaOf } from '../era.ts';
import { headerOf } from '../headers.ts';
import { errorBytes, idKey, isMessage, readMessage, rpcCode, type Message } from '../messages.ts';
import type { Relay } from '../relay.ts';
import { scanMessage } from '../scan.ts';
import type { Headers, Upstream } from '../upstream.ts';
import { LineCutter } from '../upstreams/lines.ts';
import { MessageResponder, type MessageTarget } from './message-responder.ts';

export interface StdioDoorOptions {
  readonly relay: Relay;
  /** Read for every request: a reload may replace it. */
  readonly upstream: () => Upstream;
  readonly input: Readable;
  readonly output: Writable;
  readonly log: Log;
  readonly messageLimitBytes: number;
}

export interface StdioDoor {
  /** Resolves when the client closed its end and everything it asked was told or let go. */
  readonly closed: Promise<void>;
  /** The session that identity sees when the upstream gives none. */
  readonly session: string;
}

export function createStdioDoor(options: StdioDoorOptions): StdioDoor {
  const { relay, input, output, log } = options;
  const session = `stdio-${randomUUID()}`;
  const open = new Map<string, MessageResponder>();
  const mcp: Headers = {};
  let stream: MessageResponder | undefined;

  const send = (message: Uint8Array) => {
    if (message.length > 0) output.write(oneLine(message));
    return !output.writableNeedDrain;
  };
  const target: MessageTarget = { send, onDrain: (run) => void output.on('drain', run) };
  const from = (verb: ClientRequest['verb'], headers: Headers, body: Uint8Array): ClientRequest => ({
    door: 'stdio',
    verb,
    headers,
    body,
    peer: 'stdio',
    upstream: options.upstream(),
    publicUrl: undefined,
    doorSession: session,
  });

  function take(line: Buffer): void {
    const message = readMessage(line);
    if (!isMessage(message)) {
      relay.take(from('POST', plainHeaders, line), new MessageResponder(target, message.id?.text ?? 'null'));
      return;
    }
    const era = eraOf(message, undefined);
    const headers = era === 'modern' ? modernHeaders(message) : { ...plainHeaders, ...mcp };
    if (message.kind !== 'request') return other(message, headers);
    const key = idKey(message.id!);
    const responder: MessageResponder = new MessageResponder(
      {
        ...target,
        send: (told) => {
          if (message.method === 'initialize') learnVersion(told);
          return send(told);
        },
        head: (_status, told) => era === 'legacy' && message.method === 'initialize' && learnSession(told),
        done: () => open.get(key) === responder && open.delete(key),
      },
      message.id!.text,
    );
    open.set(key, responder);
    relay.take(from('POST', headers, line), responder);
  }

  function other(message: Message, headers: Headers): void {
    if (message.method === 'notifications/cancelled') {
      const id = message.params['requestId'];
      const responder =
        typeof id === 'string' || typeof id === 'number' ? open.get(idKey({ value: id, text: String(id) })) : undefined;
      // Modern over HTTP: the end of the request is the cancel.
      if (responder && mcp['mcp-session-id'] === undefined) return responder.leave();
    }
    relay.take(from('POST', headers, message.bytes), new MessageResponder(target, undefined));
    if (message.method === 'notifications/initialized' && !stream) {
      stream = new MessageResponder(target, undefined);
      relay.take(from('GET', { ...mcp, accept: 'text/event-stream' }, nothing), stream);
    }
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

  const lines = new LineCutter(options.messageLimitBytes, take, () => {
    log.warn('a message was larger than listen.body_limit and was refused');
    send(
      errorBytes(
        'null',
        rpcCode.invalidRequest,
        `The message is larger than ${options.messageLimitBytes} bytes (listen.body_limit).`,
      ),
    );
  });
  input.on('data', (chunk: Buffer) => lines.push(chunk));
  // The client is gone when nobody reads what it is told.
  output.on('error', () => input.destroy());

  const closed = new Promise<void>((done) => {
    const over = () => {
      stream?.leave();
      for (const responder of [...open.values()]) responder.leave();
      if (mcp['mcp-session-id'] === undefined) return done();
      relay.take(
        from('DELETE', { ...mcp }, nothing),
        new MessageResponder({ ...target, send: () => true, done }, undefined),
      );
    };
    input.once('close', over);
    input.once('end', () => input.destroy());
  });
  return { closed, session };
}

const nothing = Buffer.alloc(0);
const plainHeaders: Headers = Object.freeze({
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
});

/** What a modern client would have sent over HTTP; `Mcp-Param-*` is added where the tool is known. */
function modernHeaders(message: Message): Headers {
  const headers: Headers = {
    ...plainHeaders,
    'mcp-protocol-version': String(metaOf(message.params)[metaKeys.protocolVersion]),
    'mcp-method': message.method!,
  };
  const { name, uri, taskId } = message.params;
  const mirrored = message.method === 'resources/read' ? uri : message.method!.startsWith('tasks/') ? taskId : name;
  if (typeof mirrored === 'string') headers['mcp-name'] = encodeHeaderValue(mirrored);
  return headers;
}

/** Line ends between tokens would end the message early; inside strings JSON has none. */
function oneLine(message: Uint8Array): Buffer {
  const line = Buffer.allocUnsafe(message.length + 1);
  for (let at = 0; at < message.length; at++)
    line[at] = message[at] === 0x0a || message[at] === 0x0d ? 0x20 : message[at]!;
  line[message.length] = 0x0a;
  return line;
}

/**
 * In place of the door when helio.yaml cannot be used: stays up and answers every request with the reason, so that the
 * host shows it and nothing gets through.
 */
export function createErrorDoor(input: Readable, output: Writable, reason: string): StdioDoor {
  const lines = new LineCutter(
    4 * 1024 * 1024,
    (line) => {
      const message = readMessage(line);
      const id = isMessage(message) ? (message.kind === 'request' ? message.id : undefined) : message.id;
      if (id) output.write(oneLine(errorBytes(id.text, rpcCode.internalError, reason)));
    },
    () => {},
  );
  input.on('data', (chunk: Buffer) => lines.push(chunk));
  output.on('error', () => input.destroy());
  input.once('end', () => input.destroy());
  return { closed: new Promise((done) => input.once('close', () => done())), session: 'none' };
}
