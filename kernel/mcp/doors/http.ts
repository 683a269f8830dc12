/** The HTTP door: `/mcp` on node:http, straight into the relay. */
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeader,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { ClientRequest, Responder } from '../door.ts';
import { mediaType } from '../headers.ts';
import { rpcCode } from '../messages.ts';
import type { NetworkGuard } from '../network-guard.ts';
import type { DoorRefusal, Relay } from '../relay.ts';
import type { Headers, Upstream } from '../upstream.ts';

export interface HttpDoorOptions {
  readonly relay: Relay;
  guard(): NetworkGuard;
  bodyLimitBytes(): number;
  /** The upstream behind a path such as `/mcp` or `/mcp/shop`; undefined when there is none. */
  upstreamAt(path: string): Upstream | undefined;
  /** Other pages of this door: health, OAuth metadata, the legacy sse door. False: not mine. */
  other(request: IncomingMessage, response: ServerResponse, path: string): boolean;
  isDraining(): boolean;
  /** How long a client may take to send a request, head and body. Default: one minute; half of it for the head. */
  readonly requestTimeoutMs?: number;
}

type Verb = ClientRequest['verb'];
const verbs = new Set<string>(['POST', 'GET', 'DELETE']);
const nothing = Buffer.alloc(0);
const requestTimeoutMs = 60_000;

export function createHttpDoor(options: HttpDoorOptions): Server {
  // A client that dribbles holds a socket for this long only; how long an answer takes has no limit here.
  const requestTimeout = options.requestTimeoutMs ?? requestTimeoutMs;
  const server = createServer(
    {
      joinDuplicateHeaders: true,
      noDelay: true,
      keepAliveTimeout: 65_000,
      requestTimeout,
      headersTimeout: requestTimeout / 2,
      connectionsCheckingInterval: requestTimeout / 10,
    },
    (request, response) => onRequest(request, response, options),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const status = badRequests[error.code ?? ''] ?? '400 Bad Request';
    const { _httpMessage: response } = socket as { _httpMessage?: ServerResponse };
    // Nothing may be written into an answer that has begun.
    if (!socket.writable || response?.headersSent) return void socket.destroy();
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  return server;
}

const badRequests: { readonly [code: string]: string } = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

function onRequest(request: IncomingMessage, response: ServerResponse, options: HttpDoorOptions): void {
  const url = request.url!;
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  const responder = new HttpResponder(request, response);
  const headers = request.headers as Headers;
  const peer = request.socket.remoteAddress ?? 'unknown';
  const verb = request.method as Verb;
  const from = { door: 'http', verb, headers, peer, publicUrl: `http://${request.headers.host}${path}` } as const;
  const refuse = (refusal: DoorRefusal) => {
    request.resume();
    options.relay.refuse(from, responder, refusal);
  };

  const foreign = options.guard().refusal(request.headers.host, request.headers.origin);
  if (foreign !== undefined) return refuse({ status: 403, rpcCode: -32000, code: 'foreign_origin', reason: foreign });
  const upstream = options.upstreamAt(path);
  if (upstream === undefined) {
    if (options.other(request, response, path)) return;
    return sendPlain(response, 404, 'There is nothing here. MCP is at /mcp.\n');
  }
  if (!verbs.has(verb))
    return sendPlain(response, 405, 'MCP uses POST, GET and DELETE.\n', { allow: 'POST, GET, DELETE' });
  if (options.isDraining())
    return sendPlain(response, 503, 'Helio is stopping.\n', { 'retry-after': '1', connection: 'close' });
  if (verb !== 'POST') {
    request.resume();
    return options.relay.take({ ...from, body: nothing, upstream }, responder);
  }
  const unfit = unfitBody(request, headers, options.bodyLimitBytes());
  if (unfit) return refuse(unfit);
  readBody(request, options.bodyLimitBytes(), (body) => {
    if (body === undefined) return refuse(tooLarge(options.bodyLimitBytes()));
    const { door, publicUrl } = from;
    options.relay.take({ door, verb, headers, body, peer, upstream, publicUrl }, responder);
  });
}

export function unfitBody(request: IncomingMessage, headers: Headers, limitBytes: number): DoorRefusal | undefined {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    return {
      status: 415,
      rpcCode: rpcCode.invalidRequest,
      code: 'content_encoding',
      reason: 'Encoded request bodies are refused: send the JSON as it is.',
    };
  }
  if (mediaType(headers) !== 'application/json') {
    return {
      status: 415,
      rpcCode: rpcCode.invalidRequest,
      code: 'content_type',
      reason: 'Unsupported Media Type: Content-Type must be application/json.',
    };
  }
  return Number(request.headers['content-length'] ?? 0) > limitBytes ? tooLarge(limitBytes) : undefined;
}

export function tooLarge(limitBytes: number): DoorRefusal {
  const reason = `The body is larger than ${limitBytes} bytes (listen.body_limit).`;
  return {
    status: 413,
    rpcCode: rpcCode.invalidRequest,
    code: 'body_too_large',
    reason,
    headers: { connection: 'close' },
  };
}

/** Undefined: too large. Nothing is called when the client left before the end. */
export function readBody(request: IncomingMessage, limitBytes: number, done: (body: Buffer | undefined) => void): void {
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let size = 0;
  let isOver = false;
  request.on('data', (chunk: Buffer) => {
    if (isOver) return;
    size += chunk.length;
    if (size > limitBytes) {
      isOver = true;
      first = more = undefined;
      return done(undefined);
    }
    if (first === undefined) first = chunk;
    else (more ??= [first]).push(chunk);
  });
  request.on('end', () => {
    if (!isOver) done(more ? Buffer.concat(more) : (first ?? nothing));
  });
}

export function sendPlain(response: ServerResponse, status: number, text: string, headers: Headers = {}): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    ...wire(headers),
  });
  response.end(text);
}

function wire(headers: Headers): NodeJS.Dict<string | string[]> {
  return headers as NodeJS.Dict<string | string[]>;
}

export class HttpResponder implements Responder {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #onGone: (() => void) | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    response.on('close', () => {
      if (!response.writableFinished) this.#onGone?.();
    });
  }
  get takesStreams(): boolean {
    return this.#request.headers.accept?.includes('text/event-stream') ?? false;
  }
  get isGone(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }
  answer(status: number, headers: Headers, body: Uint8Array | undefined): void {
    const length = body !== undefined ? body.byteLength : status === 204 || status === 304 ? undefined : 0;
    // A flat list: no second object with the same headers.
    const flat: (string | string[])[] = [];
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined) flat.push(name, value);
    }
    if (length !== undefined) flat.push('content-length', String(length));
    this.#response.writeHead(status, flat as OutgoingHttpHeader[]);
    this.#response.end(body);
  }
  begin(status: number, headers: Headers): void {
    this.#response.writeHead(status, wire(headers));
    this.#response.flushHeaders();
  }
  write(bytes: Uint8Array): boolean {
    return this.#response.write(bytes);
  }
  end(): void {
    this.#response.end();
  }
  onDrain(run: () => void): void {
    this.#response.on('drain', run);
  }
  onGone(run: () => void): void {
    this.#onGone = run;
  }
}
