/**
 * The baseline that every number is divided by: the plainest proxy that node:http and undici make, request and answer
 * piped, nothing parsed. `UPSTREAM=URL node bench/pass-through.mjs` prints `listening on URL` to stderr.
 */
import { createServer } from 'node:http';
import { Pool } from 'undici';

const upstream = new URL(process.env.UPSTREAM);
const pool = new Pool(upstream.origin, { connections: 256, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host']);

const server = createServer((request, response) => {
  const headers = {};
  for (const [name, value] of Object.entries(request.headers)) if (!hopByHop.has(name)) headers[name] = value;
  const fail = () => (response.headersSent ? response.destroy() : response.writeHead(502).end());
  pool.stream(
    { path: upstream.pathname, method: request.method, headers, body: request },
    ({ statusCode, headers: answered }) => {
      const kept = {};
      for (const [name, value] of Object.entries(answered)) if (!hopByHop.has(name)) kept[name] = value;
      response.writeHead(statusCode, kept);
      return response;
    },
    (error) => error && fail(),
  );
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  process.stderr.write(`listening on http://127.0.0.1:${server.address().port}/mcp\n`);
});
