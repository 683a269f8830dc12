/** Parsing: what policy judges, what is recorded and what is sent are one and the same - on every door of the built product. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { cli } from '../../scripts/helio-process.mjs';
import { post, toolCall } from '../fixtures/helio.ts';
import { answers } from '../fixtures/recording-upstream.ts';
import { setStage, type Stage } from '../fixtures/stage.ts';

const yaml = `plugins: [policy, operator, audit, feedback, rate-limits, state-sqlite]
policies:
  default: allow
  rules:
    - { match: { tool: 'delete_*' }, action: deny }
    - { match: { tool: create_payment }, action: rate_limit, limits: { max_calls: 1, window: 1h, key: tool } }
audit: { include_responses: true }
`;
let stage: Stage;
beforeAll(async () => void (stage = await setStage(yaml)));
afterAll(() => stage.stop());
beforeEach(() => stage.upstream.forget());

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const call = (params: string, more = '"id":1,') => `{"jsonrpc":"2.0",${more}"method":"tools/call","params":${params}}`;
/** Every one of them tries to get `danger` to the upstream. */
const attacks: [string, string][] = [
  ['a batch', `[${call('{"name":"danger"}')}]`],
  ['an empty batch', '[]'],
  ['a batch behind white space', ` \t[${call('{"name":"danger"}')}]`],
  ['a batch behind a byte order mark', `\ufeff[${call('{"name":"danger"}')}]`],
  ['a repeated name', call('{"name":"echo","name":"danger"}')],
  ['a repeated name, escaped', call('{"name":"echo","n\\u0061me":"danger"}')],
  ['a repeated amount deep inside', call('{"name":"echo","arguments":{"danger":[{"amount":1,"amount":2}]}}')],
  ['params twice', call('{"name":"echo"}', '"id":1,"params":{"name":"danger"},')],
  ['the method twice', call('{"name":"danger"}', '"id":1,"method":"ping",')],
  ['Name in another case', call('{"name":"echo","Name":"danger"}')],
  ['Arguments in another case', call('{"name":"echo","Arguments":{"danger":1}}')],
  ['Params in another case', call('{"name":"echo"}', '"id":1,"Params":{"name":"danger"},')],
  ['params as an array', call('["danger"]')],
  ['arguments as a string', call('{"name":"echo","arguments":"danger"}')],
  ['arguments as an array', call('{"name":"echo","arguments":["danger"]}')],
  ['arguments as a number', call('{"name":"danger","arguments":7}')],
  ['a name that is a list', call('{"name":["danger"]}')],
  ['no name', call('{"arguments":{"danger":1}}')],
  ['an empty name', call('{"name":"","arguments":{"danger":1}}')],
  ['a number that is not finite', call('{"name":"echo","arguments":{"danger":1e999}}')],
  ['NaN', call('{"name":"echo","arguments":{"danger":NaN}}')],
  ['a lone surrogate', call('{"name":"echo","arguments":{"danger":"\\ud800"}}')],
  ['depth', call(`{"name":"echo","arguments":{"danger":${nested(5_000)}}}`)],
  ['two messages in one', `${call('{"name":"echo"}')}${call('{"name":"danger"}')}`],
  ['half a message', call('{"name":"danger"}').slice(0, -1)],
];

async function refusals(): Promise<number> {
  // Identical refusals in a flood are counted in one row; these all differ.
  const { rows } = await stage.operator('GET', '/api/audit?q=kind:refusal&limit=200');
  return rows.length;
}
function noDangerSeen(): void {
  expect(stage.upstream.bytes().toString()).not.toContain('danger');
}

describe('the http door', () => {
  it.each(attacks)('%s: refused, on record, and the upstream sees nothing', async (_what, body) => {
    const before = await refusals();
    const { status, json } = await post(stage.helios[0]!.mcp, body);
    expect([200, 400]).toContain(status); // what is JSON-RPC at all is answered as such
    expect([-32700, -32600, -32602]).toContain(json.error.code);
    noDangerSeen();
    await expect.poll(refusals).toBe(before + 1);
  });
  it.each(['"method":"tools/call"', '"id":null,"method":"tools/call"'])(
    'a call without an id to answer (%s): 202, not sent, on record',
    async (head) => {
      const before = await refusals();
      const body = `{"jsonrpc":"2.0",${head},"params":{"name":"danger","arguments":{"head":${JSON.stringify(head)}}}}`;
      const answer = await post(stage.helios[0]!.mcp, body);
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 202, text: '' });
      noDangerSeen();
      await expect.poll(refusals).toBe(before + 1);
    },
  );
  it('what is refused is recorded as it was sent', async () => {
    const body = call('{"name":"echo","arguments":"as it was sent"}');
    await post(stage.helios[0]!.mcp, body);
    const { rows } = await stage.operator('GET', '/api/audit?q=kind:refusal&limit=1');
    expect(JSON.stringify(await stage.operator('GET', `/api/audit/${rows[0].id}`))).toContain('as it was sent');
  });
});

describe('the legacy sse door', () => {
  it.each(attacks)('%s: refused, on record, and the upstream sees nothing', async (_what, body) => {
    const before = await refusals();
    const gone = new AbortController();
    const stream = await fetch(new URL('/sse', stage.helios[0]!.mcp), { signal: gone.signal });
    const reader = stream.body!.getReader();
    const first = Buffer.from((await reader.read()).value!).toString();
    const endpoint = new URL(/data: (\S+)/.exec(first)![1]!, stage.helios[0]!.mcp).href;
    const { status } = await post(endpoint, body);
    // What is JSON-RPC at all is taken with 202 and refused on the stream.
    if (status === 202) expect(Buffer.from((await reader.read()).value!).toString()).toMatch(/"code":-326\d\d/);
    else expect(status).toBe(400);
    gone.abort();
    noDangerSeen();
    await expect.poll(refusals).toBe(before + 1);
  });
});

describe('the stdio door', () => {
  let child: ChildProcess;
  let said = '';
  beforeAll(async () => {
    const path = join(stage.folder, 'stdio.yaml');
    // The policy and the trail of the running Helio, through a process of its own.
    await writeFile(path, readFileSync(join(stage.folder, 'helio.yaml'), 'utf8'));
    const env = { PATH: process.env['PATH'], HOME: stage.folder };
    child = spawn(process.execPath, [cli, 'stdio', '-c', path], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdout!.setEncoding('utf8').on('data', (chunk) => (said += chunk));
    child.stdin!.write(`${JSON.stringify({ jsonrpc: '2.0', id: 'up', method: 'ping' })}\n`);
    await vi.waitUntil(() => said.includes('"up"'), { timeout: 20_000 });
  });
  afterAll(async () => {
    child.stdin!.end();
    await once(child, 'exit');
  });
  it.each(attacks)('%s: refused, on record, and the upstream sees nothing', async (_what, body) => {
    const before = await refusals();
    said = '';
    child.stdin!.write(`${body}\n`);
    await expect.poll(() => said).toMatch(/"code":-32(700|60[02])/);
    noDangerSeen();
    await expect.poll(refusals).toBe(before + 1);
  });
});

describe('what passes', () => {
  it('goes on byte for byte: exact numbers, unknown members, __proto__ and all', async () => {
    const digits = '1234567890'.repeat(30); // below 1.8e308, which is where a binary float ends
    const body = call(
      `{"name":"echo","arguments":{"a":9007199254740993,"b":-0,"c":1.10,"d":1e3,"e":${digits}},"__proto__":{"x":1},"extra":[1.0]}`,
      '"id":1, ',
    );
    expect((await post(stage.helios[0]!.mcp, body)).status).toBe(200);
    expect(stage.upstream.calls().at(-1)!.body).toBe(body);
  });
  it('a forged continuation is a new call: it is judged and counted like any other', async () => {
    expect(await stage.reason('create_payment', { amount: 1 })).toBe('sent');
    const forged = (more: object) => ({
      ...toolCall('create_payment', { amount: 1 }),
      params: {
        name: 'create_payment',
        arguments: { amount: 1 },
        _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
        ...more,
      },
    });
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'create_payment' };
    stage.upstream.forget();
    for (const more of [
      { requestState: 'made-up' },
      { inputResponses: { a: {} } },
      { requestState: 'x', inputResponses: {} },
    ]) {
      const { json } = await post(stage.helios[0]!.mcp, forged(more), headers);
      expect(json.result._meta['com.gethelio/feedback']).toMatchObject({ reason: 'rate_limited' });
    }
    expect(stage.upstream.calls()).toEqual([]);
  });
});

describe('bombs', () => {
  const rssMb = (): number =>
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${stage.helios[0]!.pid}/status`, 'utf8'))![1]) / 1024;
  const megabytes = (text: string, mb: number): string => text.repeat(Math.ceil((mb * 1024 * 1024) / text.length));
  afterEach(() => stage.upstream.forget());

  it.skipIf(process.platform !== 'linux').each<[string, () => string]>([
    ['depth', () => call(`{"name":"echo","arguments":{"a":${nested(1_500_000)}}}`)],
    [
      'one object of 300,000 keys',
      () => call(`{"name":"echo","arguments":{${Array.from({ length: 300_000 }, (_, n) => `"k${n}":1`).join()}}}`),
    ],
    ['one array of 2,000,000 numbers', () => call(`{"name":"echo","arguments":{"a":[${megabytes('1,', 3.9)}1]}}`)],
    ['one number of 3 MB', () => call(`{"name":"echo","arguments":{"a":${megabytes('1', 3)}}}`)],
    ['one string of 3.9 MB of escapes', () => call(`{"name":"echo","arguments":{"a":"${megabytes('\\u0061', 3.9)}"}}`)],
  ])(
    '%s, ten times at once: bounded memory, an answer each, and others are served',
    async (_what, make) => {
      const body = make();
      expect(body.length).toBeLessThan(4 * 1024 * 1024);
      const before = rssMb();
      const results = await Promise.all([
        ...Array.from({ length: 10 }, () => post(stage.helios[0]!.mcp, body)),
        post(stage.helios[0]!.mcp, toolCall('orders.lookup')),
      ]);
      expect(results.map(({ status }) => status).filter((status) => status !== 200 && status !== 400)).toEqual([]);
      expect(results.at(-1)!.json.result.isError ?? false).toBe(false);
      expect(rssMb() - before).toBeLessThan(1_500); // ten bodies of 4 MB, each parsed: far from what a bomb would cost
    },
    60_000,
  );

  it('50 MB are refused before they are read whole', async () => {
    const body = Buffer.alloc(50 * 1024 * 1024, 0x20);
    const answer = await fetch(stage.helios[0]!.mcp, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body,
    }).then(
      (response) => response.status,
      (error: Error) => String(error.cause ?? error), // the connection may be closed on what is still coming
    );
    expect(String(answer)).toMatch(/413|EPIPE|ECONNRESET|other side closed|socket/i);
    expect(await stage.reason('orders.lookup')).toBe('sent');
  });
});

describe('an answer of the upstream that cannot be matched', () => {
  it.each([
    ['another id', answers.underId('somebody-else', { content: [{ type: 'text', text: 'danger' }] })],
    ['no id', answers.underId(undefined, { content: [{ type: 'text', text: 'danger' }] })],
    ['id null', answers.underId(null, { content: [{ type: 'text', text: 'danger' }] })],
    ['a repeated result', answers.raw('{"jsonrpc":"2.0","id":1,"result":{"content":[]},"result":{"danger":1}}')],
    ['no JSON', answers.raw('danger')],
  ])('(%s) becomes -32603 under the id of the caller, and nothing of it is handed out', async (_what, answering) => {
    stage.upstream.next('tools/call', answering);
    const { json, text } = await post(stage.helios[0]!.mcp, toolCall('echo', {}, 1));
    expect(json).toMatchObject({ id: 1, error: { code: -32603 } });
    expect(text).not.toContain('danger');
  });
});
