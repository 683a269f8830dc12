/** A server of a few lines over stdio, in both eras, that misbehaves when it is told to. */
import { createInterface } from 'node:readline';

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const tools = ['echo', 'slow', 'die', 'env', 'noise', 'grandchild'].map((name) => ({
  name,
  inputSchema: { type: 'object' },
}));
let initialized = 0;
const cancelled = [];
if (process.argv[2] === 'refuses-to-start') process.exit(3);
process.stderr.write('\u001b[31mhello from stderr\n'.repeat(2000));

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  const modern = params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
  const answer = (result) => send({ id, result: { ...result, ...(modern && { resultType: 'complete' }) } });
  if (method === 'notifications/cancelled') return void cancelled.push(params.requestId);
  if (id === undefined) return;
  if (method === 'server/discover') {
    if (process.argv[2] === 'legacy') return void send({ id, error: { code: -32601, message: 'Method not found' } });
    return answer({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, ttlMs: 0, cacheScope: 'private' });
  }
  if (method === 'initialize') {
    initialized++;
    return answer({
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'child', version: '1' },
    });
  }
  if (method === 'tools/list') return answer({ tools });
  if (method !== 'tools/call') return void send({ id, error: { code: -32601, message: 'Method not found' } });
  const { name, arguments: args } = params;
  const token = params._meta?.progressToken;
  if (token !== undefined) send({ method: 'notifications/progress', params: { progressToken: token, progress: 1 } });
  if (name === 'echo') return answer({ content: [], echoed: args, pid: process.pid, initialized, cancelled });
  if (name === 'slow') return void setTimeout(() => answer({ content: [], echoed: args }), args.ms);
  if (name === 'env') return answer({ content: [], env: process.env, cwd: process.cwd() });
  if (name === 'die') return process.exit(7);
  if (name === 'noise') {
    process.stdout.write(
      'listening...\r\n\n[{"jsonrpc":"2.0","id":1,"result":{"content":["batch"]}}]\n{"jsonrpc":"2.0","id":99999,"result":{}}\n{"jsonrpc":"2.0","result":{}}\n{broken\n',
    );
    return answer({ content: [] });
  }
  return undefined;
});
