/**
 * Puts a Helio between a client and the server that the conformance suite names: `node conformance-client.mjs COMMAND...
 * URL` starts Helio in front of URL and runs COMMAND with Helio's own URL instead.
 */
import { spawn } from 'node:child_process';
import { startHelioProcess } from './helio-process.mjs';

const [command, ...rest] = process.argv.slice(2);
const upstream = rest.pop();
const helio = await startHelioProcess(`version: '1'
upstream: { url: '${upstream}' }
listen: { port: 0 }
policies: { default: allow }
plugins: [policy, feedback, audit]
`);
const child = spawn(command, [...rest, helio.mcp], { stdio: 'inherit' });
const code = await new Promise((resolve) => child.once('exit', resolve));
await helio.stop();
if (process.env.HELIO_CONFORMANCE_LOGS) process.stderr.write(helio.logs());
process.exit(code ?? 1);
