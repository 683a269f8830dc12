import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { definePlugin, type Verdict } from '@gethelio/proxy/plugin';
import { matchedRules, type MatchedRule } from '@gethelio/proxy/contracts/policy';
import { PluginTester, testPlugin, type TestOptions, type Told } from '@gethelio/proxy/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import feedback from '../index.ts';
import { reasons } from '../reasons.ts';
import { feedbackPage } from '../reference.ts';

/** Gives the verdicts that a test wants, as if rules with these fields had matched. */
const saying = (verdicts: readonly Verdict[], fields: { readonly [rule: string]: object } = {}) =>
  definePlugin({
    name: 'test-judge',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    taps: ['evaluate'],
    register({ hooks }) {
      hooks.evaluate.tap(({ facts }) => {
        const rules = Object.entries(fields).map(([name, feedbackField]) => ({
          name,
          mode: 'enforce',
          fields: { feedback: feedbackField },
        }));
        facts.set(matchedRules, rules as unknown as readonly MatchedRule[]);
        return verdicts;
      });
    },
  });

async function told(
  verdicts: readonly Verdict[],
  options: TestOptions & { fields?: { [rule: string]: object }; kind?: 'tool' | 'prompt' } = {},
): Promise<Told> {
  const test = await testPlugin(feedback, { plugins: [saying(verdicts, options.fields)], ...options });
  try {
    return await test.call({ name: 'process_refund', kind: options.kind ?? 'tool' });
  } finally {
    await test.stop();
  }
}

const evidence: Verdict = {
  effect: 'deny',
  code: 'evidence_missing',
  reason: 'The rule wants orders.lookup first.',
  rule: { name: 'process_refund#2', line: 9 },
  details: { missing_evidence: ['orders.lookup'] },
  suggestion: 'Call orders.lookup with order_id "A-17" before retrying',
  retry: { allowed: true },
};
const limited: Verdict = {
  effect: 'deny',
  code: 'rate_limited',
  reason: 'The 100 calls of this hour are used up.',
  rule: { name: 'slow', line: 12 },
  details: { remaining: 0 },
  retry: { allowed: true, afterMs: 61_000 },
};
const denied: Verdict = {
  effect: 'deny',
  code: 'policy_denied',
  reason: 'The rule "no" denies it.',
  rule: { name: 'no', line: 3 },
  retry: { allowed: false },
};

PluginTester.run(feedback, {
  plugins: [saying([evidence])],
  denies: [{ call: 'process_refund', code: 'evidence_missing' }],
});

describe('the feedback object', () => {
  it('names what is missing, the rule, the next call and whether to retry', async () => {
    const { feedback: object, text, record } = await told([evidence]);
    expect(object).toEqual({
      blocked: true,
      reason: 'evidence_missing',
      message: 'The rule wants orders.lookup first.',
      rule: 'process_refund#2',
      missing_evidence: ['orders.lookup'],
      suggestion: 'Call orders.lookup with order_id "A-17" before retrying',
      retry_allowed: true,
      decision_id: record.id,
    });
    expect(text.split('\n')[0]).toBe(
      'The rule wants orders.lookup first. Call orders.lookup with order_id "A-17" before retrying.',
    );
    expect(JSON.parse(text.split('\n').slice(1).join('\n'))).toEqual(object);
  });

  it('tells everything that refused at once', async () => {
    const { feedback: object, text } = await told([
      evidence,
      {
        ...evidence,
        rule: { name: 'other', line: 20 },
        details: { missing_evidence: ['customer.verify', 'orders.lookup'], remaining: 7 },
      },
      limited,
      limited,
    ]);
    expect(object).toMatchObject({
      reason: 'evidence_missing',
      missing_evidence: ['orders.lookup', 'customer.verify'],
      remaining: 7,
      retry_allowed: true,
      retry_after_ms: 61_000,
      also: [
        { reason: 'evidence_missing', rule: 'other' },
        { reason: 'rate_limited', rule: 'slow', message: 'The 100 calls of this hour are used up.' },
      ],
    });
    expect(text).toContain('Also: The 100 calls of this hour are used up.');
    expect(text).toContain('Retry after 61 seconds.');
  });

  it('allows a retry only when everything that refused does', async () => {
    expect((await told([evidence, denied])).feedback).toMatchObject({ retry_allowed: false });
    expect((await told([denied])).text).toContain('Do not retry the same call.');
  });

  it('leaves out what a shadow rule or an allow said', async () => {
    const { feedback: object } = await told([
      { ...denied, shadow: true, reason: 'shadow' },
      { effect: 'allow', code: 'allowed', reason: 'ok' },
      limited,
    ]);
    expect(object).toMatchObject({ reason: 'rate_limited' });
    expect(object).not.toHaveProperty('also');
  });

  it('cannot be made to say something else by details', async () => {
    const { feedback: object } = await told([
      {
        ...denied,
        details: JSON.parse(
          '{"blocked":false,"retry_allowed":true,"decision_id":"x","reason":"ok","__proto__":{"polluted":1},"mine":1}',
        ),
      },
    ]);
    expect(object).toMatchObject({ blocked: true, retry_allowed: false, reason: 'policy_denied', mine: 1 });
    expect(({} as any).polluted).toBeUndefined();
  });

  it('suggests something also when the plugin that refused did not', async () => {
    expect((await told([denied])).feedback).toMatchObject({ suggestion: expect.stringContaining('policy') });
    expect((await told([{ ...denied, code: 'third_party_reason' }])).feedback).not.toHaveProperty('suggestion');
  });
});

describe('the words of a rule', () => {
  it('replace the general ones', async () => {
    const { feedback: object, text } = await told([denied], {
      fields: { no: { message: 'Destructive operations are disabled', suggestion: 'Archive it' } },
    });
    expect(object).toMatchObject({
      message: 'Destructive operations are disabled',
      suggestion: 'Archive it',
      reason: 'policy_denied',
    });
    expect(text).toMatch(/^Destructive operations are disabled\. Archive it\. Do not retry the same call\.\n/);
  });

  it('of another rule change nothing', async () => {
    expect((await told([denied], { fields: { other: { message: 'no' } } })).feedback).toMatchObject({
      message: denied.reason,
    });
  });

  it('choose the format for this rule alone', async () => {
    const { answer } = await told([denied], { fields: { no: { format: 'jsonrpc_error', error_code: 4003 } } });
    expect(answer?.kind).toBe('error');
    expect(answer?.value()).toMatchObject({ code: 4003, data: { reason: 'policy_denied' } });
  });

  it('work in the helio.yaml of the policy', async () => {
    const test = await testPlugin(feedback, {
      with: ['policy'],
      yaml: "policies: { default: allow, rules: [{ match: { tool: 'delete_*' }, action: deny, feedback: { message: 'Destructive operations are disabled' } }] }",
    });
    try {
      const { feedback: object } = await test.call('delete_account');
      expect(object).toMatchObject({
        blocked: true,
        reason: 'policy_denied',
        message: 'Destructive operations are disabled',
        rule: 'delete_*#1',
        retry_allowed: false,
      });
    } finally {
      await test.stop();
    }
  });
});

describe('the section', () => {
  it('makes every refusal a JSON-RPC error', async () => {
    const { answer } = await told([denied], { config: { format: 'jsonrpc_error' } });
    expect(answer?.value()).toMatchObject({
      code: 4001,
      message: expect.stringContaining('denies it'),
      data: { blocked: true },
    });
  });

  it('hides the names of rules, and says whom to ask', async () => {
    const { feedback: object, text } = await told([denied, limited], {
      config: { show_rules: false, contact: 'Ask #platform.' },
    });
    expect(JSON.stringify(object)).not.toMatch(/"rule":/);
    expect(text).toContain('Ask #platform.');
  });

  it.each([
    [{ error_code: -32001 }, /belong to JSON-RPC/],
    [{ error_code: 1.5 }, /whole number/],
    [{ format: 'json' }, /must be one of/],
    [{ formats: 'x' }, /did you mean "format"/],
  ])('refuses %j', async (config, message) => {
    await expect(told([denied], { config })).rejects.toThrow(message);
  });
});

it('a refused prompt is a JSON-RPC error: it has no isError', async () => {
  const { answer } = await told([denied], { kind: 'prompt' });
  expect(answer?.value()).toMatchObject({ code: 4001, data: { reason: 'policy_denied' } });
});

describe('docs/reference/feedback.md', () => {
  const root = new URL('../../../', import.meta.url).pathname;

  it('is what the table of reasons says', async () => {
    await expect(feedbackPage()).toMatchFileSnapshot(join(root, 'docs/reference/feedback.md'));
  });

  it('knows every reason that the kernel and the standard plugins give', () => {
    const known = new Set(reasons.map(({ reason }) => reason));
    const found = new Map<string, string>();
    for (const path of sources(root)) {
      const text = readFileSync(path, 'utf8');
      for (const [, code] of text.matchAll(/\b(?:kernelDeny|deny)\(\s*'([a-z_]+)'/g)) found.set(code!, path);
    }
    const unknown = [...found]
      .filter(([code]) => !known.has(code) && code !== 'unknown_tool')
      .map(([code, path]) => `${code} in ${path.slice(root.length)}`);
    expect(found.size).toBeGreaterThan(5);
    expect(unknown).toEqual([]);
  });
});

function sources(root: string): readonly string[] {
  return ['kernel', 'plugins'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter(
        (entry) =>
          entry.isFile() &&
          entry.name.endsWith('.ts') &&
          !/[\\/](test|testing|node_modules)([\\/]|$)/.test(entry.parentPath),
      )
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}
