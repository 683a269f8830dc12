/** All doors in front of all upstreams: what `helio start` opens. The socket outlives every reload of helio.yaml. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { helioError } from '../errors.ts';
import type { Log, ToolDefinition, UpstreamView } from '../plugin.ts';
import { createAggregate } from './aggregate/aggregate.ts';
import { createCatalogue, type Catalogue } from './catalogue.ts';
import { loneUpstreamName, type ListenConfig, type UpstreamConfig } from './config.ts';
import { createHttpDoor, sendPlain } from './doors/http.ts';
import { createSseDoor } from './doors/sse.ts';
import type { Exchange } from './exchange.ts';
import type { Gate, Lookup } from './incoming.ts';
import { createNetworkGuard, type NetworkGuard } from './network-guard.ts';
import { createOAuthMetadata } from './oauth-metadata.ts';
import { listTools, type OwnIdentity } from './own-client.ts';
import { createRelay, type Relay } from './relay.ts';
import { Sessions } from './sessions.ts';
import type { RelayWorld } from './setting.ts';
import type { Upstream } from './upstream.ts';
import { createUpstream } from './upstreams/create.ts';

export interface DoorsConfig {
  readonly listen: ListenConfig;
  /** By name; the section `upstream` alone is `{ default: ... }`. */
  readonly upstreams: { readonly [name: string]: UpstreamConfig };
}

export interface DoorsOptions extends DoorsConfig {
  /** Read for every request, so that a reload holds from the next one on. */
  readonly gate: () => Gate;
  readonly log: Log;
  /** The folder of helio.yaml: a child's `cwd` is resolved against it. */
  readonly configDir: string;
  /** What Helio says of itself where it is a client. */
  readonly self: OwnIdentity;
}

export interface Doors {
  /** Opens the HTTP door. @throws HELIO_LISTEN_TAKEN, HELIO_LISTEN_FAILED */
  start(): Promise<void>;
  /** `http://127.0.0.1:3000/mcp`; undefined until it listens. */
  url(): string | undefined;
  /**
   * After a reload: other upstreams serve from the next request on, those that changed finish what they have in flight.
   * Returns what needs a restart, as config paths.
   */
  configure(next: DoorsConfig): readonly string[];
  views(): readonly UpstreamView[];
  /** The tools of an upstream as known now; fetched when nothing is known. Rejects with a sentence. */
  tools(upstream: string, options?: { readonly fresh?: boolean }): Promise<readonly ToolDefinition[]>;
  /** One tool of an upstream, for explanations. */
  lookup(upstream: string, name: string): Promise<Lookup>;
  /** Refuses new requests, ends waits for people, lets calls in flight finish for `listen.drain_timeout`. */
  drain(): Promise<void>;
  /** Closes every socket and child. */
  stop(): Promise<void>;
  /** For doors that are no sockets (`helio stdio`). */
  readonly relay: Relay;
  /** The upstream behind `/mcp`, or behind `/mcp/NAME`. */
  upstream(name?: string): Upstream | undefined;
}

const sweepEveryMs = 1_000;

interface Entry {
  readonly config: UpstreamConfig;
  readonly upstream: Upstream;
  readonly catalogue: Catalogue;
}

export function createDoors(options: DoorsOptions): Doors {
  const { log } = options;
  let listen = options.listen;
  let entries = new Map<string, Entry>();
  let guard: NetworkGuard;
  let server: Server | undefined;
  let isDraining = false;

  const open = new Set<Exchange>();
  const world: RelayWorld = {
    gate: options.gate,
    catalogueOf: (name) => entries.get(name)?.catalogue ?? orphan,
    sessions: new Sessions(),
    log,
    open,
    oauth: createOAuthMetadata((path) => upstreamAt(path)),
  };
  const orphan = createCatalogue('untrusted'); // of an upstream that a reload took away while it still answers
  const single = createRelay(world);
  const merged = mergedUpstream();
  const aggregate = createAggregate({
    relay: single,
    parts: () => new Map([...entries].map(([name, entry]) => [name, entry.upstream])),
    separator: listen.separator,
    self: options.self,
    log,
  });
  const relay: Relay = {
    refuse: single.refuse,
    take: (request, responder) => (request.upstream.isMerged ? aggregate : single).take(request, responder),
  };
  const sweep = setInterval(() => expireOverdue(open), sweepEveryMs);
  sweep.unref();
  apply(options);

  function apply(next: DoorsConfig): void {
    const before = entries;
    entries = new Map();
    for (const [name, config] of Object.entries(next.upstreams)) {
      const known = before.get(name);
      if (known && JSON.stringify(known.config) === JSON.stringify(config)) {
        entries.set(name, known);
        continue;
      }
      const catalogue = createCatalogue(config.annotations);
      const upstream = createUpstream({
        name,
        config,
        log,
        configDir: options.configDir,
        self: options.self,
        onNewConnection: () => catalogue.invalidate(),
      });
      entries.set(name, { config, upstream, catalogue });
    }
    for (const [name, entry] of before) if (entries.get(name) !== entry) void entry.upstream.close('when_idle');
    guard = createNetworkGuard({
      host: next.listen.host,
      allowedHosts: next.listen.allowed_hosts,
      allowedOrigins: next.listen.allowed_origins,
    });
    listen = next.listen;
  }

  function upstream(name?: string): Upstream | undefined {
    if (name !== undefined) return entries.get(name)?.upstream;
    return entries.size === 1 ? entries.values().next().value!.upstream : entries.size > 1 ? merged : undefined;
  }

  /** One that hangs is `down` too: only who waits for it at the merged endpoint knows. */
  function views(): readonly UpstreamView[] {
    return [...entries.values()].map((entry) => {
      const view = entry.upstream.view();
      const reason = view.state === 'down' ? undefined : aggregate.reasonOf(view.name);
      return reason === undefined ? view : { ...view, state: 'down', detail: reason };
    });
  }

  function upstreamAt(path: string): Upstream | undefined {
    return path === '/mcp' ? upstream() : path.startsWith('/mcp/') ? upstream(path.slice(5)) : undefined;
  }

  const sse = createSseDoor({
    relay,
    bodyLimitBytes: () => listen.body_limit,
    upstreamAt: (name) => (isDraining ? undefined : upstream(name)),
  });

  function other(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    if (sse(request, response, path)) return true;
    if (request.method !== 'GET') return false;
    if (world.oauth.serve(request, response, path)) return true;
    if (path === '/livez') sendPlain(response, 200, 'ok\n');
    else if (path === '/readyz') {
      const down = views().filter((view) => view.state === 'down');
      const isReady = !isDraining && down.length < entries.size;
      const lines = down.map((view) => `${view.name}: ${view.detail}\n`).join('');
      sendPlain(response, isReady ? 200 : 503, `${isReady ? 'ready' : 'not ready'}\n${lines}`);
    } else return false;
    return true;
  }

  return {
    relay,
    upstream,
    url: () =>
      server?.listening ? `http://${hostInUrl(listen.host)}:${(server.address() as AddressInfo).port}/mcp` : undefined,
    async start() {
      server = createHttpDoor({
        relay,
        guard: () => guard,
        bodyLimitBytes: () => listen.body_limit,
        upstreamAt,
        other,
        isDraining: () => isDraining,
      });
      await listenOn(server, listen.host, listen.port);
    },
    configure(next) {
      const restart = (['host', 'port', 'separator'] as const)
        .filter((key) => next.listen[key] !== listen[key])
        .map((key) => `listen.${key}`);
      const { host, port, separator } = listen;
      apply({ ...next, listen: { ...next.listen, host, port, separator } });
      return restart;
    },
    views,
    async tools(name, { fresh = false } = {}) {
      const entry = entries.get(name);
      if (!entry) throw new Error(`there is no upstream called ${name}`);
      const known = fresh ? undefined : entry.catalogue.latest();
      if (known !== undefined) return known;
      const tools = await listTools(entry.upstream, options.self, entry.config.annotations);
      // Clients judge by the list that they saw last: one that is older than this answer must not outlive it.
      if (fresh) entry.catalogue.invalidate();
      return tools;
    },
    async lookup(name, tool) {
      try {
        const found = (await this.tools(name)).find((definition) => definition.name === tool);
        return found ? { found } : { unknown: true };
      } catch (error) {
        return { unavailable: (error as Error).message };
      }
    },
    async drain() {
      isDraining = true;
      for (const exchange of open) exchange.drain();
      const endMs = Date.now() + listen.drain_timeout;
      while (open.size > 0 && Date.now() < endMs) await new Promise((done) => setTimeout(done, 20));
    },
    async stop() {
      isDraining = true;
      clearInterval(sweep);
      aggregate.stop();
      const closed = server?.listening ? new Promise((done) => server!.close(done)) : undefined;
      server?.closeAllConnections();
      await Promise.all([...entries.values()].map((entry) => entry.upstream.close('now')));
      await closed;
    },
  };
}

/** What the doors hold in their hands at the merged endpoint. */
function mergedUpstream(): Upstream {
  return {
    name: 'all',
    isMerged: true,
    transport: 'http',
    timeoutMs: 0,
    exchange() {
      throw new Error('unreachable: the merged endpoint has no exchange of its own');
    },
    view: () => ({ name: 'all', transport: 'http', state: 'up', detail: 'several upstreams' }),
    close: () => Promise.resolve(),
  };
}

function expireOverdue(open: ReadonlySet<Exchange>): void {
  const nowMs = Date.now();
  for (const exchange of open) if (exchange.deadlineMs <= nowMs) exchange.expire();
}

function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(helioError('HELIO_LISTEN_TAKEN', { host, port, path: 'listen.port' }));
      else reject(helioError('HELIO_LISTEN_FAILED', { host, port, path: 'listen', reason: error.message }));
    });
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
}

export { loneUpstreamName };
