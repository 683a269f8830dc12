/** Several upstreams merged at /mcp, each alone at /mcp/NAME. */
import { spawn, type ChildProcess } from 'node:child_process';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDoors, type TestDoors } from './support/doors.ts';
import { startRecorder, type Recorder } from './support/recorder.ts';
import { call, send } from './support/wire.ts';

let fixture: ChildProcess;
let hanging: Recorder;
let doors: TestDoors;
beforeAll(async () => {
  fixture = spawn(process.execPath, ['test/fixtures/conformance/main.mjs', '--http', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const line = await new Promise<string>((done) => fixture.stderr!.once('data', (chunk) => done(String(chunk))));
  hanging = await startRecorder();
  const dead = hanging.url;
  await hanging.close();
  doors = await openDoors({
    upstreams: {
      web: { url: /http:\S+/.exec(line)![0] },
      child: { command: process.execPath, args: ['test/kernel/mcp/support/child.mjs'] },
      dead: { url: dead },
    },
  });
});
afterAll(async () => {
  await doors.stop();
  fixture.kill();
});
beforeEach(() => {
  doors.gate.calls.length = doors.gate.refusals.length = 0;
});

const legacy = async (path = '') => {
  const client = new ClientV1({ name: 'test', version: '1' }, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'm',
    role: 'assistant' as const,
    content: { type: 'text' as const, text: 'hello' },
  }));
  await client.connect(new TransportV1(new URL(`/mcp${path}`, doors.mcp)));
  return client;
};
const modern = async () => {
  const client = new ClientV2({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new TransportV2(doors.mcp));
  return client as unknown as ClientV1;
};

describe.each([
  ['legacy', legacy],
  ['modern', modern],
])('%s', (era, connect) => {
  test('lists everything under prefixes, and says what is missing', async () => {
    const client = await connect();
    const { tools, _meta } = await client.listTools();
    const parts = new Set(tools.map((tool) => tool.name.split('__')[0]));
    expect([...parts].sort()).toEqual(['child', 'web']);
    expect(_meta).toMatchObject({ 'com.gethelio/unavailable': ['dead'] });
    expect(client.getInstructions()).toContain('Not available now: dead.');
    const listed = doors.gate.calls
      .filter((incoming) => incoming.name === 'tools/list')
      .map((incoming) => incoming.upstream);
    expect(new Set(listed)).toEqual(new Set(era === 'legacy' ? ['child', 'web'] : ['child', 'dead', 'web']));
    await client.close();
  });

  test('calls reach the part under its own name, and are judged as that part’s', async () => {
    const client = await connect();
    const [web, child] = await Promise.all([
      client.callTool({ name: 'web__test_simple_text', arguments: {} }),
      client.callTool({ name: 'child__echo', arguments: { big: 1 } }),
    ]);
    expect(JSON.stringify(web)).toContain('simple text');
    expect(child).toMatchObject({ echoed: { big: 1 } });
    const seen = doors.gate.calls
      .filter((incoming) => incoming.kind === 'tool')
      .map(({ upstream, name }) => `${upstream}/${name}`);
    expect(seen.sort()).toEqual(['child/echo', 'web/test_simple_text']);
    await client.close();
  });

  test('resources, templates, prompts and completion find their part', async () => {
    const client = await connect();
    const { resources } = await client.listResources();
    const uri = resources.find((resource) => resource.uri === 'web+test://static-text')!.uri;
    expect((await client.readResource({ uri })).contents[0]).toMatchObject({ uri });
    expect((await client.listResourceTemplates()).resourceTemplates[0]!.uriTemplate).toMatch(/^web\+/);
    expect((await client.listPrompts()).prompts.every((prompt) => prompt.name.startsWith('web__'))).toBe(true);
    expect((await client.getPrompt({ name: 'web__test_simple_prompt' })).messages.length).toBeGreaterThan(0);
    const completed = await client.complete({
      ref: { type: 'ref/prompt', name: 'web__test_prompt_with_arguments' },
      argument: { name: 'arg1', value: 'par' },
    });
    expect(completed.completion.values).toContain('paris');
    await client.close();
  });

  test('progress comes with the client’s own token', async () => {
    const client = await connect();
    const seen: unknown[] = [];
    const options = { onprogress: (progress: unknown) => void seen.push(progress) };
    const params = { name: 'web__test_tool_with_progress', arguments: {} };
    if (client instanceof ClientV1) await client.callTool(params, undefined, options);
    else await (client as unknown as ClientV2).callTool(params, options);
    expect(seen.length).toBeGreaterThan(1);
    await client.close();
  });

  test.each(['test_simple_text', 'none__echo', 'web__', 'webtest_simple_text', '__echo'])(
    'the name %j is nobody’s',
    async (name) => {
      const client = await connect();
      await expect(client.callTool({ name, arguments: {} })).rejects.toThrow(/Unknown tool|must be|not found/i);
      await client.close();
    },
  );
});

test('legacy: a server asks the client, and its answer finds back', async () => {
  const client = await legacy();
  expect(JSON.stringify(await client.callTool({ name: 'web__test_sampling', arguments: { prompt: 'x' } }))).toContain(
    'hello',
  );
  await client.close();
});

test('legacy: the arrival tells one session for all parts, so that evidence of one serves the other', async () => {
  const client = await legacy();
  await client.callTool({ name: 'web__test_simple_text', arguments: {} });
  await client.callTool({ name: 'child__echo', arguments: {} });
  const sessions = doors.gate.calls
    .filter((incoming) => incoming.kind === 'tool')
    .map((incoming) => incoming.arrival.mcpSession);
  expect(new Set(sessions).size).toBe(1);
  expect(sessions[0]).toBe((client.transport as TransportV1).sessionId);
  await client.close();
});

test('each part alone at /mcp/NAME, without a prefix', async () => {
  const client = await legacy('/child');
  expect((await client.listTools()).tools.map((tool) => tool.name)).toContain('echo');
  expect(await client.callTool({ name: 'echo', arguments: { a: 1 } })).toMatchObject({ echoed: { a: 1 } });
  await client.close();
});

test('a part that is down is a sentence, and is on record', async () => {
  const client = await legacy();
  await expect(client.callTool({ name: 'dead__x', arguments: {} })).rejects.toThrow(/dead is not available/);
  expect(doors.gate.refusals[0]).toMatchObject({ code: 'upstream_unavailable', name: 'dead__x' });
  await client.close();
});

test('batches, repeated keys and calls without an id are refused here too', async () => {
  expect((await send(doors.mcp, `[${call('web__x')}]`)).status).toBe(400);
  expect(
    (await send(doors.mcp, '{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":{"name":"web__x"}}')).status,
  ).toBe(400);
  expect((await send(doors.mcp, '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"web__x"}}')).status).toBe(
    202,
  );
  expect((await send(doors.mcp, call('web__x'), { 'mcp-name': 'child__echo' })).status).toBe(400);
  expect(doors.gate.refusals.map((refusal) => refusal.code)).toEqual([
    'batch',
    'duplicate_key',
    'no_id',
    'header_mismatch',
  ]);
  expect(doors.gate.calls).toEqual([]);
});
