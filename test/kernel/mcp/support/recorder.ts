/** An upstream that writes down every byte it gets, and answers what a test tells it to. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** Resolves when the connection of this request was closed before its answer was whole. */
  readonly dropped: Promise<void>;
}
export type Respond = (request: Recorded, response: ServerResponse) => void;

export interface Recorder {
  readonly url: string;
  readonly requests: Recorded[];
  respond: Respond;
  close(): Promise<void>;
}

const echoTool = { name: 'echo', inputSchema: { type: 'object' } };

/** Answers lists with one tool `echo`, and every other request with its own params. */
export const echo: Respond = (request, response) => {
  if (request.method !== 'POST') return void response.writeHead(405).end();
  const message = JSON.parse(request.body) as { id?: unknown; method?: string; params?: unknown };
  if (message.id === undefined || message.method === undefined) return void response.writeHead(202).end();
  const result =
    message.method === 'tools/list' ? { tools: [echoTool] } : { content: [], echoed: message.params ?? null };
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
};

export async function startRecorder(respond: Respond = echo): Promise<Recorder> {
  const requests: Recorded[] = [];
  const server = createServer((request, response) => {
    const dropped = new Promise<void>((done) => response.on('close', () => !response.writableFinished && done()));
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const recorded = {
        method: request.method!,
        url: request.url!,
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body: Buffer.concat(chunks).toString(),
        dropped,
      };
      requests.push(recorded);
      recorder.respond(recorded, response);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const recorder: Recorder = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    requests,
    respond,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
  return recorder;
}
