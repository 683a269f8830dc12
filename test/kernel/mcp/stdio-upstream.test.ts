/** A child behind the HTTP door: nobody meets another's messages, and its death is told at once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDoors, quiet, type TestDoors } from './support/doors.ts';
import { openStream, send } from './support/wire.ts';

const script = 'test/kernel/mcp/support/child.mjs';
let doors: TestDoors;
beforeAll(async () => {
  process.env['HELIO_DASHBOARD_SECRET'] = 'never-to-be-seen';
  doors = await openDoors({ command: process.execPath, args: [script], env: { OWN: 'yes' } });
});
afterAll(async () => {
  delete process.env['HELIO_DASHBOARD_SECRET'];
  await doors.stop();
});

const modernHeaders = (name: string) => ({
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': name,
});
const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
const modernCall = (name: string, args: object, id: unknown = 1, meta: object = {}) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: args, _meta: { ...modernMeta, ...meta } },
  });
const legacyCall = (name: string, args: object, id: unknown = 1) =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } });

async function openSession(to = doors): Promise<{ 'mcp-session-id': string }> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const answer = await send(to.mcp, JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }));
  const session = { 'mcp-session-id': String(answer.headers['mcp-session-id']) };
  expect((await send(to.mcp, '{"jsonrpc":"2.0","method":"notifications/initialized"}', session)).status).toBe(202);
  return session;
}

describe('100 clients with the same ids', () => {
  test('modern, on one shared child: everybody gets the own answer under the own id and progress token', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, who) => {
        const answer = await send(
          doors.mcp,
          modernCall('slow', { who, ms: who % 7 }, 'same', { progressToken: 'same' }),
          modernHeaders('slow'),
        );
        return answer.text;
      }),
    );
    answers.forEach((text, who) => {
      const messages = [...text.matchAll(/^data: (.*)$/gm)].map(
        (line) => JSON.parse(line[1]!) as { id?: string; params?: object; result?: { echoed: object } },
      );
      expect(messages).toHaveLength(2);
      expect(messages[0]!.params).toEqual({ progressToken: 'same', progress: 1 });
      expect(messages[1]).toMatchObject({ id: 'same', result: { echoed: { who } } });
    });
  });

  test('legacy, with a child per session', async () => {
    const sessions = await Promise.all(Array.from({ length: 10 }, () => openSession()));
    const answers = await Promise.all(
      sessions.flatMap((session, who) =>
        Array.from({ length: 10 }, async (_, n) => ({
          who,
          n,
          ...JSON.parse((await send(doors.mcp, legacyCall('echo', { who, n }, n), session)).text),
        })),
      ),
    );
    for (const { who, n, id, result } of answers)
      expect({ id, echoed: result.echoed }).toEqual({ id: n, echoed: { who, n } });
    expect(new Set(answers.map(({ result }) => result.pid)).size).toBe(10);
    for (const session of sessions) expect((await send(doors.mcp, undefined, session, 'DELETE')).status).toBe(200);
    expect((await send(doors.mcp, legacyCall('echo', {}), sessions[0]!)).status).toBe(404);
  });
});

test('the child has the environment and folder of the config, and nothing of Helio’s', async () => {
  const { env, cwd } = JSON.parse((await send(doors.mcp, modernCall('env', {}), modernHeaders('env'))).text).result;
  expect(env).toMatchObject({ OWN: 'yes', PATH: process.env['PATH'] });
  expect(JSON.stringify(env)).not.toContain('never-to-be-seen');
  expect(Object.keys(env).filter((name) => name.startsWith('HELIO') || name.startsWith('VITEST'))).toEqual([]);
  expect(cwd).toBe(process.cwd());
});

test('what is no message on stdout is skipped, strange answers are dropped, stderr is drained into the log without its control characters', async () => {
  const answer = await send(doors.mcp, modernCall('noise', {}), modernHeaders('noise'));
  expect(JSON.parse(answer.text)).toMatchObject({ id: 1, result: { content: [] } });
  expect(quiet.lines.some((line) => line.includes('hello from stderr'))).toBe(true);
  expect(quiet.lines.join('')).not.toContain('\u001b');
});

describe('a child that dies', () => {
  test('fails what is in flight at once, and the session goes on with a new one', async () => {
    const session = await openSession();
    const before = JSON.parse((await send(doors.mcp, legacyCall('echo', {}), session)).text).result;
    const landed = doors.gate.landings.length;
    const [slow, died] = await Promise.all([
      send(doors.mcp, legacyCall('slow', { ms: 60_000 }, 2), session),
      send(doors.mcp, legacyCall('die', {}, 3), session),
    ]);
    expect(JSON.parse(slow.text)).toMatchObject({ id: 2, error: { code: -32603 } });
    expect(JSON.parse(died.text)).toMatchObject({ id: 3, error: { code: -32603 } });
    expect(doors.gate.landings.slice(landed)).toEqual([
      { kind: 'unknown', reason: 'the process ended with code 7' },
      { kind: 'unknown', reason: 'the process ended with code 7' },
    ]);
    const after = JSON.parse((await send(doors.mcp, legacyCall('echo', {}, 4), session)).text).result;
    expect(after.pid).not.toBe(before.pid);
    expect(after.initialized).toBe(1);
  });

  test('modern: the next call starts a new one', async () => {
    const pid = async () =>
      JSON.parse((await send(doors.mcp, modernCall('echo', {}), modernHeaders('echo'))).text).result.pid as number;
    const before = await pid();
    const died = await send(doors.mcp, modernCall('die', {}), modernHeaders('die'));
    expect(JSON.parse(died.text)).toMatchObject({ error: { code: -32603 } });
    expect(await pid()).not.toBe(before);
  });

  test('killed under load, every call gets exactly one answer and nobody another’s', async () => {
    const calls = Array.from({ length: 200 }, async (_, who) => {
      const name = who === 100 ? 'die' : 'slow';
      const { text, status } = await send(doors.mcp, modernCall(name, { who, ms: 5 }, 7), modernHeaders(name));
      return {
        who,
        status,
        message: JSON.parse(text) as { id: number; result?: { echoed: { who: number } }; error?: object },
      };
    });
    const answers = await Promise.all(calls);
    for (const { who, status, message } of answers) {
      expect(status).toBe(200);
      expect(message.id).toBe(7);
      if (message.result) expect(message.result.echoed.who).toBe(who);
      else expect(message.error).toMatchObject({ code: -32603 });
    }
  });

  test('a program that cannot be started is a sentence, not a crash', async () => {
    for (const config of [
      { command: 'no-such-program-here' },
      { command: process.execPath, args: [script, 'refuses-to-start'] },
    ]) {
      const broken = await openDoors(config);
      const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
      const answer = await send(broken.mcp, JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'initialize', params }));
      expect(JSON.parse(answer.text)).toMatchObject({ id: 5, error: { code: -32603 } });
      expect(broken.views()[0]).toMatchObject({ transport: 'stdio', state: 'down' });
      await broken.stop();
    }
  });
});

describe('leaving', () => {
  test('a modern client that leaves cancels its request at the child, under the child’s id', async () => {
    const client = await openStream(
      doors.mcp,
      modernCall('slow', { ms: 60_000 }, 'x', { progressToken: 1 }),
      modernHeaders('slow'),
    );
    await client.until('progress');
    client.destroy();
    await expect
      .poll(
        async () =>
          JSON.parse((await send(doors.mcp, modernCall('echo', {}), modernHeaders('echo'))).text).result.cancelled
            .length,
      )
      .toBeGreaterThan(0);
  });

  test('a legacy client that leaves cancels nothing, and the answer is still put on record', async () => {
    const session = await openSession();
    const landed = doors.gate.landings.length;
    const controller = new AbortController();
    const headers = { 'content-type': 'application/json', ...session };
    const client = fetch(doors.mcp, {
      method: 'POST',
      body: legacyCall('slow', { ms: 200 }),
      headers,
      signal: controller.signal,
    }).catch(() => 'gone');
    await expect.poll(() => doors.gate.calls.at(-1)?.arrival.mcpSession).toBe(session['mcp-session-id']);
    controller.abort();
    await client;
    await expect.poll(() => doors.gate.landings.slice(landed)).toMatchObject([{ kind: 'answer', acted: true }]);
    expect(JSON.parse((await send(doors.mcp, legacyCall('echo', {}, 2), session)).text).result.cancelled).toEqual([]);
  });
});

test('a server of the old era answers a modern probe with -32601, so that clients fall back', async () => {
  const old = await openDoors({ command: process.execPath, args: [script, 'legacy'] });
  const probe = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'server/discover', params: { _meta: modernMeta } });
  const answer = await send(old.mcp, probe, { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' });
  expect(answer.status).toBe(404);
  expect(JSON.parse(answer.text)).toMatchObject({ id: 1, error: { code: -32601 } });
  await openSession(old);
  await old.stop();
});

test('a message that holds line ends reaches the child as one line', async () => {
  const body = modernCall('echo', { text: 'a\nb' }).replaceAll(',', ',\r\n ').replaceAll(':{', ':\n{');
  const answer = await send(doors.mcp, body, modernHeaders('echo'));
  expect(JSON.parse(answer.text).result.echoed).toEqual({ text: 'a\nb' });
});
