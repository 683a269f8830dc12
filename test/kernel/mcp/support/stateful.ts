/** A legacy server over streamable HTTP that keeps sessions, and forgets them, breaks off and goes away when it is told to. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly verb: string;
  readonly session: string | undefined;
  readonly method: string | undefined;
  readonly params: any;
  readonly lastEventId: string | undefined;
  readonly version: string | undefined;
}

export interface Stateful {
  readonly url: string;
  readonly asked: Asked[];
  /** What the client answered to requests of this server. */
  readonly answers: any[];
  /** The GET streams that are open, by session. */
  readonly streams: Map<string, ServerResponse>;
  readonly sessions: Set<string>;
  /** Says it on every open GET stream. */
  tell(message: object, id?: string): void;
  /** Every session is unknown from now on, as after a restart. */
  forget(): void;
  methods(): (string | undefined)[];
  close(): Promise<void>;
}
export interface StatefulOptions {
  readonly name?: string;
  readonly port?: number;
  readonly capabilities?: object;
  /** Answers a request in place of the echo; undefined: echo. */
  readonly answer?: (method: string, params: any, session: string | undefined) => object | undefined;
  readonly version?: string;
  /** Looks at every request first: answers it, or lets it go on when it likes. */
  readonly before?: (request: IncomingMessage, response: ServerResponse, go: () => void) => void;
}

const event = (message: object, id?: string) =>
  `event: message\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;

export async function startStateful(options: StatefulOptions = {}): Promise<Stateful> {
  const { name = 'stateful', capabilities = { tools: {}, resources: { subscribe: true }, logging: {} } } = options;
  const asked: Asked[] = [];
  const answers: any[] = [];
  const streams = new Map<string, ServerResponse>();
  const sessions = new Set<string>();
  const polled = new Map<string, { id: unknown; result: object }>();
  let opened = 0;

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (options.before) await new Promise<void>((go) => options.before!(request, response, go));
    const message = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
    const { id, method, params } = message;
    const session = request.headers['mcp-session-id'] as string | undefined;
    const lastEventId = request.headers['last-event-id'] as string | undefined;
    const version = request.headers['mcp-protocol-version'] as string | undefined;
    if (request.method === 'POST' && method === undefined) answers.push(message);
    asked.push({ verb: request.method!, session, method, params, lastEventId, version });
    const json = (status: number, body: object, headers = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify({ jsonrpc: '2.0', ...body }));
    const result = (value: object) => json(200, { id, result: value });

    if (method === 'initialize') {
      const given = `${name}-${++opened}`;
      sessions.add(given);
      const told = {
        protocolVersion: options.version ?? params.protocolVersion,
        capabilities,
        serverInfo: { name, version: '1' },
      };
      return json(200, { id, result: told }, { 'mcp-session-id': given });
    }
    if (session === undefined || !sessions.has(session))
      return json(404, { id: null, error: { code: -32001, message: 'Session not found' } });
    if (request.method === 'DELETE') return sessions.delete(session) && response.writeHead(200).end();
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      const waiting = lastEventId === undefined ? undefined : polled.get(lastEventId);
      if (waiting) return response.end(event(waiting, `${lastEventId}-done`));
      streams.set(session, response);
      response.once('close', () => streams.get(session) === response && streams.delete(session));
      return;
    }
    if (id === undefined || method === undefined) return response.writeHead(202).end();
    const own = options.answer?.(method, params, session);
    if (own) return json(200, { id, ...own });
    if (method === 'tools/list')
      return result({
        tools: ['echo', 'poll', 'never'].map((tool) => ({ name: tool, inputSchema: { type: 'object' } })),
      });
    if (method === 'tools/call' && params.name === 'never') return;
    if (method === 'tools/call' && params.name === 'poll') {
      // SEP-1699: an event that only has an id, then the end; the answer comes where a GET resumes.
      polled.set('p1', { id, result: { content: [], polled: session } });
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return response.end('id: p1\nretry: 10\ndata:\n\n');
    }
    if (method === 'tools/call') return result({ content: [], echoed: params.arguments, session });
    return result({});
  });
  await new Promise<void>((done) => server.listen(options.port ?? 0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    asked,
    answers,
    streams,
    sessions,
    tell: (message, id) => streams.forEach((stream) => stream.write(event(message, id))),
    forget() {
      sessions.clear();
      for (const stream of streams.values()) stream.end();
    },
    methods: () => asked.map(({ verb, method }) => method ?? (verb === 'POST' ? 'response' : verb)),
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
