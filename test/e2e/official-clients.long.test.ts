/**
 * The official clients, directly against real servers and through the real Helio: everything that they see must be the
 * same. What a client sees is written down as a transcript; the two transcripts are compared whole.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowAll, startHelio } from '../fixtures/helio.ts';
import { connect, type ClientKind, type OfficialClient, type Where } from '../fixtures/official-clients.ts';
import { commands, startEverything, startFixture, type UpstreamProcess } from '../fixtures/upstreams.ts';

type Transcript = Record<string, unknown>;
const kinds: ClientKind[] = ['v1', 'v2 legacy', 'v2 modern'];
const eventually = { timeout: 5000, interval: 20 };

const servers = [
  { name: 'the dual-era fixture', start: startFixture, command: commands.fixture, observe: observeFixture },
  { name: 'server-everything', start: startEverything, command: commands.everything, observe: observeEverything },
];

describe.each(servers)('$name over http', ({ start, observe }) => {
  it.each(kinds)('looks the same to the %s client through Helio', async (kind) => {
    const seen: Transcript[] = [];
    for (const through of [false, true]) {
      const upstream = await start();
      const helio = through ? await startHelio(allowAll(`{ url: '${upstream.url}' }`)) : undefined;
      try {
        seen.push(await observed(kind, { url: helio?.mcp ?? upstream.url }, observe));
      } catch (error) {
        throw new Error(`${through ? 'through Helio' : 'directly'}: ${String(error)}\n${helio?.logs() ?? ''}`, {
          cause: error,
        });
      } finally {
        await helio?.stop();
        await upstream.stop();
      }
    }
    expect(seen[1]).toEqual(seen[0]);
  });
});

describe.each(servers)('$name over stdio', ({ command, observe }) => {
  it.each(kinds)('looks the same to the %s client through Helio', async (kind) => {
    const directly = await observed(kind, command, observe);
    const yaml = `{ command: ${JSON.stringify(command.command)}, args: ${JSON.stringify(command.args)} }`;
    const helio = await startHelio(allowAll(yaml));
    try {
      expect(await observed(kind, { url: helio.mcp }, observe)).toEqual(directly);
    } catch (error) {
      throw new Error(`${String(error)}\n${helio.logs()}`, { cause: error });
    } finally {
      await helio.stop();
    }
  });
});

it('answers an unknown tool as a server without it would, whatever the upstream would have said', async () => {
  const upstream = await startEverything();
  const helio = await startHelio(allowAll(`{ url: '${upstream.url}' }`));
  try {
    const client = await connect('v1', { url: helio.mcp });
    await expect(client.call('no-such-tool')).rejects.toMatchObject({ code: -32602 });
    await client.close();
  } finally {
    await helio.stop();
    await upstream.stop();
  }
});

describe('many clients at once', () => {
  let upstream: UpstreamProcess;
  beforeAll(async () => {
    upstream = await startFixture();
  });
  afterAll(() => upstream.stop());

  it.each(['http', 'stdio'])('never get the answer of another one (%s upstream)', async (transport) => {
    const { command, args } = commands.fixture;
    const stdio = `{ command: ${JSON.stringify(command)}, args: ${JSON.stringify(args)} }`;
    const helio = await startHelio(allowAll(transport === 'http' ? `{ url: '${upstream.url}' }` : stdio));
    try {
      const clients = await Promise.all(
        Array.from({ length: 12 }, (_, at) => connect(kinds[at % 3]!, { url: helio.mcp })),
      );
      const answers = await Promise.all(
        clients.flatMap((client, who) =>
          Array.from({ length: 10 }, async (_, call) => {
            const { content } = await client.call('test_echo', { who, call });
            expect(JSON.parse(content[0].text)).toEqual({ who, call });
          }),
        ),
      );
      expect(answers).toHaveLength(120);
      await Promise.all(clients.map((client) => client.close()));
    } finally {
      await helio.stop();
    }
  });
});

async function observed(kind: ClientKind, where: Where, observe: (client: OfficialClient) => Promise<Transcript>) {
  const client = await connect(kind, where);
  try {
    return {
      era: client.era,
      server: client.raw.getServerVersion(),
      capabilities: client.raw.getServerCapabilities(),
      instructions: client.raw.getInstructions(),
      ...(await observe(client)),
    };
  } finally {
    await client.close();
  }
}

/** The outcome of a step: what it answered, or code and message of its error. */
async function outcome(step: Promise<unknown>): Promise<unknown> {
  return step.then(
    (answer) => ({ answer }),
    (error: any) => ({ code: error.code, message: error.message }),
  );
}

async function lists(client: OfficialClient): Promise<Transcript> {
  return {
    tools: await client.raw.listTools(),
    resources: await client.raw.listResources(),
    templates: await client.raw.listResourceTemplates(),
    prompts: await client.raw.listPrompts(),
  };
}

async function withProgress(client: OfficialClient, name: string, args = {}) {
  const progress: unknown[] = [];
  const answer = await client.call(name, args, { onProgress: (one) => progress.push(one) });
  // The fixture echoes the progress token, which every client counts for itself.
  return { progress, answer: JSON.stringify(answer).replace(/"text":"\d+"/, '"text":"TOKEN"') };
}

async function observeFixture(client: OfficialClient): Promise<Transcript> {
  const seen: Transcript = await lists(client);
  const odd = { text: 'æ–‡ 🦊 \u0000 \\ "', deep: { a: [1, 2.5, -0.001, null, true, [[]]] }, big: 9007199254740991 };
  for (const [name, args] of Object.entries({
    test_simple_text: {},
    test_image_content: {},
    test_audio_content: {},
    test_multiple_content_types: {},
    test_embedded_resource: {},
    test_error_handling: {},
    test_echo: odd,
    test_structured: { a: 2, b: 40 },
    json_schema_2020_12_tool: { name: 'x', email: 'x@example.com' },
    test_mirrored_headers: { region: 'eu-west', priority: 7, query: 'plain' },
    test_input_required_result_elicitation: {},
    test_input_required_result_sampling: {},
    test_input_required_result_list_roots: {},
    test_input_required_result_request_state: {},
    test_input_required_result_multi_round: {},
    test_input_required_result_multiple_inputs: {},
    ...(client.era === 'legacy'
      ? {
          test_sampling: { prompt: 'capital?' },
          test_elicitation: { message: 'well?' },
          test_elicitation_sep1330_enums: {},
        }
      : {}),
  })) {
    seen[name] = await outcome(client.call(name, args));
  }
  seen['progress'] = await withProgress(client, 'test_tool_with_progress');
  seen['reads'] = await Promise.all(
    ['test://static-text', 'test://static-binary', 'test://template/17/data', 'test://nowhere'].map((uri) =>
      outcome(client.raw.readResource({ uri })),
    ),
  );
  seen['prompts got'] = [
    await outcome(client.raw.getPrompt({ name: 'test_simple_prompt' })),
    await outcome(client.raw.getPrompt({ name: 'test_prompt_with_arguments', arguments: { arg1: 'a', arg2: 'b' } })),
    await outcome(client.raw.getPrompt({ name: 'test_prompt_with_image' })),
    await outcome(client.raw.getPrompt({ name: 'test_input_required_result_prompt' })),
    await outcome(client.raw.getPrompt({ name: 'no_such_prompt' })),
  ];
  const ref = { type: 'ref/prompt', name: 'test_prompt_with_arguments' };
  seen['completion'] = await outcome(client.raw.complete({ ref, argument: { name: 'arg1', value: 'par' } }));
  seen['logging'] = await observeLogging(client);
  seen['subscriptions'] = await observeSubscriptions(client);
  seen['cancellation'] = await observeCancellation(client);
  return seen;
}

async function observeLogging(client: OfficialClient) {
  if (client.era === 'modern') return 'asked for per request in this era';
  client.notifications.length = 0;
  await client.raw.setLoggingLevel('info');
  await client.call('test_tool_with_logging');
  await expect.poll(() => methods(client, 'notifications/message').length, eventually).toBe(3);
  return methods(client, 'notifications/message');
}

async function observeSubscriptions(client: OfficialClient) {
  client.notifications.length = 0;
  const uri = 'test://watched-resource';
  const filter = { toolsListChanged: true, resourceSubscriptions: [uri] };
  const subscription = client.era === 'modern' ? await client.raw.listen(filter) : undefined;
  if (client.era === 'legacy') await client.raw.subscribeResource({ uri });
  await client.call('test_touch_resource');
  await client.call('test_trigger_tool_change');
  const wanted = ['notifications/resources/updated', 'notifications/tools/list_changed'];
  await expect.poll(() => wanted.map((method) => methods(client, method).length > 0), eventually).toEqual([true, true]);
  await subscription?.close();
  if (client.era === 'legacy') await client.raw.unsubscribeResource({ uri });
  // The subscription id is the listen request's own id, which every client counts for itself.
  return JSON.stringify(wanted.map((method) => methods(client, method))).replace(
    /subscriptionId":[^}]+/g,
    'subscriptionId"',
  );
}

async function observeCancellation(client: OfficialClient) {
  const given = new AbortController();
  const slow = outcome(client.call('test_slow', { ms: 60_000 }, { signal: given.signal }));
  const state = async () => JSON.parse((await client.call('test_slow_state')).content[0].text);
  await expect.poll(async () => (await state()).running, eventually).toBe(1);
  given.abort('enough');
  const ended = await slow;
  await expect.poll(state, eventually).toEqual({ running: 0, cancelled: 1 });
  return { ended: Object.keys(ended as object), state: await state() };
}

const methods = (client: OfficialClient, wanted: string) =>
  client.notifications.filter(({ method }) => method === wanted);

async function observeEverything(client: OfficialClient): Promise<Transcript> {
  // The server registers its roots tool when the client's roots have arrived: a moment after the handshake.
  await sleep(700);
  const seen: Transcript = await lists(client);
  for (const [name, args] of Object.entries({
    echo: { message: 'hello' },
    'get-sum': { a: 2, b: 40 },
    'get-tiny-image': {},
    'get-annotated-message': { messageType: 'error', includeImage: true },
    'get-structured-content': { location: 'Chicago' },
    'get-resource-links': { count: 3 },
    'trigger-sampling-request': { prompt: 'capital?', maxTokens: 10 },
    'trigger-elicitation-request': {},
    'get-roots-list': {},
  })) {
    seen[name] = await outcome(client.call(name, args));
  }
  const long = await withProgress(client, 'trigger-long-running-operation', { duration: 0.4, steps: 4 });
  // The last step leaves together with the answer, and the v2 client drops progress of a call that it has answered.
  seen['progress'] = { ...long, progress: long.progress.slice(0, 3) };
  seen['prompt'] = await outcome(client.raw.getPrompt({ name: 'args-prompt', arguments: { city: 'Leeds' } }));
  seen['read'] = await outcome(client.raw.readResource({ uri: 'demo://resource/dynamic/text/1' })).then(withoutTimes);
  return seen;
}

const withoutTimes = (value: unknown) => JSON.stringify(value).replace(/\d{1,2}:\d\d:\d\d( [AP]M)?/g, 'TIME');
