/** The event stream's promises: in order, from where a reader was, and never more memory than one buffer per reader. */
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { LiveRow } from '../row.ts';
import { createStream, type Stream } from '../stream.ts';

const row = (seq: number, kind = 'call', more: Partial<LiveRow> = {}): LiveRow =>
  ({ seq, id: `id-${seq}`, kind, tool: 'echo', arguments_line: null, ...more }) as LiveRow;

const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

async function serve(stream: Stream, since?: Parameters<Stream['open']>[2]) {
  const server = createServer((request, response) => {
    const last = new URL(request.url!, 'http://x').searchParams.get('last');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    void stream.open(response, last === null ? undefined : Number(last), since);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  stops.push(() => {
    stream.close();
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

interface Seen {
  readonly events: { id?: string; type: string; data: any }[];
  readonly response: IncomingMessage;
}
function read(url: string): Promise<Seen> {
  return new Promise((done, fail) => {
    const sent = get(url, (response) => {
      const events: Seen['events'] = [];
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const blocks = text.split('\n\n');
        text = blocks.pop()!;
        for (const block of blocks) {
          const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
          const id = field('id');
          if (field('event') !== undefined)
            events.push({ ...(id !== undefined && { id }), type: field('event')!, data: JSON.parse(field('data')!) });
        }
      });
      done({ events, response });
    });
    sent.on('error', fail);
    stops.push(() => sent.destroy());
  });
}
const rowsOf = ({ events }: Seen): number[] =>
  events.filter(({ type }) => type === 'call').flatMap(({ data }) => data.rows.map(({ seq }: LiveRow) => seq));

describe('the event stream', () => {
  it('sends rows in order under the id of the last one', async () => {
    const stream = createStream();
    const seen = await read(await serve(stream));
    await expect.poll(() => seen.events.length).toBeGreaterThan(0); // the first heartbeat
    stream.rows([row(1), row(2)]);
    stream.rows([row(3)]);
    await expect.poll(() => rowsOf(seen)).toEqual([1, 2, 3]);
    expect(seen.events.at(-1)!.id).toBe('3');
  });

  it('tells what an approval, a budget, a reload and a drifted tool mean to the pages', async () => {
    const stream = createStream();
    const seen = await read(await serve(stream));
    await expect.poll(() => seen.events.length).toBeGreaterThan(0);
    stream.rows([row(1, 'approval_requested'), row(2, 'budget_adjusted'), row(3, 'reload'), row(4, 'tool_drift')]);
    await expect
      .poll(() => seen.events.map(({ type }) => type))
      .toEqual(['heartbeat', 'call', 'approval', 'budget', 'config', 'plugin']);
  });

  it('goes on where a reader was, without a gap and without a row twice', async () => {
    const stream = createStream();
    let answer: (value: { rows: LiveRow[]; resync: boolean }) => void = () => undefined;
    const url = await serve(stream, () => new Promise((done) => (answer = done)));
    const seen = await read(`${url}?last=4`);
    await expect.poll(() => seen.events.length).toBeGreaterThan(0);
    stream.rows([row(6), row(7)]); // arrives while the store is still asked
    await new Promise((done) => setTimeout(done, 150));
    answer({ rows: [row(5), row(6)], resync: false });
    await expect.poll(() => rowsOf(seen)).toEqual([5, 6, 7]);
  });

  it('asks the page to read again when too much was missed', async () => {
    const stream = createStream();
    const url = await serve(stream, async () => ({ rows: [], resync: true }));
    const seen = await read(`${url}?last=1`);
    await expect.poll(() => seen.events.map(({ type }) => type)).toContain('resync');
  });

  it('counts what comes too fast instead of sending it, but never loses an approval', async () => {
    const stream = createStream();
    const seen = await read(await serve(stream));
    await expect.poll(() => seen.events.length).toBeGreaterThan(0);
    stream.rows([row(1, 'approval_requested'), ...Array.from({ length: 2_000 }, (_, index) => row(index + 2))]);
    await expect.poll(() => seen.events.some(({ type }) => type === 'approval')).toBe(true);
    const { rows, skipped } = seen.events.find(({ type }) => type === 'call')!.data as {
      rows: LiveRow[];
      skipped: number;
    };
    expect(rows.length + skipped).toBe(2_001);
    expect(rows.length).toBeLessThanOrEqual(201);
    expect(rows.at(-1)!.seq).toBe(2_001);
  });

  it('stops sending to a reader that stops reading, and lets it read again when it comes back', async () => {
    const stream = createStream();
    const url = await serve(stream);
    const seen = await read(url);
    await expect.poll(() => seen.events.length).toBeGreaterThan(0);
    seen.response.pause();
    const long = 'x'.repeat(20_000);
    for (let seq = 1; seq <= 40; seq++) {
      stream.rows(Array.from({ length: 20 }, (_, index) => row(seq * 100 + index, 'call', { arguments_line: long })));
      await new Promise((done) => setTimeout(done, 105));
    }
    seen.response.resume();
    await expect.poll(() => seen.events.map(({ type }) => type), { timeout: 10_000 }).toContain('resync');
    // Sixteen megabytes were offered; what was kept for the reader is bounded by its buffer and the socket's.
    const sent = rowsOf(seen).length * long.length;
    expect(sent).toBeLessThan(12 * 1024 * 1024);
  });

  it('takes no more than a hundred readers', async () => {
    const stream = createStream();
    const url = await serve(stream);
    await Promise.all(Array.from({ length: 100 }, () => read(url)));
    let refused = false;
    const server = createServer(async (_request, response) => {
      refused = !(await stream.open(response, undefined, undefined));
      response.end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    stops.push(() => server.close());
    await read(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await expect.poll(() => refused).toBe(true);
  });
});
