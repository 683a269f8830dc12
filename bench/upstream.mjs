/**
 * The smallest MCP upstream that the benchmark can be measured against: node:http, fixed answers written with one `end()`.
 * `node bench/upstream.mjs [RESULT_BYTES]` prints `listening on URL` to stderr. `x-result-bytes` asks for another size.
 */
import { createServer } from 'node:http';

const filler = 'The quick brown fox jumps over the lazy dog. ';
const bodies = new Map();
/** A CallToolResult whose JSON-RPC answer has about this many bytes, in ordinary prose. */
function resultOf(bytes) {
  if (!bodies.has(bytes)) {
    const text = filler.repeat(Math.ceil(bytes / filler.length)).slice(0, Math.max(1, bytes - 60));
    bodies.set(bytes, `,"result":{"content":[{"type":"text","text":"${text}"}]}}`);
  }
  return bodies.get(bytes);
}

const tool = (name, annotations) => ({ name, description: name, inputSchema: { type: 'object' }, annotations });
const tools = [
  tool('read_thing', { readOnlyHint: true }),
  tool('write_thing', { readOnlyHint: false, destructiveHint: false }),
  tool('create_payment', { readOnlyHint: false, destructiveHint: false }),
  tool('lookup_order', { readOnlyHint: true }),
  tool('refund_order', { readOnlyHint: false, destructiveHint: false }),
  tool('delete_thing', { readOnlyHint: false, destructiveHint: true }),
];
const size = Number(process.argv[2] ?? 200);

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    const { id, method, params } = JSON.parse(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    if (id === undefined) return response.writeHead(202).end();
    let body;
    if (method === 'tools/call' && params.name === 'lookup_order')
      body = `,"result":{"content":[],"structuredContent":{"order_id":${JSON.stringify(params.arguments.order_id)},"total":120.5,"customer":"Ada Lovelace, 1 High Street, London"}}}`;
    else if (method === 'tools/call') body = resultOf(Number(request.headers['x-result-bytes'] ?? size));
    else if (method === 'tools/list') body = `,"result":${JSON.stringify({ tools })}}`;
    else if (method === 'initialize') {
      const serverInfo = { name: 'bench-upstream', version: '1.0.0' };
      const { protocolVersion } = params;
      body = `,"result":${JSON.stringify({ protocolVersion, capabilities: { tools: {} }, serverInfo })}}`;
    } else body = ',"error":{"code":-32601,"message":"Method not found"}}';
    const answer = Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(id)}${body}`);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
    response.end(answer);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  process.stderr.write(`listening on http://127.0.0.1:${server.address().port}/mcp\n`);
});
