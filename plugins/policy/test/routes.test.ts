import { afterAll, beforeAll, expect, it } from 'vitest';
import { testPlugin, type PluginTest } from '@gethelio/proxy/testing';
import type { ExplainAnswer } from '../explain.ts';

const secret = 'a-long-enough-secret-for-tests-0123456789';
let test: PluginTest;
beforeAll(async () => {
  test = await testPlugin(undefined, {
    with: ['policy', 'identity', 'rate-limits', 'feedback', 'operator'],
    env: { HELIO_DASHBOARD_SECRET: secret },
    yaml: `
dashboard: { port: 0, api_secret: '\${HELIO_DASHBOARD_SECRET}' }
policies:
  default: allow
  rules:
    - match: { tool: pay, input: { '$.amount': { gt: 1000 } } }
      action: deny
    - { match: { tool: 'delte_*' }, action: deny }
    - match: { tool: search }
      action: rate_limit
      limits: { max_calls: 1, window: 1h, key: global }`,
  });
  test.upstream.advertises(
    { name: 'pay', inputSchema: { type: 'object', properties: { amount: { type: 'string' } } } },
    { name: 'search' },
  );
});
afterAll(() => test.stop());

const ask = (
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { authorization: `Bearer ${secret}` },
) =>
  fetch(`${test.url('dashboard') ?? test.url('operator')}${path}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

it('tells an operator what would happen, with the whole trace', async () => {
  const response = await ask('POST', '/api/explain', { tool: 'pay', argumentsText: '{"amount": 2000.10}' });
  expect(response.status).toBe(200);
  const answer = (await response.json()) as ExplainAnswer;
  expect(answer.decision.effect).toBe('deny');
  expect(answer.trace!.tried[0]!.why).toContain('$.amount is 2000.10, gt 1000: holds');
  expect(answer.trace!.change!.sentence).toBe('with $.amount 1000 or less (now 2000.10)');
  expect(answer.feedback).toMatchObject({ blocked: true, reason: 'policy_denied', retry_allowed: true });
});

it('counts what the running Helio has counted', async () => {
  const effect = async () =>
    ((await (await ask('POST', '/api/explain', { tool: 'search' })).json()) as ExplainAnswer).decision;
  expect((await effect()).effect).toBe('allow');
  await test.call('search');
  expect((await effect()).verdicts[0]).toMatchObject({ effect: 'deny', code: 'rate_limited' });
});

it('refuses a question that it cannot read', async () => {
  expect((await ask('POST', '/api/explain', { tol: 'pay' })).status).toBe(400);
  expect((await ask('POST', '/api/explain', { tool: 'pay', argumentsText: '{' })).status).toBeGreaterThanOrEqual(400);
});

it('lists the rules as written, with what the catalogue makes doubtful', async () => {
  const { rules } = (await (await ask('GET', '/api/policies')).json()) as {
    rules: { name: string; source: string; warnings: string[] }[];
  };
  expect(rules.map(({ name }) => name)).toEqual(['pay#1', 'delte_*#2', 'search#3']);
  expect(rules[0]!.source).toContain("- match: { tool: pay, input: { '$.amount': { gt: 1000 } } }");
  expect(rules[0]!.warnings[0]).toContain('pay takes text at $.amount');
  expect(rules[1]!.warnings[0]).toContain('no advertised tool matches "delte_*"');
  expect(rules[2]!.warnings).toEqual([]);
});

it('is the operator’s alone', async () => {
  expect((await ask('GET', '/api/policies', undefined, {})).status).toBe(401);
  expect((await ask('POST', '/api/explain', { tool: 'pay' }, {})).status).toBe(401);
});
