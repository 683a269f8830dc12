/** A thousand idle streams in bounded memory, the beat that keeps quiet ones open, and a hundred children at once. */
import { readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { allowAll, post, startHelio, toolCall, type Helio } from '../fixtures/helio.ts';
import { startStreamingUpstream } from '../fixtures/streaming-upstream.ts';
import { commands } from '../fixtures/upstreams.ts';

const eventually = { timeout: 60_000, interval: 100 };
const streams = 1_000;
const largestPerStreamBytes = 60_000;

const memoryOf = ({ pid }: Helio): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;

function get(url: string, headers: Record<string, string>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false }, resolve);
    sent.on('error', reject);
    sent.end();
  });
}

async function openSession(helio: Helio): Promise<Record<string, string>> {
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const opened = await post(helio.mcp, { jsonrpc: '2.0', id: 0, method: 'initialize', params });
  expect(opened.json.result.protocolVersion).toBe('2025-06-18');
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id')! };
  await post(helio.mcp, { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
  return session;
}

async function openMany(helio: Helio, count: number): Promise<IncomingMessage[]> {
  const open: IncomingMessage[] = [];
  for (let at = 0; at < count; at += 50) {
    const some = Array.from({ length: Math.min(50, count - at) }, async () => get(helio.mcp, await openSession(helio)));
    open.push(...(await Promise.all(some)));
  }
  for (const response of open) {
    expect(response.statusCode).toBe(200);
    response.on('error', () => {});
    response.resume();
  }
  return open;
}

describe.each(['one upstream', 'two upstreams merged'])('in front of %s', (how) => {
  it(`keeps ${streams} idle streams in less than ${largestPerStreamBytes / 1000} kB each, and frees them`, async () => {
    const [one, two] = [await startStreamingUpstream(), await startStreamingUpstream()];
    const alone = allowAll(`{ url: '${one.url}' }`);
    const merged = `upstreams: { one: { url: '${one.url}' }, two: { url: '${two.url}' } }`;
    const perClient = how === 'one upstream' ? 1 : 2;
    const helio = await startHelio(perClient === 1 ? alone : alone.replace(/^upstream: .*$/m, merged));
    const upstreamStreams = () => one.open() + two.open();
    try {
      const first = await openMany(helio, 200); // what sessions and pools cost once
      await expect.poll(upstreamStreams, eventually).toBe(200 * perClient);
      await sleep(1_000);
      const before = memoryOf(helio);
      const open = await openMany(helio, streams);
      await expect.poll(upstreamStreams, eventually).toBe((200 + streams) * perClient);
      await sleep(3_000); // the collector has its turn
      const perStream = (memoryOf(helio) - before) / streams;
      expect(perStream / perClient).toBeLessThan(largestPerStreamBytes);
      const tool = perClient === 1 ? 'echo' : 'one__echo';
      const called = await post(helio.mcp, toolCall(tool, { n: 1 }), await openSession(helio));
      expect(called.json.result.content[0].text).toContain('"n":1');
      for (const response of [...first, ...open]) response.destroy();
      await expect.poll(upstreamStreams, eventually).toBe(0);
    } finally {
      await helio.stop();
      await one.stop();
      await two.stop();
    }
  });
});

describe('a stream with nothing to say', () => {
  const { command, args } = commands.counting;
  const child = `{ command: ${JSON.stringify(command)}, args: ${JSON.stringify(args)} }`;
  it.each([
    ['a child', allowAll(child)],
    ['merged children', allowAll(child).replace(/^upstream: .*$/m, `upstreams: { a: ${child}, b: ${child} }`)],
  ])('of %s beats, so that nobody takes it for dead', async (_what, yaml) => {
    const helio = await startHelio(yaml);
    try {
      const stream = await get(helio.mcp, await openSession(helio));
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await expect.poll(() => text.match(/^: /gm)?.length ?? 0, eventually).toBeGreaterThan(1);
      expect(text.replace(/^: .*\n\n/gm, '')).toBe('');
      stream.destroy();
    } finally {
      await helio.stop();
    }
  });
});

it('a hundred sessions with a child each, and the same ids, never cross', async () => {
  const { command, args } = commands.counting;
  const helio = await startHelio(allowAll(`{ command: ${JSON.stringify(command)}, args: ${JSON.stringify(args)} }`));
  try {
    const sessions: Record<string, string>[] = [];
    for (let at = 0; at < 100; at += 10)
      sessions.push(...(await Promise.all(Array.from({ length: 10 }, () => openSession(helio)))));
    await Promise.all(
      sessions.flatMap((session, who) =>
        [1, '1', 2].map(async (id) => {
          const secret = `${who} ${typeof id} ${id} ${Math.random()}`;
          const { json } = await post(helio.mcp, toolCall('echo', { secret }, id), session);
          expect(json.id).toBe(id);
          expect(JSON.parse(json.result.content[0].text)).toEqual({ secret });
        }),
      ),
    );
    const pids = await Promise.all(
      sessions.map(async (session) => (await post(helio.mcp, toolCall('pid'), session)).json.result.content[0].text),
    );
    expect(new Set(pids).size).toBe(100);
  } finally {
    await helio.stop();
  }
});
