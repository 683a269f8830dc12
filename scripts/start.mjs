/**
 * `npm start`: installs and builds if needed, starts Helio on examples/quickstart/helio.yaml in front of the bundled demo
 * shop, and prints where to point a client and a call to try. Ctrl-C ends it.
 */
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildIfNeeded, checkNode, installIfNeeded, root } from './prepare.mjs';

checkNode();
try {
  installIfNeeded();
  buildIfNeeded();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

const config = join(root, 'examples/quickstart/helio.yaml');
const folder = join(root, 'examples/quickstart');
const env = { ...process.env };
// A secret of a .env that `helio init` wrote stays the operator's; without one each start makes its own.
if (!env.HELIO_DASHBOARD_SECRET && !existsSync(join(folder, '.env')))
  env.HELIO_DASHBOARD_SECRET = randomBytes(24).toString('base64url');

// stdout is a pipe, so that Helio prints its addresses as one JSON line; people get them below.
const cli = join(root, 'dist/kernel/cli/main.js');
const helio = spawn(process.execPath, [cli, 'start', '-c', config, ...process.argv.slice(2)], {
  cwd: folder,
  env,
  stdio: ['inherit', 'pipe', 'inherit'],
});
let said = '';
helio.stdout.setEncoding('utf8').on('data', (chunk) => {
  said += chunk;
  const end = said.indexOf('\n');
  if (end < 0) return;
  const line = said.slice(0, end);
  said = said.slice(end + 1);
  try {
    const banner = JSON.parse(line);
    process.stdout.write(banner.event === 'listening' ? welcome(banner) : `${line}\n`);
  } catch {
    process.stdout.write(`${line}\n`);
  }
});
// Ctrl-C reaches Helio too (same terminal): it drains, and its exit code is ours.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && helio.kill(signal));
helio.once('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));

function welcome({ version, mcp, dashboard, sideband }) {
  const secret = env.HELIO_DASHBOARD_SECRET ? ` (secret: ${env.HELIO_DASHBOARD_SECRET})` : '';
  return `
Helio ${version ?? ''} stands between your agent and a demo shop (examples/quickstart/helio.yaml).

  agents     ${mcp}
${dashboard ? `  dashboard  ${dashboard}${secret}\n` : ''}${sideband ? `  SDK        ${sideband}\n` : ''}
Point any MCP client there, for example:
  claude mcp add --transport http shop ${mcp}

Or try two calls. The first looks an order up; the second is refused, and the answer says why:

${curl(mcp, 'orders.lookup', '{"order_id":"A-17"}')}

${curl(mcp, 'delete_account', '{"customer_id":"C-1001"}')}

Every call is on record in examples/quickstart/.helio. Ctrl-C ends Helio.
`;
}

/** A session and a call in one paste: the demo shop speaks the session-based protocol. */
function curl(mcp, name, args) {
  const headers = `-H 'content-type: application/json' -H 'accept: application/json, text/event-stream'`;
  const hello =
    '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"curl","version":"1"}}}';
  const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":${args}}}`;
  return `S=$(curl -si ${mcp} ${headers} -d '${hello}' | tr -d '\\r' | grep -i '^mcp-session-id:' | cut -d' ' -f2)
curl -s ${mcp} ${headers} -H "mcp-session-id: $S" -d '${call}'; echo`;
}
