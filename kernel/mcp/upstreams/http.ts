/** An upstream over streamable HTTP: one request out, one answer back, nothing in between but headers. */
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Log } from '../../plugin.ts';
import type { UpstreamConfig } from '../config.ts';
import { createAccessToken } from './access-token.ts';
import { headerOf, requestHeaders, type RequestHeaderRules } from '../headers.ts';
import type { Headers, Leg, Receiver, Upstream, UpstreamDocument } from '../upstream.ts';
import type { WireReceiver } from './wire/connection.ts';
import { Connections, type WireExchange } from './wire/connections.ts';
import { WireFault } from './wire/head.ts';

export interface HttpUpstreamOptions {
  readonly name: string;
  readonly config: UpstreamConfig & { readonly url: string };
  readonly log: Log;
}

export function createHttpUpstream({ name, config }: HttpUpstreamOptions): Upstream {
  const url = new URL(config.url);
  const connections = new Connections(url, config.connect_timeout);
  const path = url.pathname + url.search;
  const rules = headerRules(config, url);
  const token = typeof config.auth === 'object' ? createAccessToken(config.auth) : undefined;
  let state: 'up' | 'down' | 'unknown' = 'unknown';
  let detail = 'not used yet';
  const seen = (up: boolean, why: string) => {
    state = up ? 'up' : 'down';
    detail = why;
  };

  return {
    name,
    transport: 'http',
    timeoutMs: config.timeout,
    ...(config.auth === 'passthrough' && { url: config.url }),
    exchange(outgoing, receiver) {
      const call = new HttpLeg(receiver, seen, token?.refused);
      const send = (own: string | undefined) => {
        const headers = requestHeaders(outgoing.headers, rules, outgoing.extra);
        if (own !== undefined) headers.push('authorization', own);
        if (!call.isAborted)
          call.sent(connections.send({ verb: outgoing.verb, path, headers, body: outgoing.bytes }, call));
      };
      const own = token?.authorization();
      if (own === undefined || typeof own === 'string') send(own);
      else own.then(send, (error: Error) => call.fail(`no access token: ${error.message}`, false));
      return call;
    },
    view: () => ({ name, transport: 'http', state, detail }),
    document: (documentPath) => fetchDocument(connections, documentPath),
    close: (when) => connections.close(when),
  };
}

/** Small things that are no MCP, such as OAuth metadata. */
const documentTimeoutMs = 10_000;
const largestDocumentBytes = 1024 * 1024;

function fetchDocument(connections: Connections, path: string): Promise<UpstreamDocument> {
  const headers = ['accept', 'application/json', 'accept-encoding', 'identity'];
  return new Promise((resolve, reject) => {
    let head: Pick<UpstreamDocument, 'status' | 'headers'>;
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const receiver: WireReceiver = {
      head: (status, headers) => void (head = { status, headers }),
      chunk(bytes) {
        chunks.push(bytes);
        sizeBytes += bytes.length;
        if (sizeBytes > largestDocumentBytes) exchange.abort(new Error('the document is larger than 1 MiB'));
      },
      end() {
        clearTimeout(timer);
        resolve({ ...head, body: Buffer.concat(chunks) });
      },
      failed(error) {
        clearTimeout(timer);
        reject(error);
      },
    };
    const timer = setTimeout(() => exchange.abort(new Error('no document in time')), documentTimeoutMs);
    const exchange = connections.send({ verb: 'GET', path, headers, body: undefined }, receiver);
  });
}

export function headerRules(config: UpstreamConfig, url: URL): RequestHeaderRules {
  const added = Object.entries(config.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  if (url.username !== '') {
    const basic = Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString(
      'base64',
    );
    added.push(['authorization', `Basic ${basic}`]);
  }
  return {
    forward: config.forward_headers && new Set(config.forward_headers.map((header) => header.toLowerCase())),
    passAuthorization: config.auth === 'passthrough',
    added,
  };
}

/** One request to the upstream. A class, because it is made for every call. */
class HttpLeg implements Leg, WireReceiver {
  readonly #receiver: Receiver;
  readonly #seen: (up: boolean, why: string) => void;
  readonly #unauthorized: (() => void) | undefined;
  #exchange: WireExchange | undefined;
  #decoder: Transform | undefined;
  #hasBytes = false;
  #isPaused = false;
  #isOver = false;
  isAborted = false;

  constructor(receiver: Receiver, seen: (up: boolean, why: string) => void, unauthorized: (() => void) | undefined) {
    this.#receiver = receiver;
    this.#seen = seen;
    this.#unauthorized = unauthorized;
  }

  sent(exchange: WireExchange): void {
    this.#exchange = exchange;
  }

  head(status: number, headers: Headers): void {
    this.#seen(true, status < 300 ? 'answers' : `HTTP ${status}`);
    if (status === 401) this.#unauthorized?.();
    this.#decoder = this.#decoderFor(headers);
    this.#receiver.head(status, headers);
  }

  chunk(bytes: Buffer): void {
    if (this.#decoder === undefined) return this.#receiver.chunk(bytes);
    this.#hasBytes = true;
    // What waits to be decoded is bounded: a little of it may become very much.
    if (!this.#decoder.write(bytes)) this.#exchange?.pause();
  }

  end(): void {
    if (this.#decoder && this.#hasBytes) this.#decoder.end();
    else this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#receiver.end();
    } catch (error) {
      // Nobody else is left who would tell it.
      this.#receiver.failed(reasonOf(error as Error), true);
    }
  }

  failed(error: Error): void {
    if (!this.isAborted) this.#seen(false, reasonOf(error));
    this.fail(reasonOf(error), this.#exchange?.wasSent ?? false);
  }

  fail(reason: string, sent: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#decoder?.destroy();
    this.#receiver.failed(reason, sent);
  }

  abort(why: string): void {
    if (this.#isOver || this.isAborted) return;
    this.isAborted = true;
    const wasSent = this.#exchange?.wasSent ?? false;
    this.#exchange?.abort(new Error(why));
    this.fail(why, wasSent);
  }

  pause(): void {
    this.#isPaused = true;
    this.#decoder?.pause();
    this.#exchange?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#decoder?.resume();
    if (!this.#decoder?.writableNeedDrain) this.#exchange?.resume();
  }

  #broken(reason: string): void {
    this.fail(reason, true);
    this.#exchange?.abort(new Error(reason));
  }

  /** Helio asks for `identity`; an upstream that encodes all the same is decoded, because answers are read. */
  #decoderFor(headers: Headers): Transform | undefined {
    const encoding = headerOf(headers, 'content-encoding')?.trim().toLowerCase();
    if (encoding === undefined || encoding === '' || encoding === 'identity') return undefined;
    const create = decoders[encoding];
    if (create === undefined) throw new WireFault(`it is in the unknown encoding ${encoding}`);
    delete headers['content-encoding'];
    delete headers['content-length'];
    const decoder = create();
    decoder.on('data', (chunk: Buffer) => {
      if (this.#isOver) return;
      try {
        this.#receiver.chunk(chunk);
      } catch (error) {
        this.#broken(reasonOf(error as Error));
      }
    });
    decoder.on('drain', () => {
      if (!this.#isPaused) this.#exchange?.resume();
    });
    decoder.on('end', () => this.#end());
    decoder.on('error', (error) => this.#broken(`the answer could not be decoded: ${error.message}`));
    return decoder;
  }
}

const decoders: { readonly [encoding: string]: (() => Transform) | undefined } = {
  __proto__: null as never,
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** A sentence part without addresses that the agent need not know. */
function reasonOf(error: Error & { code?: string }): string {
  if (error instanceof WireFault) return `the answer is no valid HTTP: ${error.message}`;
  if (error.code === 'ECONNREFUSED') return 'the connection was refused';
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'the host name could not be resolved';
  if (error.code === 'HELIO_CONNECT_TIMEOUT') return error.message;
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return 'the connection was lost';
  if (error.code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another host name';
  // What the system says names addresses.
  const { code, message } = error;
  if ('syscall' in error || error instanceof AggregateError) return `the connection failed (${code})`;
  return code ? `${message} (${code})` : message;
}
