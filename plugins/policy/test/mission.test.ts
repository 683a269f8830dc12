import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPlugin, type PluginTest } from '@gethelio/proxy/testing';
import { matchedRules } from '@gethelio/proxy/contracts/policy';

/** The four rules of the README's helio.yaml, word for word. */
const yaml = `
policies:
  default: allow
  rules:
    - match: { tool: '*', annotations: { readOnlyHint: false } }
      action: require_approval
      approval: { channel: dashboard, timeout: 300s }
    - match: { tool: 'delete_*' }
      action: deny
      feedback: { message: 'Destructive operations are disabled' }
    - match: { tool: 'search_*' }
      action: rate_limit
      limits: { max_calls: 100, window: 1h, key: tool }
    - match: { tool: 'create_payment' }
      action: spend_limit
      limits: { max_spend: { field: '$.amount', limit: 5000, currency: 'GBP', window: 24h } }
dashboard: { port: 0, api_secret: '\${HELIO_DASHBOARD_SECRET}' }`;

let test: PluginTest;
beforeAll(async () => {
  test = await testPlugin(undefined, {
    with: [
      'policy',
      'identity',
      'rate-limits',
      'spend-limits',
      'approvals',
      'approvals-dashboard',
      'operator',
      'feedback',
    ],
    env: { HELIO_DASHBOARD_SECRET: 'a-long-enough-secret-for-tests-0123456789' },
    yaml,
  });
  const reading = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true };
  const writing = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true };
  test.upstream.advertises(
    { name: 'search_web', annotations: reading },
    { name: 'delete_account', annotations: writing },
    { name: 'create_payment', annotations: writing },
  );
});
afterAll(() => test.stop());

describe('all four rules hold', () => {
  it('delete_account is denied although the first rule matches it too', async () => {
    const { effect, code, text } = await test.call('delete_account');
    expect([effect, code]).toEqual(['deny', 'policy_denied']);
    expect(text).toContain('Destructive operations are disabled');
  });
  it('create_payment needs an approval and counts against the 5,000', async () => {
    const within = await test.explain({ name: 'create_payment', arguments: { amount: 4000 } });
    expect(within.decision.effect).toBe('hold');
    expect(within.facts.get(matchedRules)!.map(({ action }) => action)).toEqual(['require_approval', 'spend_limit']);
    const beyond = await test.explain({ name: 'create_payment', arguments: { amount: 5000.01 } });
    expect([beyond.decision.effect, beyond.decision.verdicts[0]!.code]).toEqual(['deny', 'spend_limited']);
  });
  it('search_web is counted', async () => {
    for (let i = 0; i < 100; i++) expect((await test.call('search_web')).effect).toBe('allow');
    expect((await test.call('search_web')).code).toBe('rate_limited');
  });
  it('nothing in it is doubtful', () => {
    expect(test.warnings).toEqual([]);
  });
});
