/** Raw requests, as no official client would send them. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface WireAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly text: string;
}

export const mcpHeaders = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** Headers as a flat list keep repeated ones. */
export function send(
  url: URL,
  body: string | Uint8Array | undefined,
  headers: { readonly [name: string]: string } | readonly string[] = {},
  method = 'POST',
): Promise<WireAnswer> {
  const flat = Array.isArray(headers)
    ? [...Object.entries(mcpHeaders).flat(), 'host', url.host, ...(headers as string[])]
    : { ...mcpHeaders, ...headers };
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers: flat as never }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

export function call(name: unknown, args: unknown = {}, id: unknown = 1): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } });
}

/** A stream that is read event by event. */
export interface WireStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Everything that came so far. */
  text(): string;
  /** Resolves when the text holds this. */
  until(part: string): Promise<void>;
  readonly ended: Promise<void>;
  destroy(): void;
}

export function openStream(
  url: URL,
  body: string | undefined,
  headers: { readonly [name: string]: string } = {},
  method = 'POST',
): Promise<WireStream> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers: { ...mcpHeaders, ...headers } }, (response) => {
      let text = '';
      let waiters: (() => void)[] = [];
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        for (const wake of waiters) wake();
      });
      const ended = new Promise<void>((done) => response.on('close', done));
      response.on('error', () => {});
      resolve({
        status: response.statusCode!,
        headers: response.headers,
        text: () => text,
        until: (part) =>
          new Promise((done) => {
            const look = () => {
              if (!text.includes(part)) return;
              waiters = waiters.filter((waiter) => waiter !== look);
              done();
            };
            waiters.push(look);
            look();
          }),
        ended,
        destroy: () => request.destroy(),
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
