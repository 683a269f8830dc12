/** Unchanged official clients, through the doors, against a dual-era server over HTTP. */
import { spawn, type ChildProcess } from 'node:child_process';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDoors, type TestDoors } from './support/doors.ts';

let fixture: ChildProcess;
let direct: URL;
let doors: TestDoors;

beforeAll(async () => {
  fixture = spawn(process.execPath, ['test/fixtures/conformance/main.mjs', '--http', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const line = await new Promise<string>((done) => fixture.stderr!.once('data', (chunk) => done(String(chunk))));
  direct = new URL(/http:\S+/.exec(line)![0]);
  doors = await openDoors({ url: direct.href });
});
afterAll(async () => {
  await doors?.stop();
  fixture?.kill();
});

const eras = {
  'sdk 1.32 (2025-11-25)': async (url: URL) => {
    const client = new ClientV1({ name: 'test', version: '1' });
    await client.connect(new TransportV1(url));
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

describe.each(Object.entries(eras))('%s', (_name, connect) => {
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
    expect(await answers(doors.mcp)).toEqual(await answers(direct));
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
    const through = await progressOf(doors.mcp);
    expect(through.length).toBeGreaterThan(1);
    expect(through).toEqual(await progressOf(direct));
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
    expect(await errorOf(doors.mcp)).toEqual(await errorOf(direct));
  });
});
