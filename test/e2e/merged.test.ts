/**
 * The official clients in front of one server over three transports at once, merged: through every part they see what
 * they see of the server alone, under other names.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHelio, type Helio } from '../fixtures/helio.ts';
import { connect, type ClientKind, type OfficialClient } from '../fixtures/official-clients.ts';
import { commands, startFixture, startSseFixture, type UpstreamProcess } from '../fixtures/upstreams.ts';

const eventually = { timeout: 8_000, interval: 20 };
const kinds: ClientKind[] = ['v1', 'v2 legacy', 'v2 modern'];
let web: UpstreamProcess;
let old: UpstreamProcess;
let helio: Helio;
/** Without the one that only speaks the older era. */
let modern: Helio;

beforeAll(async () => {
  [web, old] = await Promise.all([startFixture(), startSseFixture()]);
  const { command, args } = commands.fixture;
  const yaml = (more: string) => `version: '1'
upstreams:
  web: { url: '${web.url}' }
  child: { command: ${JSON.stringify(command)}, args: ${JSON.stringify(args)} }
${more}listen: { port: 0 }
policies: { default: allow }
plugins: [policy, feedback, audit]
`;
  helio = await startHelio(yaml(`  old: { url: '${old.url}', transport: sse }\n`));
  modern = await startHelio(yaml(''));
});
afterAll(async () => {
  await Promise.all([helio.stop(), modern.stop()]);
  await Promise.all([web.stop(), old.stop()]);
});

const outcome = (step: Promise<unknown>): Promise<unknown> =>
  step.then(
    (answer) => ({ answer }),
    (error: any) => ({ code: error.code, message: error.message }),
  );
const methods = (client: OfficialClient, wanted: string) =>
  client.notifications.filter(({ method }) => method === wanted);

/** Everything of one server, with names as `tool`, `uri` write them. */
async function observe(client: OfficialClient, tool: (name: string) => string, uri: (uri: string) => string) {
  const seen: Record<string, unknown> = {};
  const odd = { text: 'æ–‡ 🦊 \u0000 \\ "', deep: { a: [1, 2.5, -0.001, null, true, [[]]] }, big: 9007199254740991 };
  const isLegacy = client.era === 'legacy';
  const tools: Record<string, object> = {
    test_simple_text: {},
    test_multiple_content_types: {},
    test_embedded_resource: {},
    test_error_handling: {},
    test_echo: odd,
    test_structured: { a: 2, b: 40 },
    test_mirrored_headers: { region: 'eu-west', priority: 7, query: 'plain' },
    test_input_required_result_elicitation: {},
    test_input_required_result_multi_round: {},
    test_input_required_result_multiple_inputs: {},
    ...(isLegacy && { test_sampling: { prompt: 'capital?' }, test_elicitation: { message: 'well?' } }),
  };
  for (const [name, args] of Object.entries(tools)) seen[name] = await outcome(client.call(tool(name), args as never));
  const progress: unknown[] = [];
  await client.call(tool('test_tool_with_progress'), {}, { onProgress: (one) => progress.push(one) });
  seen['progress'] = progress.slice(0, 2); // the last one races the answer in the v2 client
  for (const path of ['static-text', 'static-binary', 'template/17/data'])
    seen[path] = await outcome(client.raw.readResource({ uri: uri(`test://${path}`) }));
  seen['prompt'] = await outcome(
    client.raw.getPrompt({ name: tool('test_prompt_with_arguments'), arguments: { arg1: 'a', arg2: 'b' } }),
  );
  const embedded = { resourceUri: 'test://static-text' };
  seen['embedded'] = await outcome(
    client.raw.getPrompt({ name: tool('test_prompt_with_embedded_resource'), arguments: embedded }),
  );
  const ref = { type: 'ref/prompt', name: tool('test_prompt_with_arguments') };
  seen['completion'] = await outcome(client.raw.complete({ ref, argument: { name: 'arg1', value: 'par' } }));

  client.notifications.length = 0;
  const watched = uri('test://watched-resource');
  const filter = { toolsListChanged: true, resourceSubscriptions: [watched] };
  const subscription = isLegacy ? undefined : await client.raw.listen(filter);
  if (isLegacy) {
    await client.raw.setLoggingLevel('info');
    await client.raw.subscribeResource({ uri: watched });
    await client.call(tool('test_tool_with_logging'));
    await expect.poll(() => methods(client, 'notifications/message').length, eventually).toBe(3);
  }
  await client.call(tool('test_touch_resource'));
  await client.call(tool('test_trigger_tool_change'));
  const wanted = ['notifications/resources/updated', 'notifications/tools/list_changed'];
  await expect.poll(() => wanted.map((method) => methods(client, method).length > 0), eventually).toEqual([true, true]);
  seen['news'] = [...wanted, 'notifications/message'].map((method) => methods(client, method));
  await subscription?.close();
  if (isLegacy) await client.raw.unsubscribeResource({ uri: watched });

  const given = new AbortController();
  const slow = outcome(client.call(tool('test_slow'), { ms: 60_000 }, { signal: given.signal }));
  const state = async () => JSON.parse((await client.call(tool('test_slow_state'))).content[0].text);
  const { cancelled } = await state();
  await expect.poll(async () => (await state()).running, eventually).toBe(1);
  given.abort('enough');
  seen['cancelled'] = Object.keys((await slow) as object);
  await expect.poll(state, eventually).toEqual({ running: 0, cancelled: cancelled + 1 });
  return seen;
}

/** Without the names of the merged endpoint, and without the subscription's id, which every client counts for itself. */
const plain = (seen: object, part: string) =>
  JSON.parse(
    JSON.stringify(seen)
      .replaceAll(`${part}+test://`, 'test://')
      .replaceAll(`${part}__`, '')
      .replace(/subscriptionId":("[^"]*"|[^},]+)/g, 'subscriptionId":0'),
  );

describe.each(kinds)('the %s client', (kind) => {
  it.each(kind === 'v2 modern' ? ['web', 'child'] : ['web', 'child', 'old'])('sees %s as it is', async (part) => {
    const where = part === 'web' ? { url: web.url } : part === 'child' ? commands.fixture : undefined;
    // No official client here speaks the transport of 2024; the same server over stdio says the same.
    const directly = await connect(kind, where ?? commands.fixture);
    const merged = await connect(kind, { url: (kind === 'v2 modern' ? modern : helio).mcp });
    expect(merged.era).toBe(directly.era);
    try {
      const expected = await observe(
        directly,
        (name) => name,
        (uri) => uri,
      );
      const seen = await observe(
        merged,
        (name) => `${part}__${name}`,
        (uri) => `${part}+${uri}`,
      );
      expect(plain(seen, part)).toEqual(plain(expected, part));
    } catch (error) {
      throw new Error(`${String((error as Error).stack)}\n${helio.logs().slice(-3_000)}`, { cause: error });
    } finally {
      await directly.close();
      await merged.close();
    }
  });
});

it('an answer that a server gives on a later stream is found there (SEP-1699)', async () => {
  const client = await connect('v1', { url: helio.mcp });
  const answer = await client.call('web__test_reconnection');
  expect(answer.content[0].text).toBe('Reconnection test completed successfully.');
  await client.close();
});

it('one bare name never stands for two servers: rules and records tell them apart', async () => {
  const client = await connect('v1', { url: helio.mcp });
  const { tools } = await client.raw.listTools();
  const named = (tools as { name: string }[]).filter(({ name }) => name.endsWith('test_simple_text'));
  expect(named.map(({ name }) => name)).toEqual([
    'web__test_simple_text',
    'child__test_simple_text',
    'old__test_simple_text',
  ]);
  await expect(client.call('test_simple_text')).rejects.toMatchObject({ code: -32602 });
  await client.close();
});

it('a client of both eras takes the one that every upstream speaks, so that it misses none', async () => {
  const client = await connect('v2 modern', { url: helio.mcp });
  expect(client.era).toBe('legacy');
  const { tools } = await client.raw.listTools();
  expect(new Set((tools as { name: string }[]).map(({ name }) => name.split('__')[0]))).toEqual(
    new Set(['web', 'child', 'old']),
  );
  await client.close();
});
