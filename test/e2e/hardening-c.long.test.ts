/** Limits and money against what is meant to slip past them: every line of it sent to the built product. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { post } from '../fixtures/helio.ts';
import { answers, type Answering } from '../fixtures/recording-upstream.ts';
import { setStage, tally, type Stage } from '../fixtures/stage.ts';

let stage: Stage;
afterEach(() => stage.stop());

const spending = (
  limit: string,
  more = '',
) => `plugins: [policy, identity, state-sqlite, operator, spend-limits, audit, feedback]
policies:
  default: allow
  rules:
    - match: { tool: create_payment }
      name: payments
      action: spend_limit
      limits: { max_spend: { field: '$.amount', limit: ${limit}, currency: GBP, window: 24h } }
${more}`;
const pots = `plugins: [policy, identity, state-sqlite, operator, budgets, audit, feedback]
policies: { default: allow }
budgets:
  - { name: purse, limit: 100, currency: GBP, window: day, contributors: [{ tool: create_payment, field: '$.amount' }] }
`;
const used = async (): Promise<string> => {
  const { limits } = await stage.operator('GET', '/api/limits');
  return limits[0].keys[0]?.used ?? '0';
};
/** The call as raw JSON, so that numbers arrive as they are written. */
const raw = (args: string) =>
  `{"jsonrpc":"2.0","id":"raw","method":"tools/call","params":{"name":"create_payment","arguments":${args}}}`;

describe('an amount that is none', () => {
  const none: readonly (readonly [string, string])[] = [
    ['a string', '"5"'],
    ['a string of nothing', '""'],
    ['a string of spaces', '" 5 "'],
    ['a list', '[5]'],
    ['an empty list', '[]'],
    ['an object', '{"value":5}'],
    ['true', 'true'],
    ['false', 'false'],
    ['null', 'null'],
    ['a negative number', '-5'],
    ['the smallest negative number', '-0.000000000000000001'],
    ['a number of 300 digits', '9'.repeat(300)],
    ['a fraction of 300 digits', `0.${'0'.repeat(299)}1`],
    ['NaN as a text', '"NaN"'],
    ['Infinity as a text', '"Infinity"'],
    ['a number in another notation as a text', '"0x5"'],
  ];

  it.each([
    ['a spend limit', spending('100')],
    ['a budget', pots],
  ])('is refused under %s with invalid_amount, taken nowhere, recorded, and never sent', async (_what, yaml) => {
    stage = await setStage(yaml);
    await post(stage.helios[0]!.mcp, raw('{"amount":0}')); // what a list fetched first is no part of this
    stage.upstream.forget();
    const reasons: [string, unknown][] = [];
    for (const [what, text] of [...none, ['missing', ''] as const]) {
      const { json } = await post(stage.helios[0]!.mcp, raw(text === '' ? '{}' : `{"amount":${text},"mark":"zebra"}`));
      reasons.push([what, json.result?._meta?.['com.gethelio/feedback']?.reason]);
    }
    expect(reasons).toEqual([...none, ['missing']].map(([what]) => [what, 'invalid_amount']));
    expect(stage.upstream.bytes().toString()).not.toContain('zebra');
    expect(stage.upstream.calls()).toHaveLength(0);
    const { rows } = await stage.operator('GET', '/api/audit?q=outcome:denied&limit=100');
    expect(rows).toHaveLength(none.length + 1);
  });

  it('is refused before any rule where no number can hold it, and recorded', async () => {
    stage = await setStage(spending('100'));
    const unheld = ['1e999', '-1e999', '9'.repeat(400), `0.${'0'.repeat(399)}1`];
    for (const text of unheld) {
      const { json } = await post(stage.helios[0]!.mcp, raw(`{"amount":${text},"mark":"zebra"}`));
      expect(json.error.code).toBe(-32600);
    }
    expect(stage.upstream.bytes().toString()).not.toContain('zebra');
    expect(await used()).toBe('0');
    const { rows } = await stage.operator('GET', '/api/audit?q=kind:refusal');
    expect(rows.map((row: any) => row.code)).toEqual(unheld.map(() => 'number_out_of_range'));
  });

  it('of the wrong type makes a rule that restricts hold, and one that allows not', async () => {
    stage = await setStage(`plugins: [policy, feedback]
policies:
  default: deny
  rules:
    - match: { tool: create_payment, input: { '$.amount': { gt: 1000 } } }
      action: deny
    - match: { tool: create_payment }
      action: allow
    - match: { tool: process_refund, input: { '$.amount': { lt: 10 } } }
      action: allow
`);
    for (const amount of ['5', ['5'], { v: 5 }, true]) {
      expect(await stage.reason('create_payment', { amount })).toBe('policy_denied');
      expect(await stage.reason('process_refund', { amount })).toBe('policy_denied');
    }
    expect(await stage.reason('create_payment', { amount: 5 })).toBe('sent');
    expect(await stage.reason('process_refund', { amount: 5 })).toBe('sent');
  });
});

describe('amounts are exact', () => {
  it('10,000 times 0.1 is 1,000, and not a bit more fits', async () => {
    stage = await setStage(spending('1000').replace("'$.amount'", "'$.items[*]'"));
    const items = Array.from({ length: 10_000 }, () => 0.1);
    expect(await stage.reason('create_payment', { items })).toBe('sent');
    expect(await used()).toBe('1000');
    expect(await stage.call('create_payment', { items: [1e-18] })).toMatchObject({
      reason: 'spend_limited',
      remaining: '0',
    });
  });

  it('beyond what a binary float tells apart', async () => {
    stage = await setStage(spending("'9007199254740993'"));
    const pay = async (amount: string) =>
      (await post(stage.helios[0]!.mcp, raw(`{"amount":${amount}}`))).json.result._meta?.['com.gethelio/feedback']
        ?.reason;
    expect(await pay('9007199254740994')).toBe('spend_limited');
    expect(await pay('9007199254740993.000000000000000001')).toBe('spend_limited');
    expect(await pay('9007199254740992.999999999999999999')).toBe(undefined);
    expect(await pay('0.000000000000000002')).toBe('spend_limited');
    expect(await pay('0.000000000000000001')).toBe(undefined);
    expect(await used()).toBe('9007199254740993');
  });
});

describe('whoever tries to be counted nowhere', () => {
  const keyed = (key: string) => `plugins: [policy, identity, state-sqlite, rate-limits, feedback]
identity: { agent: { header: x-agent-key, keys: [{ key: key-of-ada-0001, agent: ada }, { key: key-of-bob-0001, agent: bob }] } }
policies:
  default: allow
  rules:
    - match: { tool: echo }
      action: rate_limit
      limits: { max_calls: 2, window: 1h, key: ${key} }
`;

  it.each(['session', 'agent'])('is refused where the %s is counted and there is none', async (key) => {
    stage = await setStage(keyed(key));
    expect(await stage.call('echo')).toMatchObject({ reason: 'session_unresolved', needs: key });
    expect(await stage.reason('echo', {}, { headers: { 'x-agent-key': 'a-key-that-nobody-has' } })).toBe(
      'session_unresolved',
    );
    expect(stage.upstream.calls()).toHaveLength(0);
  });

  it('does not refill a pot of the agent with another session', async () => {
    stage = await setStage(keyed('agent'), { processes: 2 });
    const told = [];
    for (let n = 0; n < 6; n += 1) {
      const headers = { 'x-agent-key': 'key-of-ada-0001', 'x-helio-session-id': `fresh-${n}` };
      told.push(await stage.reason('echo', {}, { through: n, headers }));
    }
    expect(tally(told)).toEqual({ sent: 2, rate_limited: 4 });
    expect(await stage.reason('echo', {}, { headers: { 'x-agent-key': 'key-of-bob-0001' } })).toBe('sent');
  });
});

describe('what was taken', () => {
  const provablyNothing: readonly (readonly [string, Answering])[] = [
    ...[401, 403, 404, 405, 413, 415].map((status) => [`HTTP ${status}`, answers.status(status)] as const),
    ...[-32700, -32600, -32601, -32602].map((code) => [`error ${code}`, answers.error(code, 'no')] as const),
  ];
  const nobodyKnows: readonly (readonly [string, Answering])[] = [
    ['HTTP 500', answers.status(500)],
    ['HTTP 502', answers.status(502)],
    ['HTTP 429', answers.status(429)],
    ['error -32603', answers.error(-32603, 'internal')],
    ['error -32000', answers.error(-32000, 'failed', { acted: false })],
    ['isError', answers.text('the card was refused', true)],
    ['no JSON', answers.raw('<html>')],
    ['an answer under another id', answers.underId('somebody-elses')],
    ['an answer that ends early', answers.closeEarly()],
    ['a reset connection', answers.reset()],
  ];

  it('is given back only where the upstream provably did nothing', async () => {
    stage = await setStage(spending('100'));
    await stage.reason('create_payment', { amount: 1 });
    const given: [string, string][] = [];
    let expected = 1;
    for (const [what, answering] of [...provablyNothing, ...nobodyKnows]) {
      stage.upstream.next('tools/call', answering);
      await post(stage.helios[0]!.mcp, raw('{"amount":2}'));
      const isKept = nobodyKnows.some(([one]) => one === what);
      if (isKept) expected += 2;
      given.push([what, (await used()) === String(expected) ? 'right' : `wrong: ${await used()} for ${expected}`]);
    }
    expect(given).toEqual([...provablyNothing, ...nobodyKnows].map(([what]) => [what, 'right']));
  });

  it('is given back when there is no upstream to connect to', async () => {
    stage = await setStage(spending('100'));
    await stage.reason('create_payment', { amount: 1 });
    await stage.upstream.stop();
    const told = await stage.call('create_payment', { amount: 99 });
    expect(told).toMatchObject({ reason: 'upstream_unavailable' });
    expect(await used()).toBe('1');
  });

  it('stays taken after a kill -9 before the answer, right at once after the restart, and seen by the other process', async () => {
    stage = await setStage(spending('100'), { processes: 2 });
    stage.upstream.on('tools/call', answers.hang());
    const open = [1, 2, 3].map(() => stage.call('create_payment', { amount: 30 }).catch(() => undefined));
    await expect.poll(() => stage.upstream.calls().length, { timeout: 10_000 }).toBe(3);
    await stage.helios[0]!.kill();
    await Promise.all(open);
    expect(await stage.call('create_payment', { amount: 30 }, { through: 1 })).toMatchObject({
      reason: 'spend_limited',
      remaining: '10',
    });
    await stage.start();
    expect(await stage.call('create_payment', { amount: 10.01 }, { through: 2 })).toMatchObject({
      reason: 'spend_limited',
      remaining: '10',
    });
    expect(await used()).toBe('90');
  });

  it('does not move with its rule: reordered, with another limit, reloaded and restarted', async () => {
    const rule = (name: string, tool: string, limit: number) =>
      `    - match: { tool: ${tool} }\n      action: spend_limit\n${name}      limits: { max_spend: { field: '$.amount', limit: ${limit}, window: 24h, key: global } }\n`;
    const file = (...rules: string[]) =>
      `plugins: [policy, identity, state-sqlite, operator, spend-limits, feedback]\npolicies:\n  default: allow\n  rules:\n${rules.join('')}`;
    const [named, unnamed] = [
      (limit: number) => rule('      name: payments\n', 'create_payment', limit),
      (limit: number) => rule('', 'process_refund', limit),
    ];
    stage = await setStage(file(named(100), unnamed(100)));
    await stage.reason('create_payment', { amount: 60 });
    await stage.reason('process_refund', { amount: 40 });
    const both = async () => [
      (await stage.call('create_payment', { amount: 1_000 }))?.['remaining'],
      (await stage.call('process_refund', { amount: 1_000 }))?.['remaining'],
    ];
    expect(await both()).toEqual(['40', '60']);

    const turned = file(unnamed(150), rule('', 'echo', 5), named(200));
    const path = join(stage.folder, 'helio.yaml');
    const [head] = (await readFile(path, 'utf8')).split('plugins:');
    await writeFile(path, head + turned);
    await expect.poll(both, { timeout: 10_000 }).toEqual(['140', '110']);

    await stage.helios[0]!.stop();
    (stage.helios as unknown[]).shift();
    await stage.start(turned);
    expect(await both()).toEqual(['140', '110']);
  });
});

it('of many random keys a new one is refused at the cap, and one that is in use never loses its count', async () => {
  stage = await setStage(`plugins: [policy, identity, state-sqlite, rate-limits, feedback]
state-sqlite: { max_buckets: 20 }
policies:
  default: allow
  rules:
    - match: { tool: echo }
      action: rate_limit
      limits: { max_calls: 2, window: 1h, key: session }
`);
  const by = (session: string) => stage.reason('echo', {}, { headers: { 'x-helio-session-id': session } });
  expect(await by('regular')).toBe('sent');
  const told = await Promise.all(Array.from({ length: 200 }, (_, n) => by(`random-${n}`)));
  expect(tally(told)).toEqual({ sent: 19, rate_limited: 181 });
  expect(await by('regular')).toBe('sent');
  expect(await by('regular')).toBe('rate_limited');
});
