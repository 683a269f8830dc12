/** The stdio door: official clients on pipes, in front of every transport. */
import { spawn, type ChildProcess } from 'node:child_process';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createErrorDoor, createStdioDoor } from '../../../kernel/mcp/doors/stdio.ts';
import { openDoors, quiet, type TestDoors } from './support/doors.ts';
import { pipeTransport } from './support/pipe-transport.ts';

let fixture: ChildProcess;
const doors: { [transport: string]: TestDoors } = {};
beforeAll(async () => {
  fixture = spawn(process.execPath, ['test/fixtures/conformance/main.mjs', '--http', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const line = await new Promise<string>((done) => fixture.stderr!.once('data', (chunk) => done(String(chunk))));
  doors['http'] = await openDoors({ url: /http:\S+/.exec(line)![0] });
  doors['stdio'] = await openDoors({ command: process.execPath, args: ['test/fixtures/conformance/main.mjs'] });
});
afterAll(async () => {
  for (const open of Object.values(doors)) await open.stop();
  fixture?.kill();
});

function door(transport: string) {
  const pipe = pipeTransport();
  const { relay, upstream } = doors[transport]!;
  const opened = createStdioDoor({
    relay,
    upstream: () => upstream()!,
    input: pipe.input,
    output: pipe.output,
    log: quiet,
    messageLimitBytes: 1e6,
  });
  return { pipe, ...opened };
}

describe.each(['http', 'stdio'])('in front of an upstream over %s', (transport) => {
  test.each(['v1', 'v2 legacy', 'v2 modern'])('%s lists, calls with progress, and ends', async (kind) => {
    const { pipe, closed } = door(transport);
    const self = { name: 'test', version: '1' };
    const client =
      kind === 'v1'
        ? new ClientV1(self)
        : new ClientV2(self, kind === 'v2 modern' ? { versionNegotiation: { mode: 'auto' } } : {});
    await client.connect(pipe as never);
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
    const seen: unknown[] = [];
    const params = { name: 'test_tool_with_progress', arguments: {} };
    const options = { onprogress: (progress: unknown) => void seen.push(progress) };
    if (client instanceof ClientV1) await client.callTool(params, undefined, options);
    else await client.callTool(params, options);
    expect(seen.length).toBeGreaterThan(1);
    const { gate } = doors[transport]!;
    const { arrival } = gate.calls.at(-1)!;
    expect(arrival).toMatchObject({
      door: 'stdio',
      peer: 'stdio',
      era: kind === 'v2 modern' ? 'modern' : 'legacy',
      client: self,
    });
    expect(arrival.mcpSession).toBeTruthy();
    await client.close();
    await closed;
  });

  test('the server asks the client, and gets its answer', async () => {
    const { pipe, closed } = door(transport);
    const client = new ClientV1({ name: 'test', version: '1' }, { capabilities: { sampling: {} } });
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      model: 'm',
      role: 'assistant' as const,
      content: { type: 'text' as const, text: 'hello' },
    }));
    await client.connect(pipe as never);
    const answer = await client.callTool({ name: 'test_sampling', arguments: { prompt: 'x' } });
    expect(JSON.stringify(answer)).toContain('hello');
    await client.close();
    await closed;
  });

  test('a batch, a repeated key and a call without an id are refused', async () => {
    const { pipe, closed } = door(transport);
    await pipe.start();
    const { gate } = doors[transport]!;
    gate.refusals.length = gate.calls.length = 0;
    pipe.input.write('[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}]\n');
    pipe.input.write('{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":{"name":"x"}}\r\n\n');
    pipe.input.write('{"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}}\n');
    await expect.poll(() => gate.refusals.map((refusal) => refusal.code)).toEqual(['batch', 'duplicate_key', 'no_id']);
    await expect.poll(() => pipe.lines.length).toBe(2);
    for (const line of pipe.lines) expect(JSON.parse(line)).toMatchObject({ id: null, error: { code: -32600 } });
    expect(gate.calls).toEqual([]);
    pipe.input.end();
    await closed;
  });
});

test('with a config that cannot be used, every request is answered with the reason', async () => {
  const pipe = pipeTransport();
  await pipe.start();
  const opened = createErrorDoor(pipe.input, pipe.output, 'helio.yaml:3:7 unknown action');
  pipe.input.write('{"jsonrpc":"2.0","id":"a","method":"initialize","params":{}}\n{"jsonrpc":"2.0","method":"x"}\n');
  await expect.poll(() => pipe.lines.length).toBe(1);
  expect(JSON.parse(pipe.lines[0]!)).toMatchObject({ id: 'a', error: { message: 'helio.yaml:3:7 unknown action' } });
  pipe.input.end();
  await opened.closed;
});
