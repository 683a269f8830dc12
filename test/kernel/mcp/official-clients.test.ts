/** Unchanged official clients, through the doors, against a dual-era server over HTTP. */
import { spawn, type ChildProcess } from 'node:child_process';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDoors, type TestDoors } from './support/doors.ts';

let fixture: ChildProcess;
let sseFixture: ChildProcess;
let direct: URL;
const doors: { [transport: string]: TestDoors } = {};

async function startFixture(...args: string[]): Promise<[ChildProcess, URL]> {
  const child = spawn(process.execPath, ['test/fixtures/conformance/main.mjs', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const line = await new Promise<string>((done) => child.stderr!.once('data', (chunk) => done(String(chunk))));
  return [child, new URL(/http:\S+/.exec(line)![0])];
}

beforeAll(async () => {
  let sse: URL;
  [fixture, direct] = await startFixture('--http', '0');
  [sseFixture, sse] = await startFixture('--sse', '0');
  doors['http'] = await openDoors({ url: direct.href });
  doors['stdio'] = await openDoors({ command: process.execPath, args: ['test/fixtures/conformance/main.mjs'] });
  doors['sse'] = await openDoors({ url: sse.href, transport: 'sse' });
});
afterAll(async () => {
  for (const open of Object.values(doors)) await open.stop();
  fixture?.kill();
  sseFixture?.kill();
});

const eras = {
  'sdk 1.32 (2025-11-25)': async (url: URL) => {
    const client = new ClientV1({ name: 'test', version: '1' });
    await client.connect(new TransportV1(url));
    return client;
  },
  'sdk 1.32 on the sse door (2024-11-05)': async (url: URL) => {
    const client = new ClientV1({ name: 'test', version: '1' });
    // The server itself speaks it under another address; what it answers is the same.
    await client.connect(
      url.href === direct.href ? new TransportV1(url) : new SSEClientTransport(new URL('/sse', url)),
    );
    return client;
  },
  'client 2.4, legacy': async (url: URL) => {
    const client = new ClientV2({ name: 'test', version: '1' });
    await client.connect(new TransportV2(url));
    return client;
  },
  'client 2.4, modern': async (url: URL) => {
    const client = new ClientV2({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new TransportV2(url));
    return client;
  },
};

const matrix = Object.entries(eras)
  .flatMap(([era, connect]) => ['http', 'stdio', 'sse'].map((transport) => ({ era, connect, transport })))
  .filter(({ era, transport }) => !(era === 'client 2.4, modern' && transport === 'sse')); // sse is older than the modern era

describe.each(matrix)('$era over $transport', ({ connect, transport }) => {
  const through = () => doors[transport]!.mcp;

  test('lists, calls, reads and gets the same as without Helio', async () => {
    const answers = async (url: URL) => {
      const client = (await connect(url)) as ClientV1;
      try {
        const { tools } = await client.listTools();
        return {
          tools,
          called: await client.callTool({ name: 'test_simple_text', arguments: {} }),
          failed: await client.callTool({ name: 'test_error_handling', arguments: {} }),
          resources: await client.listResources(),
          templates: await client.listResourceTemplates(),
          read: await client.readResource({ uri: 'test://static-text' }),
          prompts: await client.listPrompts(),
          prompt: await client.getPrompt({ name: 'test_simple_prompt' }),
          server: client.getServerVersion(),
        };
      } finally {
        await client.close();
      }
    };
    expect(await answers(through())).toEqual(await answers(direct));
  });

  test('sees progress while the tool runs', async () => {
    const progressOf = async (url: URL) => {
      const client = (await connect(url)) as ClientV1;
      const seen: unknown[] = [];
      try {
        const options = { onprogress: (progress: unknown) => void seen.push(progress) };
        const params = { name: 'test_tool_with_progress', arguments: {} };
        if (client instanceof ClientV1) await client.callTool(params, undefined, options);
        else await (client as ClientV2).callTool(params, options);
        return seen;
      } finally {
        await client.close();
      }
    };
    const seen = await progressOf(through());
    expect(seen.length).toBeGreaterThan(1);
    expect(seen).toEqual(await progressOf(direct));
  });

  test('is told of an unknown tool as the server tells it', async () => {
    const errorOf = async (url: URL) => {
      const client = (await connect(url)) as ClientV1;
      try {
        return await client.callTool({ name: 'no_such_tool', arguments: {} }).catch((error: Error) => error.message);
      } finally {
        await client.close();
      }
    };
    expect(await errorOf(through())).toEqual(await errorOf(direct));
  });
});
