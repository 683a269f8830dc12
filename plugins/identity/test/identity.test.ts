import { describe, expect, it } from 'vitest';
import { PluginTester, testPlugin, type TestCall } from '@gethelio/proxy/testing';
import { agent, lastSessions, principal, session, type LastSessions } from '@gethelio/proxy/contracts/identity';
import { definePlugin } from '@gethelio/proxy/plugin';
import { z } from 'zod';
import { identity } from '../index.ts';
import { createDoorSessions } from '../door-sessions.ts';
import { createSightings } from '../sightings.ts';

type Config = Record<string, unknown>;
const start = (config: Config = {}, env: Record<string, string> = {}) =>
  testPlugin(identity, { config: config as never, with: ['policy'], yaml: 'policies: { default: allow }', env });

async function who(call: TestCall, config: Config = {}) {
  const test = await start(config);
  try {
    const { record } = await test.call(call);
    return {
      session: record.facts.get(session),
      agent: record.facts.get(agent),
      principal: record.facts.get(principal),
    };
  } finally {
    await test.stop();
  }
}

const keys = {
  header: 'authorization',
  keys: [
    { key: 'k-billing', agent: 'billing' },
    { key: 'k-ops', agent: 'ops' },
  ],
};
PluginTester.run(identity, {
  with: ['policy'],
  yaml: 'policies: { default: allow }',
  config: { agent: keys },
  secrets: ['k-billing', 'k-ops'],
  allows: [
    { call: { name: 'a', headers: { authorization: 'Bearer k-billing' } } },
    { call: { name: 'a', headers: { 'x-helio-session-id': '\u0000' } } },
  ],
});

describe('session', () => {
  const headers = { 'x-helio-session-id': 'own', 'x-thread': 'thread', 'x-chat': 'chat' };
  it('is x-helio-session-id first', async () => {
    expect((await who({ name: 'a', session: 'mcp', headers }, { session: ['x-thread'] })).session).toEqual({
      id: 'own',
      source: 'header:x-helio-session-id',
    });
  });
  it('then Mcp-Session-Id', async () => {
    expect(
      (await who({ name: 'a', session: 'mcp', headers: { 'x-thread': 't' } }, { session: ['x-thread'] })).session,
    ).toEqual({ id: 'mcp', source: 'mcp-session-id' });
  });
  it('then the listed headers in their order', async () => {
    const { 'x-helio-session-id': _, ...rest } = headers;
    expect((await who({ name: 'a', headers: rest }, { session: ['X-Chat', 'x-thread'] })).session).toEqual({
      id: 'chat',
      source: 'header:x-chat',
    });
  });
  it('is absent when nothing names one', async () => {
    expect(await who({ name: 'a', headers: { 'x-thread': 't' } })).toEqual({
      session: undefined,
      agent: undefined,
      principal: 'anonymous',
    });
  });
  it.each(['', ' ', 'a b', 'a\tb', 'a, b', 'ü', 'x'.repeat(129)])(
    'is not taken from %j, nor is the next source tried',
    async (id) => {
      expect((await who({ name: 'a', session: 'mcp', headers: { 'x-helio-session-id': id } })).session).toBeUndefined();
    },
  );
  it('may be 128 characters long', async () => {
    expect((await who({ name: 'a', session: 'x'.repeat(128) })).session?.id.length).toBe(128);
  });
  it('is believed from a door that vouches for it', async () => {
    const test = await start();
    const { facts } = await test.explain({ name: 'a', session: 's', agent: 'robot' });
    expect(facts.get(session)).toEqual({ id: 's', source: 'vouched' });
    expect(facts.get(principal)).toBe('agent:robot');
    await test.stop();
  });
});

describe('agent', () => {
  it('may be fixed', async () => {
    expect((await who({ name: 'a' }, { agent: { value: 'bot' } })).agent).toEqual({ id: 'bot', source: 'config' });
  });
  it('may be what a header says', async () => {
    expect((await who({ name: 'a', headers: { 'x-agent': 'bot' } }, { agent: { header: 'X-Agent' } })).agent).toEqual({
      id: 'bot',
      source: 'header:x-agent',
    });
  });
  it('may be whoever holds a key', async () => {
    const found = async (authorization: string) =>
      (await who({ name: 'a', headers: { authorization } }, { agent: keys })).agent?.id;
    expect(await found('Bearer k-ops')).toBe('ops');
    expect(await found('k-ops')).toBe('ops');
    expect(await found('Bearer k-other')).toBeUndefined();
    expect(await found('Bearer ')).toBeUndefined();
  });
  it('is not what a client merely claims', async () => {
    expect((await who({ name: 'a', agent: 'boss', headers: { 'x-agent-id': 'boss' } })).agent).toBeUndefined();
  });
  it('is one and the same for every session', async () => {
    const config = { agent: { header: 'x-agent' } };
    const principals = [];
    for (const id of ['s1', 's2', 's3'])
      principals.push((await who({ name: 'a', session: id, headers: { 'x-agent': 'bot' } }, config)).principal);
    expect(new Set(principals)).toEqual(new Set(['agent:bot']));
  });
  it('and a session of the same name are two principals', async () => {
    expect((await who({ name: 'a', session: 'bot' })).principal).toBe('session:bot');
  });
});

describe('on_unresolved: door', () => {
  it('makes one session per agent and peer, until it is idle', async () => {
    const test = await start({ on_unresolved: 'door', agent: { header: 'x-agent' } });
    const at = async (who?: string) =>
      (await test.call({ name: 'a', ...(who && { headers: { 'x-agent': who } }) })).record.facts.get(session)!;
    const first = await at('one');
    expect(first).toMatchObject({ source: 'door' });
    expect(await at('one')).toEqual(first);
    expect(await at('two')).not.toEqual(first);
    expect(await at()).not.toEqual(first);
    test.clock.advance(29 * 60_000);
    expect(await at('one')).toEqual(first);
    test.clock.advance(30 * 60_000);
    expect(await at('one')).not.toEqual(first);
    await test.stop();
  });
  it('makes none where a session is named', async () => {
    expect((await who({ name: 'a', session: 's' }, { on_unresolved: 'door' })).session).toEqual({
      id: 's',
      source: 'mcp-session-id',
    });
    expect(
      (await who({ name: 'a', headers: { 'x-helio-session-id': 'a b' } }, { on_unresolved: 'door' })).session,
    ).toBeUndefined();
  });
  it('refuses new ones at the cap and keeps those that are active', () => {
    const doors = createDoorSessions();
    const first = doors.sessionOf('first', 0, 1000);
    for (let i = 0; i < 20_000; i++) doors.sessionOf(`who ${i}`, 1, 1000);
    expect(doors.sessionOf('newcomer', 2, 1000)).toBeUndefined();
    expect(doors.sessionOf('first', 999, 1000)).toBe(first);
    expect(doors.sessionOf('newcomer', 5000, 1000)).toBeDefined();
  });
});

describe('sessions seen lately', () => {
  it('are those of the last ten minutes, newest first, without the sideband', async () => {
    let seen: LastSessions | undefined;
    const reader = definePlugin({
      name: 'reader',
      apiVersion: 1,
      config: z.strictObject({}).prefault({}),
      needs: { lastSessions },
      register({ needs, onStart }) {
        onStart(() => void (seen = needs.lastSessions));
      },
    });
    const test = await testPlugin(identity, {
      with: ['policy'],
      plugins: [reader],
      yaml: 'policies: { default: allow }',
    });
    for (const id of ['one', 'two', 'one']) await test.call({ name: 'a', session: id });
    await test.explain({ name: 'a', session: 'asked' });
    expect(seen!.recent().map(({ id }) => id)).toEqual(['one', 'two']);
    test.clock.advance(599_999);
    await test.call({ name: 'a', session: 'three' });
    test.clock.advance(1);
    expect(seen!.recent().map(({ id }) => id)).toEqual(['three']);
    expect(seen!.knowsAgents).toBe(false);
    await test.stop();
  });
  it('are bounded', () => {
    const sightings = createSightings();
    for (let i = 0; i < 30_000; i++) sightings.see({ id: `s${i}`, source: 'test', agent: undefined, lastSeenMs: i });
    expect(sightings.recent(30_000).length).toBe(10_000);
  });
});
