/** Listeners whose sockets outlive a reload: the port stays open, the routes behind it are swapped in one assignment. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { helioError } from '../errors.ts';
import type { Awaitable, ListenOptions, Log } from '../plugin.ts';

const defaultBodyLimitBytes = 1024 * 1024;
const requestTimeoutMs = 60_000; // a client that dribbles its request must not hold a socket for ever
const closeTimeoutMs = 5_000;

interface Stable {
  readonly server: Server;
  app: FastifyInstance | undefined;
  url: string;
}
export interface Prepared {
  readonly options: ListenOptions;
  readonly app: FastifyInstance;
}

/** `opens: false`: nothing ever listens (`helio stdio` beside a `helio start` that has the ports). */
export function createListeners(log: Log, { opens = true }: { readonly opens?: boolean } = {}) {
  const stable = new Map<string, Stable>();

  /** Builds the routes of the next generation; nothing listens and nothing is swapped yet. */
  async function prepare(options: ListenOptions, build: (app: FastifyInstance) => Awaitable<void>): Promise<Prepared> {
    const app = fastify({
      logger: false,
      bodyLimit: options.bodyLimitBytes ?? defaultBodyLimitBytes,
      trustProxy: false,
    });
    await build(app);
    await app.ready();
    return { options, app };
  }

  /** Swaps the routes in; opens the port the first time. Throws HELIO_LISTEN_TAKEN or HELIO_LISTEN_FAILED. */
  async function use({ options, app }: Prepared): Promise<void> {
    if (!opens) return void (await app.close());
    const open = stable.get(options.name);
    if (open !== undefined) {
      const before = open.app;
      open.app = app;
      if (before !== undefined) void before.close();
      const { port } = open.server.address() as AddressInfo;
      if (options.port !== 0 && options.port !== port) {
        log.warn('a changed port needs a restart', { listener: options.name, listening: port, wanted: options.port });
      }
      return;
    }
    const entry: Stable = { server: createServer({ requestTimeout: requestTimeoutMs }), app, url: '' };
    entry.server.on('request', (request, response) => {
      if (entry.app === undefined) return void response.writeHead(503).end();
      entry.app.routing(request, response);
    });
    if (!(await listening(entry.server, options, log))) return;
    const { port } = entry.server.address() as AddressInfo;
    entry.url = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
    stable.set(options.name, entry);
  }

  return {
    prepare,
    use,
    url: (name: string): string | undefined => stable.get(name)?.url,
    async close(): Promise<void> {
      await Promise.all(
        [...stable.values()].map(async ({ server, app }) => {
          const closed = new Promise<void>((done) => server.close(() => done()));
          server.closeIdleConnections();
          const timer = setTimeout(() => server.closeAllConnections(), closeTimeoutMs);
          await app?.close();
          server.closeAllConnections();
          await closed;
          clearTimeout(timer);
        }),
      );
      stable.clear();
    },
  };
}
export type StableListeners = ReturnType<typeof createListeners>;

/** False when an optional port is taken: a warning, because nothing in helio.yaml asked for it. */
async function listening(server: Server, options: ListenOptions, log: Log): Promise<boolean> {
  const { host, port } = options;
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen({ host, port }, () => {
        server.off('error', fail);
        done();
      });
    });
    return true;
  } catch (cause) {
    const isTaken = (cause as { code?: string }).code === 'EADDRINUSE';
    if (isTaken && options.optional) {
      log.warn(`port ${port} is taken, so "${options.name}" is not available`, { listener: options.name });
      return false;
    }
    const at = { host, port, path: options.path.join('.') };
    if (isTaken) throw helioError('HELIO_LISTEN_TAKEN', at, { cause });
    throw helioError('HELIO_LISTEN_FAILED', { ...at, reason: String((cause as Error).message) }, { cause });
  }
}
