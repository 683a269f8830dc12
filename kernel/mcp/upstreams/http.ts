/** An upstream over streamable HTTP: one request out, one answer back, nothing in between but headers. */
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Pool, type Dispatcher } from 'undici';
import type { Log } from '../../plugin.ts';
import type { UpstreamConfig } from '../config.ts';
import { createAccessToken } from './access-token.ts';
import { headerOf, requestHeaders, type RequestHeaderRules } from '../headers.ts';
import type { Headers, Leg, Outgoing, Receiver, Upstream } from '../upstream.ts';

export interface HttpUpstreamOptions {
  readonly name: string;
  readonly config: UpstreamConfig & { readonly url: string };
  readonly log: Log;
}

export function createHttpUpstream({ name, config }: HttpUpstreamOptions): Upstream {
  const url = new URL(config.url);
  // Node's own 300 s limits kill long tools and quiet streams; Helio's timeout is per call.
  const pool = new Pool(url.origin, {
    headersTimeout: 0,
    bodyTimeout: 0,
    connectTimeout: config.connect_timeout,
    pipelining: 1,
  });
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
        if (!call.isAborted) pool.dispatch({ method: outgoing.verb, path, headers, body: bodyOf(outgoing) }, call);
      };
      const own = token?.authorization();
      if (own === undefined || typeof own === 'string') send(own);
      else own.then(send, (error: Error) => call.fail(`no access token: ${error.message}`, false));
      return call;
    },
    view: () => ({ name, transport: 'http', state, detail }),
    async document(documentPath) {
      const { statusCode, headers, body } = await pool.request({
        method: 'GET',
        path: documentPath,
        headers: { accept: 'application/json' },
      });
      return { status: statusCode, headers: headers as Headers, body: Buffer.from(await body.arrayBuffer()) };
    },
    close: (when) => (when === 'now' ? pool.destroy() : pool.close()),
  };
}

function bodyOf(outgoing: Outgoing): Uint8Array | null {
  return outgoing.bytes ?? null;
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

/** One request on the pool. A class, because it is made for every call. */
class HttpLeg implements Leg, Dispatcher.DispatchHandler {
  readonly #receiver: Receiver;
  readonly #seen: (up: boolean, why: string) => void;
  readonly #unauthorized: (() => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #decoder: NodeJS.ReadWriteStream | undefined;
  #isOver = false;
  isAborted = false;

  constructor(receiver: Receiver, seen: (up: boolean, why: string) => void, unauthorized: (() => void) | undefined) {
    this.#receiver = receiver;
    this.#seen = seen;
    this.#unauthorized = unauthorized;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.isAborted) controller.abort(new Error('aborted'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200) return;
    this.#seen(true, `HTTP ${status}`);
    if (status === 401) this.#unauthorized?.();
    this.#decoder = decoderFor(headers, controller, this.#receiver, (reason) => this.fail(reason, true));
    this.#receiver.head(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#decoder) this.#decoder.write(chunk);
    else this.#receiver.chunk(chunk);
  }

  onResponseEnd(): void {
    if (this.#decoder) {
      this.#decoder.end();
      return;
    }
    this.#isOver = true;
    this.#receiver.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.isAborted) this.#seen(false, reasonOf(error));
    // Without `onRequestStart` no socket was ever written to.
    this.fail(reasonOf(error), this.#controller !== undefined);
  }

  fail(reason: string, sent: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#receiver.failed(reason, sent);
  }

  abort(why: string): void {
    if (this.#isOver || this.isAborted) return;
    this.isAborted = true;
    this.#controller?.abort(new Error(why));
    this.fail(why, this.#controller !== undefined);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }
}

/** Helio asks for `identity`; an upstream that encodes all the same is decoded, because answers are read. */
function decoderFor(
  headers: Headers,
  controller: Dispatcher.DispatchController,
  receiver: Receiver,
  fail: (reason: string) => void,
): NodeJS.ReadWriteStream | undefined {
  const encoding = headerOf(headers, 'content-encoding')?.trim().toLowerCase();
  if (encoding === undefined || encoding === '' || encoding === 'identity') return undefined;
  const decoder =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip()
      : encoding === 'deflate'
        ? createInflate()
        : encoding === 'br'
          ? createBrotliDecompress()
          : undefined;
  if (decoder === undefined) {
    controller.abort(new Error(`the upstream answered in the unknown encoding ${encoding}`));
    return undefined;
  }
  delete headers['content-encoding'];
  delete headers['content-length'];
  decoder.on('data', (chunk: Buffer) => receiver.chunk(chunk));
  decoder.on('end', () => receiver.end());
  decoder.on('error', (error) => fail(`the answer could not be decoded: ${error.message}`));
  return decoder;
}

/** A sentence part without addresses that the agent need not know. */
function reasonOf(error: Error & { code?: string }): string {
  if (error.code === 'ECONNREFUSED') return 'the connection was refused';
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'the host name could not be resolved';
  if (error.code === 'UND_ERR_CONNECT_TIMEOUT') return 'the connection could not be opened in time';
  if (error.code === 'ECONNRESET' || error.code === 'UND_ERR_SOCKET' || error.code === 'EPIPE')
    return 'the connection was lost';
  return error.code ? `${error.message} (${error.code})` : error.message;
}
