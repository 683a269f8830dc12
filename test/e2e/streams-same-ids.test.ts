/**
 * A hundred clients that use the same JSON-RPC ids at the same time, on every upstream transport: each gets its own
 * answers. Every client calls itself by a secret name and sends another secret with every call; both come back.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startDroppingSse } from '../fixtures/dropping-sse.ts';
import { allowAll, post, startHelio, type Helio } from '../fixtures/helio.ts';
import { startStreamingUpstream } from '../fixtures/streaming-upstream.ts';

const clients = 100;
const ids = [0, 1, '1', 'same', 7.5];
const child = fileURLToPath(new URL('../kernel/mcp/support/child.mjs', import.meta.url));

interface Started {
  readonly yaml: string;
  /** What the answer of one call must hold. */
  expected(client: string, secret: string): object;
  stop(): Promise<void>;
}
const text = (content: any) => JSON.parse(content[0].text);
const transports: Record<
  string,
  { readonly eras: readonly ('legacy' | 'modern')[]; start(): Promise<Started>; read(result: any): object }
> = {
  http: {
    eras: ['legacy', 'modern'],
    async start() {
      const { url, stop } = await startStreamingUpstream();
      return { yaml: `{ url: '${url}' }`, expected: (client, secret) => ({ client, args: { secret } }), stop };
    },
    read: ({ content }) => text(content),
  },
  sse: {
    eras: ['legacy'],
    async start() {
      const { url, stop } = await startDroppingSse();
      return { yaml: `{ url: '${url}', transport: sse }`, expected: (_client, secret) => ({ secret }), stop };
    },
    read: ({ content }) => text(content),
  },
  // A child per session leaves little to cross: see streams.long.test.ts for a hundred of them.
  stdio: {
    eras: ['modern'],
    start: () =>
      Promise.resolve({
        yaml: `{ command: ${JSON.stringify(process.execPath)}, args: [${JSON.stringify(child)}] }`,
        expected: (_client, secret) => ({ secret }),
        stop: () => Promise.resolve(),
      }),
    read: ({ echoed }) => echoed,
  },
};

async function headersOf(helio: Helio, era: 'legacy' | 'modern', name: string): Promise<Record<string, string>> {
  if (era === 'modern') return { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name, version: '1' } };
  const opened = await post(helio.mcp, { jsonrpc: '2.0', id: 0, method: 'initialize', params });
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id')! };
  await post(helio.mcp, { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
  return session;
}

const matrix = Object.entries(transports).flatMap(([transport, { eras }]) => eras.map((era) => ({ transport, era })));

describe.each(matrix)('$era clients in front of an upstream over $transport', ({ transport, era }) => {
  it('never get the answer of another one', async () => {
    const { start, read } = transports[transport]!;
    const { yaml, expected, stop } = await start();
    const helio = await startHelio(allowAll(yaml));
    try {
      const names = Array.from({ length: clients }, (_, who) => `client-${who}-${Math.random()}`);
      const headers = await Promise.all(names.map((name) => headersOf(helio, era, name)));
      const meta = (name: string) =>
        era === 'modern' && {
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientCapabilities': {},
            'io.modelcontextprotocol/clientInfo': { name, version: '1' },
          },
        };
      const answers = await Promise.all(
        names.flatMap((name, who) =>
          ids.map(async (id) => {
            const secret = `${name} ${typeof id} ${id} ${Math.random()}`;
            const params = { name: 'echo', arguments: { secret }, ...meta(name) };
            const { json } = await post(helio.mcp, { jsonrpc: '2.0', id, method: 'tools/call', params }, headers[who]);
            expect(json.id).toBe(id);
            expect(read(json.result)).toEqual(expected(name, secret));
          }),
        ),
      );
      expect(answers).toHaveLength(clients * ids.length);
    } catch (error) {
      throw new Error(`${String(error)}\n${helio.logs().slice(-2_000)}`, { cause: error });
    } finally {
      await helio.stop();
      await stop();
    }
  });
});
