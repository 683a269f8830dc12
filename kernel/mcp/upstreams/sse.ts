/** An upstream over legacy HTTP+SSE (MCP 2024-11-05): one GET per session, and messages POSTed to the URI it names. */
import { Pool } from 'undici';
import type { Log } from '../../plugin.ts';
import type { UpstreamConfig } from '../config.ts';
import { mediaType, requestHeaders, type RequestHeaderRules } from '../headers.ts';
import { SseCutter, type SseEvent } from '../sse-events.ts';
import type { Headers, Upstream } from '../upstream.ts';
import { createBridge } from './bridge.ts';
import type { Channel, ChannelEvents } from './channel.ts';
import type { UpstreamOptions } from './create.ts';
import { headerRules } from './http.ts';

interface Target {
  readonly name: string;
  readonly url: URL;
  readonly pool: Pool;
  readonly rules: RequestHeaderRules;
  readonly log: Log;
}

export function createSseUpstream(
  options: UpstreamOptions & { readonly config: UpstreamConfig & { readonly url: string } },
): Upstream {
  const { name, config, log, self, onNewConnection } = options;
  const url = new URL(config.url);
  const pool = new Pool(url.origin, { headersTimeout: 0, bodyTimeout: 0, connectTimeout: config.connect_timeout });
  const target: Target = { name, url, pool, rules: headerRules(config, url), log };
  const bridge = createBridge({
    name,
    transport: 'sse',
    timeoutMs: config.timeout,
    open:
      ({ headers }) =>
      (events) =>
        openSse(target, headers, events),
    speaksModern: false,
    log,
    self,
    onNewConnection,
  });
  return {
    ...bridge,
    async close(when) {
      await bridge.close(when);
      await pool.destroy();
    },
  };
}

const mostQueued = 1_000;
/** With these a server says no before it looks at the message. */
const refusedBefore = new Set([400, 401, 403, 404, 405, 413, 415]);
/** Of the request that opened the session, not of the connection. */
const notOfStream = new Set(['content-type', 'accept', 'mcp-session-id', 'mcp-protocol-version', 'last-event-id']);

function openSse(target: Target, clientHeaders: Headers, events: ChannelEvents): Channel {
  const { pool, url, rules, name, log } = target;
  const aborter = new AbortController();
  let endpoint: string | undefined;
  let isOver = false;
  let queue: { readonly message: Uint8Array; readonly failed: ((reason: string) => void) | undefined }[] = [];
  const own: Headers = {};
  for (const header in clientHeaders) if (!notOfStream.has(header)) own[header] = clientHeaders[header];

  const over = (reason: string) => {
    if (isOver) return;
    isOver = true;
    aborter.abort();
    for (const { failed } of queue) failed?.(reason);
    queue = [];
    events.closed(reason);
  };

  const post = (message: Uint8Array, failed: ((reason: string) => void) | undefined) => {
    const headers = requestHeaders({ ...own, 'content-type': 'application/json' }, rules, undefined);
    let isSent = false;
    pool
      .request({ method: 'POST', path: endpoint!, headers, body: message, signal: aborter.signal })
      .then(async ({ statusCode, body }) => {
        isSent = true;
        await body.dump();
        if (statusCode < 300) return;
        const reason = `the upstream refused a message with HTTP ${statusCode}`;
        if (refusedBefore.has(statusCode)) failed?.(reason);
        else over(reason);
      })
      .catch((error: Error & { code?: string }) => {
        if (isOver) return;
        if (!isSent && error.code === 'ECONNREFUSED') failed?.('the connection was refused');
        else over('the connection was lost');
      });
  };

  const onEvent = (event: SseEvent) => {
    if (event.data === undefined || event.data.length === 0) return;
    if (event.event === 'endpoint') {
      endpoint ??= endpointOf(event.data.toString(), url);
      if (endpoint === undefined) {
        log.error('an upstream named a message endpoint of another origin; it is not used', { upstream: name });
        return over('the upstream named an endpoint of another origin');
      }
      const queued = queue;
      queue = [];
      for (const { message, failed } of queued) post(message, failed);
    } else if (event.event === undefined || event.event === 'message') events.message(event.data);
  };

  pool
    .request({
      method: 'GET',
      path: url.pathname + url.search,
      headers: requestHeaders({ ...own, accept: 'text/event-stream' }, rules, undefined),
      signal: aborter.signal,
    })
    .then(async ({ statusCode, headers, body }) => {
      body.on('error', () => {});
      if (statusCode !== 200 || mediaType(headers as Headers) !== 'text/event-stream') {
        await body.dump();
        return over(`the upstream answered the sse request with HTTP ${statusCode}`);
      }
      const cutter = new SseCutter(onEvent);
      for await (const chunk of body) cutter.push(chunk as Buffer);
      over('the stream ended');
    })
    .catch((error: Error & { code?: string }) =>
      over(error.code === 'ECONNREFUSED' ? 'the connection was refused' : 'the connection was lost'),
    );

  return {
    send(message, failed) {
      if (isOver) return failed?.('the connection is closed');
      if (endpoint !== undefined) return post(message, failed);
      if (queue.length >= mostQueued) return failed?.('the connection is being opened');
      queue.push({ message, failed });
    },
    close() {
      isOver = true;
      aborter.abort();
      return Promise.resolve();
    },
  };
}

/** Path and query; undefined when it is another origin, where the client's credentials have no business. */
function endpointOf(told: string, base: URL): string | undefined {
  try {
    const url = new URL(told, base);
    return url.origin === base.origin ? url.pathname + url.search : undefined;
  } catch {
    return undefined;
  }
}
