/** Long and large streams through the real Helio: nothing is buffered, nobody holds up another, memory stays bounded. */
import { readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowAll, post, startHelio, toolCall, type Helio } from '../fixtures/helio.ts';
import { startStreamingUpstream, type StreamingUpstream } from '../fixtures/streaming-upstream.ts';

const eventually = { timeout: 15_000, interval: 50 };
const MB = 1024 * 1024;

/** Resident memory in bytes (proc(5): VmRSS). */
const memoryOf = ({ pid }: Helio): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;

/** Reads on until the text holds `part`. */
function until(response: IncomingMessage, part: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const take = (chunk: Buffer) => {
      text += chunk.toString();
      if (!text.includes(part)) return;
      response.off('data', take);
      resolve(text);
    };
    response.on('data', take);
    response.once('end', () => reject(new Error(`ended without ${part}`)));
  });
}

async function countBytes(response: IncomingMessage, seen: (bytes: number) => void = () => {}): Promise<number> {
  let bytes = 0;
  for await (const chunk of response) seen((bytes += (chunk as Buffer).length));
  return bytes;
}

describe.each(['alone', 'merged with another'])('an upstream %s', (how) => {
  let upstream: StreamingUpstream;
  let other: StreamingUpstream;
  let helio: Helio;
  let session: Record<string, string>;
  const isMerged = how !== 'alone';
  const tool = (name: string) => (isMerged ? `up__${name}` : name);
  const call = (name: string, args: object = {}) => post(helio.mcp, toolCall(tool(name), args), session);
  /** Its answer is not read yet. */
  const begin = (name: string, args: object = {}) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...session,
      };
      const sent = request(helio.mcp, { method: 'POST', headers, agent: false }, resolve);
      sent.on('error', reject);
      sent.end(JSON.stringify(toolCall(tool(name), args)));
    });

  beforeAll(async () => {
    upstream = await startStreamingUpstream();
    other = await startStreamingUpstream();
    const one = allowAll(`{ url: '${upstream.url}' }`);
    const both = one.replace(
      /^upstream: .*$/m,
      `upstreams: { up: { url: '${upstream.url}' }, other: { url: '${other.url}' } }`,
    );
    helio = await startHelio(isMerged ? both : one);
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const opened = await post(helio.mcp, { jsonrpc: '2.0', id: 0, method: 'initialize', params });
    session = { 'mcp-session-id': opened.headers.get('mcp-session-id')! };
  });
  afterAll(async () => {
    await helio.stop();
    await upstream.stop();
    await other.stop();
  });

  it('is heard event by event: each reaches the client before the next is written', async () => {
    const response = await begin('script');
    expect(response.headers['content-type']).toBe('text/event-stream');
    for (let n = 0; n < 5; n++) {
      upstream.write(`data: {"jsonrpc":"2.0","method":"notifications/message","params":{"n":${n}}}\n\n`);
      await until(response, `"n":${n}`);
    }
    response.destroy();
    await expect.poll(upstream.open, eventually).toBe(0);
  });

  it('may say 150 MB without Helio holding them', async () => {
    await countBytes(await begin('flood', { count: 200, bytes: 64 * 1024 })); // what a first stream costs once
    const before = memoryOf(helio);
    let most = 0;
    const bytes = await countBytes(await begin('flood', { count: 2_400, bytes: 64 * 1024 }), () => {
      most = Math.max(most, memoryOf(helio));
    });
    expect(bytes).toBeGreaterThan(150 * MB);
    expect((most - before) / MB).toBeLessThan(50);
  });

  it('is slowed down by a client that does not read, holds up nobody else, and loses nothing', async () => {
    const before = { flooded: upstream.flooded(), memory: memoryOf(helio) };
    const response = await begin('flood', { count: 1_600, bytes: 64 * 1024 });
    const written = () => upstream.flooded() - before.flooded;
    let last = -1;
    await expect
      .poll(
        () => {
          const isStill = written() === last && last > 0;
          last = written();
          return isStill;
        },
        { ...eventually, interval: 500 },
      )
      .toBe(true);
    expect(written()).toBeLessThan(40 * MB);
    expect((memoryOf(helio) - before.memory) / MB).toBeLessThan(50);
    const echoed = await call('echo', { n: 1 });
    expect(JSON.parse(echoed.json.result.content[0].text).args).toEqual({ n: 1 });
    expect(await countBytes(response)).toBeGreaterThan(100 * MB);
    expect(written()).toBeGreaterThan(100 * MB);
  });

  it('may answer with one text of 50 MB, while others are served', async () => {
    const whole = begin('whole', { bytes: 50 * MB }).then((response) => countBytes(response));
    expect((await call('echo', { n: 2 })).status).toBe(200);
    expect(await whole).toBeGreaterThan(50 * MB);
  });

  it('is let go of by a client that leaves in the middle', async () => {
    const response = await begin('flood', { count: 100_000, bytes: 64 * 1024 });
    await until(response, 'xxxx');
    response.destroy();
    await expect.poll(upstream.open, eventually).toBe(0);
  });
});
