#!/usr/bin/env node
/** The bundled demo upstream: `helio-demo-upstream` speaks stdio, `helio-demo-upstream --http PORT` streamable http. */
import { parseArgs } from 'node:util';

const usage = `helio-demo-upstream - a demo shop and payment provider to try Helio with

  helio-demo-upstream               MCP over stdio
  helio-demo-upstream --http PORT   MCP over streamable http on 127.0.0.1 (0 = a free port)
`;

const wanted = readArguments();
if (wanted === 'usage') {
  process.stderr.write(usage);
  process.exitCode = 2;
} else if (wanted === 'help') {
  process.stdout.write(usage);
} else if (wanted === 'stdio') {
  await serveStdio();
} else {
  await serveHttp(wanted);
}

function readArguments(): 'usage' | 'help' | 'stdio' | number {
  try {
    const { values } = parseArgs({ options: { http: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
    if (values.help) return 'help';
    if (values.http === undefined) return 'stdio';
    const port = Number(values.http);
    return /^\d+$/.test(values.http) && port <= 65_535 ? port : 'usage';
  } catch {
    return 'usage';
  }
}

// The transports are imported on demand: the http one alone costs a third of the start.
async function serveStdio(): Promise<void> {
  const [{ StdioServerTransport }, { createDemoServer }, { openShop }] = await Promise.all([
    import('@modelcontextprotocol/sdk/server/stdio.js'),
    import('./server.ts'),
    import('./shop.ts'),
  ]);
  await createDemoServer(openShop()).connect(new StdioServerTransport());
  process.stdin.on('end', () => process.exit(0));
}

async function serveHttp(port: number): Promise<void> {
  const { startDemoUpstream } = await import('./http.ts');
  try {
    const { url } = await startDemoUpstream({ port });
    process.stderr.write(`demo upstream at ${url}\n`);
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    process.stderr.write(
      taken ? `port ${port} is taken; try another one, or 0\n` : `cannot listen: ${String(error)}\n`,
    );
    process.exitCode = 1;
  }
}
