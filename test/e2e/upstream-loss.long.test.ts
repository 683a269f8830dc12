/** Upstreams that drop, die, hang and come back, behind the real Helio: sessions last, and what happened is said. */
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cli } from '../../scripts/helio-process.mjs';
import { startDroppingSse } from '../fixtures/dropping-sse.ts';
import { allowAll, helioFolder, startHelio, type Helio } from '../fixtures/helio.ts';
import { connect, type OfficialClient } from '../fixtures/official-clients.ts';
import { commands, freePort } from '../fixtures/upstreams.ts';

const eventually = { timeout: 15_000, interval: 50 };
const textOf = (answer: any): string => answer.content[0].text;
const calls = async (helio: Helio, tool: string) => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [cli, 'audit', 'export', '--format', 'ndjson', '-c', join(helio.folder, 'helio.yaml')],
    { maxBuffer: 1e9 },
  );
  const rows = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return rows.filter((row) => row.tool === tool || row.name === tool);
};

describe('an sse upstream that drops its connections again and again', () => {
  it(
    'loses no client session: what was in flight fails clearly, what comes later works',
    { timeout: 120_000 },
    async () => {
      const upstream = await startDroppingSse();
      const helio = await startHelio(allowAll(`{ url: '${upstream.url}', transport: sse }`));
      const clients = await Promise.all(Array.from({ length: 4 }, () => connect('v1', { url: helio.mcp })));
      const sessionOf = (client: OfficialClient) => client.raw.transport.sessionId as string;
      const sessions = clients.map(sessionOf);
      try {
        await Promise.all(clients.map((client) => client.raw.setLoggingLevel('warning')));
        await clients[0]!.raw.subscribeResource({ uri: 'x://1' });
        upstream.dropAfter(300);
        const counts = { answered: 0, failed: 0 };
        const load = async (client: OfficialClient, who: number) => {
          for (let n = 0; upstream.dropped() < 24; n++) {
            const args = { who, n, ms: 40 };
            const answer = await client.call('echo', args).catch((error: Error) => error);
            if (!(answer instanceof Error) && !answer.isError) {
              expect(JSON.parse(textOf(answer))).toEqual(args);
              counts.answered++;
            } else {
              const told = answer instanceof Error ? answer.message : textOf(answer);
              expect(told).toMatch(/not known whether the call was carried out|could not be reached|are not known/);
              counts.failed++;
            }
          }
        };
        await Promise.all(clients.map(load));
        upstream.dropAfter(undefined);
        expect(counts.answered).toBeGreaterThan(20);
        expect(counts.failed).toBeGreaterThan(0);
        for (const [who, client] of clients.entries())
          expect(JSON.parse(textOf(await client.call('echo', { who })))).toEqual({ who });
        expect(clients.map(sessionOf)).toEqual(sessions);
        // The session of the server is another one: what the clients asked of the old one was asked again.
        const last = Math.max(...upstream.told.map(({ connection }) => connection));
        expect(last).toBeGreaterThan(20);
        const again = (method: string) => upstream.told.filter((one) => one.method === method);
        await expect.poll(() => again('logging/setLevel').length, eventually).toBeGreaterThan(clients.length);
        expect(again('resources/subscribe').length).toBeGreaterThan(1);
        upstream.say({ method: 'notifications/message', params: { level: 'error', data: 'still here' } });
        for (const { notifications } of clients)
          await expect.poll(() => notifications.at(-1)?.params?.data, eventually).toBe('still here');
        await Promise.all(clients.map((client) => client.close()));
        const outcomes = new Set((await calls(helio, 'echo')).map(({ outcome }) => outcome));
        expect(outcomes).toContain('forwarded');
        expect(outcomes).toContain('unknown');
      } finally {
        await helio.stop();
        await upstream.stop();
      }
    },
  );
});

describe('a stdio child that is killed', () => {
  it('fails what it had in flight at once, as unknown; nobody else notices, and its session goes on', async () => {
    const { command, args } = commands.counting;
    const helio = await startHelio(
      allowAll(`{ command: ${JSON.stringify(command)}, args: ${JSON.stringify(args)}, timeout: 10m }`),
    );
    try {
      const [client, other] = await Promise.all([
        connect('v1', { url: helio.mcp }),
        connect('v2 legacy', { url: helio.mcp }),
      ]);
      const pidOf = async (one: OfficialClient) => Number(textOf(await one.call('pid')));
      const pids = [await pidOf(client), await pidOf(other)];
      expect(pids[0]).not.toBe(pids[1]);
      const untouched = other.call('hang').then(
        () => 'answered',
        (error: Error) => error.message,
      );
      let settled = 0;
      const hanging = Array.from({ length: 25 }, (_, n) =>
        client.call('hang', { n }).then(
          () => 'answered',
          (error: Error) => error.message,
        ),
      );
      for (const one of hanging) void one.then(() => settled++);
      const load = Array.from({ length: 50 }, (_, n) => client.call('echo', { n }).then(textOf));
      expect((await Promise.all(load)).map((text) => JSON.parse(text).n)).toEqual([...Array(50).keys()]);
      expect(settled).toBe(0);
      process.kill(pids[0]!, 'SIGKILL');
      // The upstream's own limit is ten minutes: they end because it died.
      for (const message of await Promise.all(hanging))
        expect(message).toMatch(/not known whether the call was carried out: the process was ended by SIGKILL/);
      expect(await pidOf(client)).not.toBe(pids[0]);
      expect(textOf(await client.call('echo', { again: true }))).toBe('{"again":true}');
      expect(await pidOf(other)).toBe(pids[1]);
      const rows = await calls(helio, 'hang');
      expect(rows.filter(({ outcome }) => outcome === 'unknown')).toHaveLength(25);
      await other.close();
      await client.close();
      expect(await Promise.race([untouched, 'open'])).not.toBe('answered');
      expect(isAlive(pids[1]!) && isAlive(pids[0]!)).toBe(false);
    } finally {
      await helio.stop();
    }
  });
});

describe('a fast upstream merged with one that is dead and one that hangs', () => {
  it(
    'serves the fast one, says which are missing, and serves them when they are back',
    { timeout: 120_000 },
    async () => {
      const folder = await helioFolder();
      const port = await freePort();
      const answering = (tool: string) =>
        createServer(async (request, response) => {
          const chunks: Buffer[] = [];
          for await (const chunk of request) chunks.push(chunk as Buffer);
          if (request.method !== 'POST') return void response.writeHead(405).end();
          const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString());
          if (hangs.has(tool)) return void held.push(() => response.destroy());
          if (id === undefined) return void response.writeHead(202).end();
          const serverInfo = { name: tool, version: '1' };
          const results: Record<string, object> = {
            initialize: { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo },
            'tools/list': { tools: [{ name: tool, inputSchema: { type: 'object' } }] },
            'tools/call': { content: [{ type: 'text', text: `${tool} answers` }] },
          };
          const told = results[method] ?? undefined;
          const answer = told ? { result: told } : { error: { code: -32601, message: 'Method not found' } };
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
        });
      const hangs = new Set(['slow']);
      const held: (() => void)[] = [];
      const listen = (server: Server, at = 0) =>
        new Promise<string>((done) =>
          server.listen(at, '127.0.0.1', () => done(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)),
        );
      const [quick, slow, late] = [answering('quick'), answering('slow'), answering('late')];
      const fastUrl = await listen(quick);
      const hungUrl = await listen(slow);
      const secret = 'a-secret-for-this-test';
      const helio = await startHelio(
        `version: '1'
upstreams:
  fast: { url: '${fastUrl}' }
  dead: { url: 'http://127.0.0.1:${port}/mcp' }
  hung: { url: '${hungUrl}' }
listen: { port: 0 }
policies: { default: allow }
plugins: [policy, feedback, audit, operator, dashboard]
dashboard: { port: 0, api_secret: ${secret} }
`,
        { folder: folder.path },
      );
      const origin = new URL(helio.mcp).origin;
      try {
        const client = await connect('v1', { url: helio.mcp });
        const tools = async () => ((await client.raw.listTools()).tools as { name: string }[]).map(({ name }) => name);
        expect(client.raw.getInstructions()).toContain('Not available now: dead, hung.');
        expect(await tools()).toEqual(['fast__quick']);
        expect(held.length).toBeGreaterThan(0); // it was asked, and has still not answered
        expect(textOf(await client.call('fast__quick'))).toBe('quick answers');
        for (const name of ['dead__late', 'hung__slow']) {
          const refused = await client.call(name).catch((error) => error);
          expect(refused.message).toMatch(/The upstream (dead|hung) is not available/);
        }
        const ready = await fetch(`${origin}/readyz`);
        expect(ready.status).toBe(200);
        expect(await ready.text()).toMatch(/^ready\ndead: .*refused.*\nhung: .+\n$/);
        const status: any = await (
          await fetch(new URL('/api/status', helio.dashboard), { headers: { authorization: `Bearer ${secret}` } })
        ).json();
        expect(status.upstreams.map(({ name, state }: any) => [name, state])).toEqual([
          ['fast', 'up'],
          ['dead', 'down'],
          ['hung', 'down'],
        ]);
        const doctor = await promisify(execFile)(process.execPath, [
          ...[cli, 'doctor', '--json', '-c', join(folder.path, 'helio.yaml')],
        ]).catch((failed) => failed);
        expect(doctor.stdout).toMatch(/dead \(http\): the connection was refused/);
        expect(doctor.stdout).toMatch(/hung \(http\) did not answer/);
        expect(doctor.stdout).toMatch(/fast \(http\) answers with 1 tools/);
        const refusals = (await calls(helio, 'dead__late')).concat(await calls(helio, 'hung__slow'));
        expect(JSON.stringify(refusals)).toContain('upstream_unavailable');

        await listen(late, port);
        hangs.clear();
        held.forEach((drop) => drop());
        await expect
          .poll(tools, { ...eventually, timeout: 60_000 })
          .toEqual(['fast__quick', 'dead__late', 'hung__slow']);
        expect(textOf(await client.call('dead__late'))).toBe('late answers');
        expect(textOf(await client.call('hung__slow'))).toBe('slow answers');
        expect(await (await fetch(`${origin}/readyz`)).text()).toBe('ready\n');
        await client.close();
      } finally {
        await helio.stop();
        for (const server of [quick, slow, late]) {
          server.closeAllConnections();
          server.close();
        }
        await folder.remove();
      }
    },
  );
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
