/** A call that waits for a person keeps its client alive. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { resultAnswer } from '../../../kernel/answer.ts';
import type { Incoming } from '../../../kernel/mcp/incoming.ts';
import { openDoors, type TestDoors } from './support/doors.ts';
import { echo, startRecorder, type Recorder } from './support/recorder.ts';
import { openStream, send } from './support/wire.ts';

let upstream: Recorder;
let doors: TestDoors;
let decide: () => void;
beforeAll(async () => {
  upstream = await startRecorder();
  doors = await openDoors({ url: upstream.url });
});
afterAll(async () => {
  await doors.stop();
  await upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.respond = echo;
  const decided = new Promise<void>((done) => (decide = done));
  doors.gate.judge = async (incoming: Incoming) => {
    incoming.waiting('waiting for approval apr_1');
    await decided;
    return undefined;
  };
});

const held = (token?: unknown) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 'h',
    method: 'tools/call',
    params: { name: 'echo', arguments: {}, ...(token !== undefined && { _meta: { progressToken: token } }) },
  });
const events = (text: string) =>
  [...text.matchAll(/^data: (.*)$/gm)].map(
    (line) =>
      JSON.parse(line[1]!) as { id?: unknown; params?: { progressToken: unknown; progress: number; message?: string } },
  );

test.each([0, 7, 'seven', 1.5])(
  'progress goes out under the exact token %j, and the upstream’s own counts on above it',
  async (token) => {
    upstream.respond = (_request, response) => {
      const progress = (n: number) =>
        `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: token, progress: n, total: 2 } })}\n\n`;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`${progress(1)}${progress(2)}data: {"jsonrpc":"2.0","id":"h","result":{"content":[]}}\n\n`);
    };
    const client = await openStream(doors.mcp, held(token));
    await client.until('apr_1');
    expect(client.status).toBe(200);
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no',
      'cache-control': 'no-cache, no-transform',
    });
    expect(upstream.requests).toEqual([]);
    decide();
    await client.ended;
    const told = events(client.text());
    expect(told.map((message) => message.params?.progress)).toEqual([1, 2, 3, undefined]);
    for (const message of told.slice(0, 3)) expect(message.params!.progressToken).toBe(token);
    expect(told.at(-1)).toMatchObject({ id: 'h', result: { content: [] } });
  },
);

test('without a token a comment, and no event id of Helio’s own', async () => {
  const client = await openStream(doors.mcp, held());
  await client.until(': waiting');
  decide();
  await client.ended;
  expect(client.text()).not.toMatch(/^id:/m);
  expect(events(client.text())).toHaveLength(1);
});

test('an upstream’s 401 can no longer be a status: it is told in the stream, under the caller’s id', async () => {
  upstream.respond = (_request, response) => void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end('no');
  const client = await openStream(doors.mcp, held());
  await client.until(': waiting');
  decide();
  await client.ended;
  expect(events(client.text())).toMatchObject([
    { jsonrpc: '2.0', id: 'h', error: { code: -32603, data: { status: 401 } } },
  ]);
});

test('a decision within the grace keeps the plain answer', async () => {
  decide();
  const answer = await send(doors.mcp, held(1));
  expect(answer.headers['content-type']).toBe('application/json');
});

test('a client that cannot read streams waits for its plain answer', async () => {
  const answer = send(doors.mcp, held(1), { accept: 'application/json' });
  await expect.poll(() => doors.gate.calls.length).toBeGreaterThan(0);
  await new Promise((done) => setTimeout(done, 1_800));
  decide();
  expect((await answer).headers['content-type']).toBe('application/json');
});

test('a refusal after the wait is told in the stream', async () => {
  const judge = doors.gate.judge!;
  doors.gate.judge = async (incoming) => {
    await judge(incoming);
    return { kind: 'answer', answer: resultAnswer({ content: [], isError: true }) };
  };
  const client = await openStream(doors.mcp, held());
  await client.until(': waiting');
  decide();
  await client.ended;
  expect(events(client.text())).toEqual([{ jsonrpc: '2.0', id: 'h', result: { content: [], isError: true } }]);
  expect(upstream.requests).toEqual([]);
});
