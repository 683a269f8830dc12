/** The demo server on streamable http, on 127.0.0.1 only: a session per client, one shop for all. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createDemoServer } from './server.ts';
import { openShop, type Shop } from './shop.ts';

export interface DemoUpstream {
  readonly url: string;
  stop(): Promise<void>;
}

/** Listens on 127.0.0.1. `port: 0` takes a free one. Rejects with `EADDRINUSE` when the port is taken. */
export async function startDemoUpstream(options: { port?: number; shop?: Shop } = {}): Promise<DemoUpstream> {
  const shop = options.shop ?? openShop();
  const sessions = new Map<string, StreamableHTTPServerTransport>();

  async function openSession(): Promise<StreamableHTTPServerTransport> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    // exactOptionalPropertyTypes of the SDK's own build makes its transport and its Transport type disagree.
    await createDemoServer(shop).connect(transport as Parameters<ReturnType<typeof createDemoServer>['connect']>[0]);
    return transport;
  }

  const server = createServer(async (request, response) => {
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== '/mcp') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('The MCP endpoint is /mcp\n');
      return;
    }
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? sessions.get(id) : undefined;
    if (id !== undefined && !known) {
      const error = { code: -32001, message: 'Session not found' };
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error }));
      return;
    }
    await (known ?? (await openSession())).handleRequest(request, response);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async stop() {
      await Promise.all([...sessions.values()].map((session) => session.close()));
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
