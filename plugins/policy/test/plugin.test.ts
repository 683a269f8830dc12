import { describe, expect, it } from 'vitest';
import { testPlugin, PluginTester, notSent } from '@gethelio/proxy/testing';
import { cliCommand, definePlugin, type CliCommand, type CliInput } from '@gethelio/proxy/plugin';
import {
  flaggedDestructive,
  matchedRules,
  policyRules,
  policyTrace,
  sessionContext,
} from '@gethelio/proxy/contracts/policy';
import { z } from 'zod';
import { policy } from '../index.ts';
import { answerText, explainCommand } from '../cli.ts';
import { explainCall } from '../explain.ts';
import type { PolicyTrace } from '../trace.ts';
import { lintAgainstTools } from '../lint.ts';
import { compileForTest } from './compile.ts';
import { words } from './words.ts';

const start = (yaml: string, more: object = {}) =>
  testPlugin(policy, { with: ['identity'], plugins: [words], yaml, ...more });

PluginTester.run(policy, {
  with: ['identity'],
  plugins: [words],
  yaml: `
policies:
  default: deny
  rules:
    - { match: { tool: get_weather }, action: allow }
    - { match: { tool: pay, input: { '$.amount': { lte: 10 } } }, action: allow }
    - { match: { tool: burst, state: { calls: { window: 1h, key: global }, lt: 1 } }, action: allow }`,
  allows: [{ call: 'get_weather' }, { call: { name: 'pay', arguments: { amount: 10 } } }, { call: 'burst' }],
  denies: [
    { call: 'delete', code: 'policy_denied' },
    { call: { name: 'pay', arguments: { amount: 11 } }, code: 'policy_denied' },
  ],
});

describe('what other plugins get', () => {
  it('the rules that matched, with their compiled fields, names and identities', async () => {
    const test = await start(`
policies:
  default: allow
  rules:
    - { match: { tool: pay }, action: rate_limit, limits: { max_calls: 3, window: 1h }, tags: [money] }
    - { name: big, match: { tool: pay }, action: spend_limit, limits: { max_spend: { field: $.a, limit: 3 } } }
    - { match: { tool: [pay, refund] }, requires: [login] }
    - { match: { tool: pay }, action: rate_limit, limits: { max_calls: 9, window: 1d } }
    - { match: { tool: other }, action: deny }`);
    const { record } = await test.call('pay');
    const matched = record.facts.get(matchedRules)!;
    expect(matched.map(({ name }) => name)).toEqual(['pay#1', 'big', 'pay,refund#3', 'pay#4']);
    expect(matched[0]).toMatchObject({
      action: 'rate_limit',
      tags: ['money'],
      mode: 'enforce',
      fields: { limits: { calls: { max_calls: 3, window: '1h' } } },
    });
    expect(matched[1]!.fields).toEqual({ limits: { spend: { max_spend: { field: '$.a', limit: 3 } } } });
    expect(matched[1]!.identity).toBe('big');
    expect(matched[3]!.identity).toBe(`${matched[0]!.identity}~2`);
    expect(matched[2]!.fields).toEqual({ requires: ['login'] });
    await test.stop();
  });

  it('identities that neither a limit nor a place changes', async () => {
    const one = await start(
      "policies: { default: allow, rules: [{ match: { tool: pay, input: { '$.a': 1, '$.b': 2 } }, action: rate_limit, limits: { max_calls: 3, window: 1h } }] }",
    );
    const two = await start(
      "policies: { default: allow, rules: [{ match: { tool: x }, action: deny }, { action: rate_limit, match: { input: { '$.b': 2, '$.a': 1 }, tool: pay }, limits: { max_calls: 99, window: 2h } }] }",
    );
    const identity = async (test: typeof one) =>
      (await test.call({ name: 'pay', arguments: { a: 1, b: 2 } })).record.facts.get(matchedRules)!.at(-1)!.identity;
    expect(await identity(one)).toBe(await identity(two));
    await one.stop();
    await two.stop();
  });

  it('a trace, made only when somebody asks', async () => {
    const test = await start(`
policies:
  default: allow
  rules:
    - { match: { tool: 'delete_*' }, action: deny }
    - { match: { tool: pay, input: { '$.amount': { gt: 1000 }, '$.currency': GBP } }, action: deny }
    - { match: { tool: pay, input: { '$.amount': { gt: 5000 } } }, action: deny, mode: shadow }`);
    const { record } = await test.call({ name: 'pay', argumentsText: '{"amount": 2500.50, "currency": "GBP"}' });
    const trace = record.facts.get(policyTrace)!() as unknown as PolicyTrace;
    expect(trace.rules).toBe(3);
    expect(trace.tried.map(({ rule, result }) => [rule, result])).toEqual([
      ['pay#2', 'matched'],
      ['pay#3', 'not matched'],
    ]);
    expect(trace.tried[0]!.why).toContain('$.amount is 2500.50, gt 1000: holds');
    expect(trace.tried[0]!.why).toContain('$.currency is "GBP", eq "GBP": holds');
    expect(trace.tried[1]!.why).toContain('$.amount is 2500.50, gt 5000: does not hold');
    expect(trace.change).toMatchObject({
      sentence: 'with $.amount 1000 or less (now 2500.50)',
      effect: 'allow',
      arguments: { '$.amount': 1000 },
    });
    await test.stop();
  });
});

describe('values in a trace', () => {
  it('stand there whole or not at all, so that redaction finds them', async () => {
    const long = 'planted-secret-'.repeat(10);
    const test = await start(
      "policies: { default: allow, rules: [{ match: { tool: pay, input: { '$.key': { contains: x }, '$.list': { length: 1 } } }, action: deny }] }",
    );
    const { record } = await test.call({ name: 'pay', arguments: { key: long, list: [long, long] } });
    const trace = JSON.stringify(record.facts.get(policyTrace)!());
    expect(trace).not.toContain('planted-secret');
    expect(trace).toContain('$.key is text of 150 characters');
    expect(trace).toContain('$.list is a list of 2');
    await test.stop();
  });
});

describe('feedback', () => {
  const told = async (
    rules: string,
    call: Parameters<Awaited<ReturnType<typeof start>>['call']>[0],
    defaults = 'allow',
  ) => {
    const test = await start(`policies: { default: ${defaults}, rules: [${rules}] }`);
    const { decision } = await test.call(call);
    await test.stop();
    return decision.verdicts.find(({ effect, plugin }) => effect === 'deny' && plugin === 'policy')!;
  };

  it('says what to change, and proves it first', async () => {
    const verdict = await told("{ match: { tool: pay, input: { '$.amount': { gt: 1000 } } }, action: deny }", {
      name: 'pay',
      arguments: { amount: 2000 },
    });
    expect(verdict).toMatchObject({
      retry: { allowed: true },
      suggestion: 'Call pay again with $.amount 1000 or less (now 2000): it would be allowed.',
    });
  });
  it('says that a person would be asked', async () => {
    const verdict = await told(
      "{ match: { tool: pay, input: { '$.amount': { gte: 1000 } } }, action: deny }, { match: { tool: pay }, action: require_approval }",
      { name: 'pay', arguments: { amount: 2000 } },
    );
    expect(verdict.suggestion).toBe('Call pay again with $.amount less than 1000 (now 2000): a person would be asked.');
  });
  it('changes two arguments where one is not enough', async () => {
    const rules =
      "{ match: { tool: pay, input: { '$.amount': { gt: 10 } } }, action: deny }, { match: { tool: pay, input: { '$.currency': { neq: GBP } } }, action: deny }";
    const verdict = await told(rules, { name: 'pay', arguments: { amount: 20, currency: 'EUR' } });
    expect(verdict.suggestion).toBe(
      'Call pay again with $.amount 10 or less (now 20) and $.currency "GBP" (now "EUR"): it would be allowed.',
    );
  });
  it('finds what an allow would need', async () => {
    const verdict = await told(
      "{ match: { tool: pay, input: { '$.amount': { lte: 10 }, '$.to': [alice, bob] } }, action: allow }",
      { name: 'pay', arguments: { amount: 20, to: 'eve' } },
      'deny',
    );
    expect(verdict.suggestion).toBe(
      'Call pay again with $.amount 10 or less (now 20) and $.to "alice" (now "eve"): it would be allowed.',
    );
  });
  it('compares with another argument', async () => {
    const verdict = await told(
      "{ match: { tool: pay, input: { '$.amount': { gt_input: '$.limit' } } }, action: deny }",
      { name: 'pay', arguments: { amount: 20, limit: 7 } },
    );
    expect(verdict.suggestion).toContain('$.amount 7 or less ($.limit) (now 20)');
  });
  it('does not search large arguments, where that would cost more than the call', async () => {
    const rules = "{ match: { tool: pay, input: { '$..amount': { gt: 10 } } }, action: deny }";
    const lines = Array.from({ length: 8_000 }, () => ({ amount: 20 }));
    expect((await told(rules, { name: 'pay', arguments: { lines } })).suggestion).toBeUndefined();
  });
  it('offers no retry where nothing would help', async () => {
    expect(await told('{ match: { tool: pay }, action: deny }', 'pay')).toMatchObject({ retry: { allowed: false } });
    expect(await told('', 'pay', 'deny')).toMatchObject({ retry: { allowed: false } });
  });
});

describe('flag_destructive', () => {
  const tools = [
    {
      name: 'wipe',
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    },
    {
      name: 'look',
      annotations: { readOnlyHint: true, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    },
    {
      name: 'add',
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
    },
  ];
  it('marks what says that it destroys, and stays out of the way', async () => {
    const test = await start('policies: { default: allow }');
    test.upstream.advertises(...tools);
    const marks = [];
    for (const { name } of tools) {
      const told = await test.call(name);
      expect(told.effect).toBe('allow');
      marks.push(told.record.facts.get(flaggedDestructive));
    }
    expect(marks).toEqual(['log', undefined, undefined]);
    await test.stop();
  });
  it('asks a person when told to, but not past a final rule', async () => {
    const test = await start(
      "policies: { default: allow, flag_destructive: require_approval, rules: [{ match: { tool: wipe, input: { '$.test': true } }, action: allow, final: true }] }",
    );
    test.upstream.advertises(...tools);
    const effects = [];
    for (const call of [
      { name: 'wipe' },
      { name: 'look' },
      { name: 'add' },
      { name: 'wipe', arguments: { test: true } },
    ])
      effects.push((await test.explain(call)).decision);
    expect(effects.map(({ effect }) => effect)).toEqual(['hold', 'allow', 'allow', 'allow']);
    expect(effects[0]!.verdicts[0]).toMatchObject({ code: 'destructive_tool' });
    await test.stop();
  });
});

describe('shadow', () => {
  it('is recorded outside the fold', async () => {
    const test = await start(
      'policies: { default: allow, rules: [{ match: { tool: a }, action: deny, mode: shadow }] }',
    );
    const { decision, outcome } = await test.call('a');
    expect(outcome).toBe('forwarded');
    expect(decision.verdicts.filter(({ shadow }) => shadow)).toMatchObject([{ effect: 'deny', rule: { name: 'a#1' } }]);
    await test.stop();
  });
});

describe('hide_denied', () => {
  const yaml = `
identity: { agent: { header: x-agent } }
policies:
  default: allow
  hide_denied: true
  rules:
    - { match: { tool: 'delete_*' }, action: deny }
    - { match: { tool: pay, agent: { not: boss } }, action: deny }
    - { match: { tool: transfer, input: { '$.amount': { gt: 5 } } }, action: deny }
    - { match: { tool: late, annotations: { destructiveHint: true } }, action: deny }`;
  const all = ['delete_all', 'pay', 'transfer', 'late', 'get'];
  const list = async (test: Awaited<ReturnType<typeof start>>, headers: Record<string, string>, more = {}) => {
    test.upstream.answers('tools/list', {
      tools: all.map((name) => ({ name, inputSchema: { type: 'object' } })),
      ...more,
    });
    const { answer } = await test.call({ kind: 'list', name: 'tools/list', headers });
    return answer!.value() as { tools: { name: string }[]; ttlMs?: number; cacheScope?: string };
  };

  it('lists what may be callable, and answers for the rest as for unknown tools', async () => {
    const test = await start(yaml);
    for (const who of ['boss', 'intern', undefined]) {
      const headers: Record<string, string> = who === undefined ? {} : { 'x-agent': who };
      const shown = (await list(test, headers)).tools.map(({ name }) => name);
      for (const name of all) {
        const { answer, effect } = await test.call({ name, headers, arguments: { amount: 1 } });
        const unknown = (answer?.value() as { code?: number }).code === -32602;
        expect(unknown, `${name} for ${who}`).toBe(!shown.includes(name));
        expect(effect === 'allow', `${name} for ${who}`).toBe(shown.includes(name));
      }
      expect(shown).toEqual(who === 'boss' ? ['pay', 'transfer', 'get'] : ['transfer', 'get']);
    }
    await test.stop();
  });

  it('denies openly what other arguments would open', async () => {
    const test = await start(yaml);
    const { answer, code } = await test.call({ name: 'transfer', arguments: { amount: 9 } });
    expect(code).toBe('policy_denied');
    expect((answer!.value() as { isError?: boolean }).isError).toBe(true);
    await test.stop();
  });

  it('takes a modern list out of shared caches', async () => {
    const test = await start(yaml);
    expect(await list(test, {}, { ttlMs: 60_000, cacheScope: 'public' })).toMatchObject({
      ttlMs: 0,
      cacheScope: 'private',
    });
    await test.stop();
  });

  it('leaves the list alone when it is off', async () => {
    const test = await start(yaml.replace('hide_denied: true', 'hide_denied: false'));
    expect((await list(test, {}, { ttlMs: 60_000, cacheScope: 'public' })).tools.length).toBe(all.length);
    await test.stop();
  });
});

describe('state', () => {
  const yaml = `
policies:
  default: allow
  rules:
    - { match: { tool: send, state: { calls: { tool: 'send*', window: 1h, key: session }, gte: 3 } }, action: deny }
    - { match: { tool: pay, state: { spend: { tool: pay, field: $.amount, window: 24h, key: agent }, gt: 1 } }, action: deny }
identity: { agent: { header: x-agent } }`;
  const send = (session: string, name = 'send') => ({ name, session });
  const pay = (amount: unknown) => ({
    name: 'pay',
    headers: { 'x-agent': 'a' },
    argumentsText: `{"amount":${String(amount)}}`,
  });

  it('counts calls by glob and key in a sliding window', async () => {
    const test = await start(yaml);
    for (const name of ['send', 'send_all', 'send']) expect((await test.call(send('one', name))).effect).toBe('allow');
    expect((await test.call(send('one'))).effect).toBe('deny');
    expect((await test.call(send('two'))).effect).toBe('allow');
    test.clock.advance(3_600_001);
    expect((await test.call(send('one'))).effect).toBe('allow');
    await test.stop();
  });

  it('counts nothing that provably did not reach the upstream, and nothing for explain', async () => {
    const test = await start(yaml);
    test.upstream.answers('send', notSent);
    for (let i = 0; i < 5; i++) expect((await test.call(send('one'))).outcome).toBe('not_sent');
    for (let i = 0; i < 5; i++)
      expect((await test.explain({ name: 'send', session: 'one' })).decision.effect).toBe('allow');
    await test.stop();
  });

  it('denies where the key is not established', async () => {
    const test = await start(yaml);
    expect((await test.call('send')).effect).toBe('deny');
    await test.stop();
  });

  it('sums money exactly', async () => {
    const test = await start(yaml);
    for (let i = 0; i < 10; i++) expect((await test.call(pay('0.1'))).effect, `payment ${i}`).toBe('allow');
    expect((await test.call(pay('0.1'))).effect, 'so far exactly 1').toBe('allow');
    expect((await test.call(pay('0.1'))).effect, 'so far 1.1').toBe('deny');
    await test.stop();
  });

  it.each(['"5"', '-1', 'null', 'true', '[1]'])('denies an amount that is %s', async (amount) => {
    const test = await start(yaml);
    const { decision } = await test.call(pay(amount));
    expect(decision.effect).toBe('deny');
    expect(decision.verdicts.some(({ code }) => code === 'invalid_amount')).toBe(true);
    await test.stop();
  });

  it('tells in the trace what was counted when it was judged', async () => {
    const test = await start(yaml);
    await test.call(send('one'));
    const { facts } = await test.explain({ name: 'send', session: 'one' });
    const trace = facts.get(policyTrace)!() as unknown as PolicyTrace;
    expect(trace.tried[0]!.why).toContain('calls of send* so far by session: 1, gte 3: does not hold');
    await test.stop();
  });

  it('names the store to add when there is none', async () => {
    const section = {
      rules: [{ match: { state: { calls: { window: '1h', tool: '*', key: 'global' }, gt: 1 } }, action: 'deny' }],
    };
    expect(() => compileForTest(section)).toThrow('no plugin keeps the counts');
  });
});

describe('context', () => {
  const sdk = definePlugin({
    name: 'sdk-stand-in',
    apiVersion: 1,
    config: z.strictObject({}).prefault({}),
    register({ contribute }) {
      contribute(sessionContext, { get: (id) => (id === 's' ? { role: 'support', level: 3 } : undefined) });
    },
  });
  it('asks what the SDK set for the session', async () => {
    const yaml =
      'policies: { default: deny, rules: [{ match: { tool: see, context: { role: support, level: { gte: 3 } } }, action: allow }] }';
    const test = await start(yaml, { plugins: [words, sdk] });
    expect((await test.call({ name: 'see', session: 's' })).effect).toBe('allow');
    expect((await test.call({ name: 'see', session: 't' })).effect).toBe('deny');
    expect((await test.call('see')).effect).toBe('deny');
    await test.stop();
  });
});

describe('explain and the rules as written', () => {
  const yaml = `
policies:
  default: allow
  rules:
    # money
    - match: { tool: pay, input: { '$.amount': { gt: 1000 } } }
      action: deny
      tags: [money]

    - name: nothing is deleted
      match: { tool: 'delete_*' }
      action: deny`;

  it('shows every rule as it stands in the file', async () => {
    const reader = definePlugin({
      name: 'reader',
      apiVersion: 1,
      config: z.strictObject({}).prefault({}),
      needs: { policyRules },
      register({ needs, onStart }) {
        onStart(() => void (rules = needs.policyRules));
      },
    });
    let rules: { rules: readonly { name: string; line: number; source: string }[]; default: string } | undefined;
    const test = await start(yaml, { plugins: [words, reader] });
    const [first, second] = rules!.rules;
    expect(first!.source).toBe(
      "    - match: { tool: pay, input: { '$.amount': { gt: 1000 } } }\n      action: deny\n      tags: [money]",
    );
    expect(second!.name).toBe('nothing is deleted');
    expect(second!.line).toBe(first!.line + 4);
    await test.stop();
  });

  it('answers on a terminal what a person asks', async () => {
    const test = await start(yaml);
    const text = answerText(await explainCall(test.kernel, { tool: 'pay', arguments: { amount: 2000 } }), true);
    expect(text).toContain('pay: DENIED');
    expect(text).toMatch(/\+ pay#1 \(line \d+\): matched, says deny/);
    expect(text).toContain('$.amount is 2000, gt 1000: holds');
    expect(text).toContain('Smallest change: with $.amount 1000 or less (now 2000)');
    expect(answerText(await explainCall(test.kernel, { tool: 'a\u001b[31m' }), true)).not.toMatch(/\u001b/);
    await test.stop();
  });

  const cli = (test: Awaited<ReturnType<typeof start>>, options: CliInput['options'], ask: CliInput['ask']) => {
    const said: string[] = [];
    const noted: string[] = [];
    const input = {
      args: ['pay'],
      options,
      json: options['json'] === true,
      out: (line: string) => void said.push(line),
      note: (line: string) => void noted.push(line),
      columns: 80,
      openStores: async () => {},
      ask,
    } as CliInput;
    return { input, said, noted, command: explainCommand(test.kernel) };
  };
  const unreachable = () => Promise.reject(Object.assign(new Error('nobody there'), { code: 'HELIO_CLI_UNREACHABLE' }));

  it('asks the files when no Helio runs, and exits with 5 when told to', async () => {
    const test = await start(yaml);
    const { input, said, command } = cli(test, { args: '{"amount": 2000}', exitCode: true }, unreachable);
    expect(await command.run(input)).toBe(5);
    expect(said.join('\n')).toContain('no running Helio was asked');
    const fine = cli(test, { args: '{"amount": 20}', exitCode: true, json: true }, unreachable);
    expect(await fine.command.run(fine.input)).toBe(0);
    expect(JSON.parse(fine.said[0]!)).toMatchObject({ tool: 'pay', decision: { effect: 'allow' } });
    await test.stop();
  });

  it('asks the running Helio first', async () => {
    const test = await start(yaml);
    const asked: unknown[] = [];
    const answer = { tool: 'pay', decision: { effect: 'hold', verdicts: [] }, feedback: null, trace: null, steps: [] };
    const { input, said, command } = cli(test, { agent: 'a', now: '2026-03-02T09:00:00Z' }, async (...all) => {
      asked.push(all);
      return answer;
    });
    expect(await command.run(input)).toBe(0);
    expect(asked).toEqual([
      ['POST', '/api/explain', { tool: 'pay', agent: 'a', nowMs: Date.parse('2026-03-02T09:00:00Z') }],
    ]);
    expect(said[0]).toContain('HELD FOR APPROVAL');
    await test.stop();
  });

  it.each([
    [{ args: '[1]' }, '--args'],
    [{ args: '{' }, '--args'],
    [{ now: 'soon' }, '--now'],
    [{ kind: 'file' }, '--kind'],
  ] as const)('refuses %j with a sentence', async (options, word) => {
    const test = await start(yaml);
    const { input, noted, command } = cli(test, options, unreachable);
    expect(await command.run(input)).toBe(2);
    expect(noted[0]).toContain(word);
    await test.stop();
  });

  it('is a command of helio', async () => {
    const test = await start(yaml);
    expect(test.generation.extensions.collect<CliCommand>(cliCommand).map(({ name }) => name)).toContain('explain');
    await test.stop();
  });
});

describe('what only the catalogue tells', () => {
  const definition = (name: string, properties: object) =>
    ({ name, inputSchema: { type: 'object', properties } }) as never;
  it('warns of numbers compared with text, and of names that nobody advertises', () => {
    const policy = compileForTest({
      rules: [
        { match: { tool: 'pay', input: { '$.amount': { gt: 5 }, '$.items[0].price': { lt: 1 } } }, action: 'deny' },
        { match: { tool: 'delte_*' }, action: 'deny' },
        { match: { tool: 'pay', input: { '$.count': { gt: 5 } } }, action: 'deny' },
      ],
    });
    const tools = [
      definition('pay', {
        amount: { type: 'string' },
        count: { type: 'integer' },
        items: { items: { properties: { price: { type: 'number' } } } },
      }),
      definition('delete_all', {}),
    ];
    const warnings = lintAgainstTools(policy, ['policies'], tools);
    expect(warnings.map(({ code, path }) => [code, path.slice(2).join('.')])).toEqual([
      ['HELIO_POLICY_NUMBER_ON_TEXT', '0.match.input.$.amount'],
      ['HELIO_POLICY_NO_SUCH_TOOL', '1.match.tool'],
    ]);
  });
});
