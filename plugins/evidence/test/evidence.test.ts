import { policyTests } from './refund.ts';
import { notSent, Refused, testPlugin, text, unknown, type PluginTest } from '@gethelio/proxy/testing';
import { definePlugin } from '@gethelio/proxy/plugin';
import { documents as stored, type Documents } from '@gethelio/proxy/contracts/state';
import { z } from 'zod';
import { afterEach, describe, expect, it } from 'vitest';
import { evidence } from '../index.ts';

const { simple, bound, order } = policyTests;
let test: PluginTest;
afterEach(() => test.stop());

async function start(yaml: string, config?: { ttl?: string; from_calls?: boolean }): Promise<PluginTest> {
  test = await testPlugin(evidence, { with: ['policy', 'identity', 'feedback'], yaml, ...(config && { config }) });
  test.upstream.answers('orders.lookup', (args) =>
    text('found', { structuredContent: order(args['order_id'] as string) }),
  );
  return test;
}
const lookup = (id: string, session = 's1') =>
  test.call({ name: 'orders.lookup', arguments: { order_id: id }, session });
const refund = (args: { order_id: string; amount?: number }, session = 's1') =>
  test.call({ name: 'process_refund', arguments: args, session });

describe('a rule that requires evidence', () => {
  it('denies with the next call to make, and lets the retry through once it was made', async () => {
    await start(simple);
    test.upstream.advertises(
      { name: 'process_refund' },
      {
        name: 'orders.lookup',
        inputSchema: { type: 'object', properties: { order_id: { type: 'string' } }, required: ['order_id'] },
      },
    );
    const denied = await refund({ order_id: 'A-17' });
    expect(denied).toMatchObject({
      effect: 'deny',
      code: 'evidence_missing',
      feedback: { missing_evidence: ['orders.lookup'], retry_allowed: true },
    });
    expect(denied.text).toContain('Call orders.lookup with order_id "A-17" before retrying');
    await lookup('A-17');
    expect((await refund({ order_id: 'A-17' })).outcome).toBe('forwarded');
  });

  it('takes no evidence from a failed call, from isError, from an unknown outcome or from another session', async () => {
    await start(simple);
    test.upstream.answers('orders.lookup', text('no such order', { isError: true }));
    await lookup('A-17');
    test.upstream.answers('orders.lookup', notSent);
    await lookup('A-17');
    test.upstream.answers('orders.lookup', unknown);
    await lookup('A-17');
    test.upstream.answers('orders.lookup', text('ok'));
    await lookup('A-17', 'another session');
    expect((await refund({ order_id: 'A-17' })).code).toBe('evidence_missing');
  });

  it('tells expired apart from missing, and takes a fresh lookup', async () => {
    await start(simple, { ttl: '60s' });
    await lookup('A-17');
    test.clock.advance(61_000);
    expect(await refund({ order_id: 'A-17' })).toMatchObject({
      code: 'evidence_expired',
      feedback: { expired_evidence: ['orders.lookup'] },
    });
    await lookup('A-17');
    expect((await refund({ order_id: 'A-17' })).outcome).toBe('forwarded');
  });

  it('denies a call that belongs to no session', async () => {
    await start(simple);
    expect((await test.call({ name: 'process_refund', arguments: { order_id: 'A-17' } })).code).toBe(
      'session_unresolved',
    );
  });

  it('does not count calls when from_calls is off', async () => {
    await start(simple, { from_calls: false });
    await lookup('A-17');
    expect((await refund({ order_id: 'A-17' })).code).toBe('evidence_missing');
  });
});

describe('evidence bound to values', () => {
  it('denies the refund of another order, and says which comparison failed without a value of that order', async () => {
    await start(bound);
    await lookup('B-99');
    const told = await refund({ order_id: 'A-17', amount: 5 });
    expect(told.code).toBe('evidence_mismatch');
    expect(told.text).toContain('$.order_id equals_input "$.order_id"');
    expect(told.text).not.toContain('B-99');
  });

  it('denies more than the total of the order, to the cent', async () => {
    await start(bound);
    await lookup('A-17');
    expect((await refund({ order_id: 'A-17', amount: 40.01 })).code).toBe('evidence_mismatch');
    expect((await refund({ order_id: 'A-17', amount: 40 })).outcome).toBe('forwarded');
  });

  it('compares exactly beyond what a binary float can tell apart', async () => {
    await start(bound);
    test.upstream.answers('orders.lookup', text('{"order_id":"A-17","total":9007199254740992}'));
    await lookup('A-17');
    const told = await test.call({
      name: 'process_refund',
      argumentsText: '{"order_id":"A-17","amount":9007199254740993}',
      session: 's1',
    });
    expect(told.code).toBe('evidence_mismatch');
  });

  it('is used up by one refund, and given back when the upstream provably did not act', async () => {
    await start(bound);
    await lookup('A-17');
    test.upstream.answers('process_refund', notSent);
    expect((await refund({ order_id: 'A-17', amount: 5 })).outcome).toBe('not_sent');
    test.upstream.answers('process_refund', text('done'));
    expect((await refund({ order_id: 'A-17', amount: 5 })).outcome).toBe('forwarded');
    expect((await refund({ order_id: 'A-17', amount: 5 })).code).toBe('evidence_missing');
  });

  it('lets exactly one of fifty parallel refunds go on one lookup', async () => {
    await start(bound);
    await lookup('A-17');
    const told = await Promise.all(Array.from({ length: 50 }, () => refund({ order_id: 'A-17', amount: 5 })));
    expect(told.filter(({ outcome }) => outcome === 'forwarded')).toHaveLength(1);
    expect(test.upstream.received.filter(({ name }) => name === 'process_refund')).toHaveLength(1);
  });

  it('keeps only the values at paths that rules name', async () => {
    await start(bound);
    await lookup('A-17');
    await refund({ order_id: 'A-17', amount: 5 });
    const entries = JSON.stringify(test.records.map(({ facts }) => facts.get({ id: 'evidence.chosen' })));
    expect(entries).toContain('$.total');
    expect(entries).not.toContain('jane@example.com');
  });
});

describe('a mistake in a rule', () => {
  it('is told once: a rule whose evidence is broken is not also said to do nothing', async () => {
    await start(simple);
    const yaml = `policies: { default: allow, rules: [{ match: { tool: x }, evidence: { requires: [{ name: y, max_age: 10 minutes }] } }] }`;
    const refused = await testPlugin(evidence, { with: ['policy', 'identity'], yaml }).catch((error: unknown) => error);
    expect((refused as Refused).problems.map(({ path }) => path.join('.'))).toEqual([
      'policies.rules.0.evidence.requires.0.max_age',
    ]);
  });

  it.each([
    ['a path that is none', "'$.order_id[' : { equals_input: '$.order_id' }"],
    ['an operator that is none', "'$.order_id': { equal_inputs: '$.order_id' }"],
  ])('is an error at load: %s', async (_what, where) => {
    await start(simple);
    const yaml = `policies: { default: allow, rules: [{ match: { tool: x }, evidence: { requires: [{ name: y, where: { ${where} } }] } }] }`;
    await expect(testPlugin(evidence, { with: ['policy', 'identity'], yaml })).rejects.toThrow(/evidence/);
  });
});

describe('audit.redact', () => {
  const yaml = (where: string, redact: string) => `audit: { redact: ${redact} }
policies:
  default: allow
  rules:
    - match: { tool: process_refund }
      evidence: { requires: [{ name: orders.lookup, where: ${where} }] }
`;
  let documents: Documents;
  const peek = definePlugin({
    name: 'peek',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    needs: { stored },
    register: ({ needs }) => void (documents = needs.stored),
  });
  const withAudit = (text: string) =>
    testPlugin(evidence, { with: ['policy', 'identity', 'feedback', 'audit'], plugins: [peek], yaml: text });

  it('holds for the values that are kept, and leaves exact numbers exact', async () => {
    test = await withAudit(
      yaml(
        "{ '$.order': { exists: true }, '$.total': { gte_input: '$.amount' } }",
        "[{ keys: [email] }, { paths: ['/answer/structuredContent/**/iban'], mode: drop }]",
      ),
    );
    test.upstream.answers(
      'orders.lookup',
      text('{"order":{"email":"jane@example.com","iban":"GB33BUKB"},"total":9007199254740993}'),
    );
    await lookup('A-17');
    const pay = (amount: string) =>
      test.call({ name: 'process_refund', argumentsText: `{"amount":${amount}}`, session: 's1' });
    expect((await pay('9007199254740994')).code).toBe('evidence_mismatch');
    expect((await pay('9007199254740993')).outcome).toBe('forwarded');
    const kept = JSON.stringify(await documents.list('evidence', { limit: 10 }));
    expect(kept).toContain('9007199254740993');
    expect(kept).not.toContain('jane@example.com');
    expect(kept).not.toContain('GB33BUKB');
  });

  it('of a value that a rule compares is a mistake, told when helio.yaml is checked', async () => {
    const refused = await withAudit(
      yaml("{ '$.card.number': { equals_input: '$.card' } }", '[{ keys: [card] }]'),
    ).catch((error: unknown) => error);
    expect((refused as Refused).problems.map(({ message }) => message)).toEqual([
      'audit.redact takes out what stands at $.card.number, so no evidence ever holds it and this is never met',
    ]);
    test = await withAudit(yaml("{ '$.total': { gte_input: '$.amount' } }", '[{ keys: [card] }]'));
  });
});
