/** A client on pipes cannot open a session anew: when the upstream forgets it, or ends a stream, the door does. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createStdioDoor } from '../../../kernel/mcp/doors/stdio.ts';
import { openDoors, quiet, type TestDoors } from './support/doors.ts';
import { pipeTransport, type PipeTransport } from './support/pipe-transport.ts';
import { startStateful, type Stateful } from './support/stateful.ts';

let upstream: Stateful;
let doors: TestDoors;
let pipe: PipeTransport;
let closed: Promise<void>;
let nextId = 0;
const eventually = { timeout: 8_000, interval: 20 };

beforeEach(async () => {
  upstream = await startStateful();
  doors = await openDoors({ url: upstream.url });
  pipe = pipeTransport();
  await pipe.start();
  const { relay } = doors;
  const opened = createStdioDoor({
    relay,
    upstream: () => doors.upstream()!,
    input: pipe.input,
    output: pipe.output,
    log: quiet,
    messageLimitBytes: 1e6,
  });
  closed = opened.closed;
  await ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } });
  say({ method: 'notifications/initialized' });
  await expect.poll(() => upstream.streams.size, eventually).toBe(1);
});
afterEach(async () => {
  pipe.input.end();
  await closed;
  await doors.stop();
  await upstream.close();
});

const messages = () => pipe.lines.map((line) => JSON.parse(line));
const say = (message: object) => void pipe.input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
async function ask(method: string, params: object = {}): Promise<any> {
  const id = ++nextId;
  say({ id, method, params });
  await expect.poll(() => messages().some((message) => message.id === id), eventually).toBe(true);
  return messages().find((message) => message.id === id);
}
const echo = (n: number) => ask('tools/call', { name: 'echo', arguments: { n } });

test('a forgotten session is opened again, once, and what was refused is sent again in it', async () => {
  expect((await echo(0)).result).toEqual({ content: [], echoed: { n: 0 }, session: 'stateful-1' });
  await ask('logging/setLevel', { level: 'warning' });
  await ask('resources/subscribe', { uri: 'x://kept' });
  await ask('resources/subscribe', { uri: 'x://dropped' });
  await ask('resources/unsubscribe', { uri: 'x://dropped' });
  upstream.forget();
  const before = upstream.asked.length;
  const answers = await Promise.all([1, 2, 3, 4, 5].map(echo));
  answers.forEach(({ result }, at) =>
    expect(result).toEqual({ content: [], echoed: { n: at + 1 }, session: 'stateful-2' }),
  );
  const since = upstream.asked.slice(before).filter(({ session }) => session !== 'stateful-1');
  expect(since.filter(({ method }) => method === 'initialize')).toHaveLength(1);
  expect(
    since
      .filter(({ method }) => /initialized|setLevel|subscribe/.test(method ?? ''))
      .map(({ method, params }) => [method, params?.uri ?? params?.level]),
  ).toEqual([
    ['notifications/initialized', undefined],
    ['logging/setLevel', 'warning'],
    ['resources/subscribe', 'x://kept'],
  ]);
  // The client saw one handshake, and nothing that it did not ask for.
  expect(messages().filter(({ result }) => result?.serverInfo)).toHaveLength(1);
  expect(new Set(messages().map(({ id }) => id)).size).toBe(messages().length);
});

test('what the server says of itself arrives in the new session too', async () => {
  upstream.forget();
  await echo(1);
  await expect.poll(() => [...upstream.streams.keys()], eventually).toEqual(['stateful-2']);
  upstream.tell({ method: 'notifications/tools/list_changed' });
  await expect.poll(() => messages().at(-1), eventually).toMatchObject({ method: 'notifications/tools/list_changed' });
});

test('a quiet client keeps its stream: one that ends is opened again where it broke off', async () => {
  upstream.tell({ method: 'notifications/message', params: { level: 'info', data: 1 } }, 'e7');
  await expect.poll(() => messages().at(-1)?.params, eventually).toEqual({ level: 'info', data: 1 });
  for (const stream of upstream.streams.values()) stream.end();
  await expect
    .poll(() => upstream.asked.at(-1), eventually)
    .toMatchObject({ verb: 'GET', lastEventId: 'e7', session: 'stateful-1' });
  await expect.poll(() => upstream.streams.size, eventually).toBe(1);
  upstream.tell({ method: 'notifications/message', params: { level: 'info', data: 2 } });
  await expect.poll(() => messages().at(-1)?.params, eventually).toEqual({ level: 'info', data: 2 });
});

test('an answer that the server gives on a later stream is fetched there (SEP-1699)', async () => {
  const answer = await ask('tools/call', { name: 'poll', arguments: {} });
  expect(answer.result).toEqual({ content: [], polled: 'stateful-1' });
  expect(messages().filter(({ id }) => id === answer.id)).toHaveLength(1);
  expect(doors.gate.landings.at(-1)).toMatchObject({ kind: 'answer', acted: true });
});

test('a session that cannot be opened again is told as the upstream told it, and is tried again later', async () => {
  upstream.forget();
  // Whatever it opens now it forgets at once.
  const { sessions } = upstream;
  sessions.add = () => sessions;
  expect((await echo(1)).error).toMatchObject({ code: -32001, message: 'Session not found', data: { status: 404 } });
  sessions.add = Set.prototype.add;
  await expect.poll(async () => (await echo(2)).result?.echoed, eventually).toEqual({ n: 2 });
  // It was asked again when there was a reason to, not all the time.
  expect(upstream.asked.filter(({ method }) => method === 'initialize').length).toBeLessThan(8);
});
