import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPlugin, type PluginTest } from '@gethelio/proxy/testing';
import type { JsonObject } from '@gethelio/proxy/plugin';
import { policy } from '../index.ts';
import { words } from './words.ts';

const text = readFileSync(new URL('hundred.yaml', import.meta.url), 'utf8');
let test: PluginTest;
beforeAll(async () => {
  const indented = text.replace(/^(?=.)/gm, '  ');
  test = await testPlugin(policy, {
    with: ['identity'],
    plugins: [words],
    nowMs: Date.parse('2026-03-02T10:00:00Z'),
    yaml: `environment: production\npolicies:\n${indented}`,
  });
});
afterAll(() => test.stop());

describe('a policy of a hundred rules', () => {
  it('loads without a warning and every rule has a name of its own', () => {
    expect(test.warnings.map(({ message }) => message)).toEqual([]);
    expect(text.match(/^ {2}- name: /gm)!.length).toBeGreaterThanOrEqual(100);
  });

  it.each<readonly [string, JsonObject, string, string | undefined]>([
    ['search_products', {}, 'allow', 'catalogue is open'],
    ['orders.list', { page_size: 500 }, 'deny', 'order lists stay small'],
    ['orders.cancel', { status: 'shipped' }, 'deny', 'shipped orders stay'],
    ['orders.cancel', { status: 'open' }, 'hold', 'cancelling asks a person'],
    [
      'create_payment',
      { amount: 100, currency: 'GBP', reference: 'r', sender: 'a', recipient: 'b' },
      'allow',
      'small payments pass',
    ],
    [
      'create_payment',
      { amount: 100, currency: 'GBP', reference: 'r', sender: 'a', recipient: 'a' },
      'deny',
      'no payments to ourselves',
    ],
    [
      'create_payment',
      { amount: 300, currency: 'GBP', reference: 'r', sender: 'a', recipient: 'b' },
      'hold',
      'middle payments ask',
    ],
    [
      'create_payment',
      { amount: '100', currency: 'GBP', reference: 'r', sender: 'a', recipient: 'b' },
      'deny',
      'large payments never',
    ],
    [
      'create_payment',
      { amount: 100, currency: 'GBP', sender: 'a', recipient: 'b' },
      'deny',
      'payments carry a reference',
    ],
    ['process_refund', { amount: 5, order_total: 9, note: 'card 4111111111111111' }, 'deny', 'card numbers stay out'],
    ['mail.send', { to: ['a@example.com', 'b@example.com'] }, 'allow', 'mail inside the house'],
    ['mail.send', { to: ['a@example.com', 'b@elsewhere.org'] }, 'hold', 'mail outside asks'],
    ['github.push', { branch: 'agent/fix', files: [{ path: 'src/a.ts' }] }, 'allow', 'branches of its own'],
    ['github.push', { branch: 'agent/fix', files: [{ path: '.github/workflows/ci.yml' }] }, 'deny', 'workflows stay'],
    ['github.push', { branch: 'main' }, 'deny', 'main is protected'],
    ['sql.query', { query: 'select * from orders' }, 'allow', 'reading queries'],
    ['sql.query', { query: 'select 1; drop table orders' }, 'deny', 'no writing in queries'],
    ['sql.execute', { statement: 'update a set b = 1' }, 'hold', 'changes in production ask'],
    ['aws.run_instances', { type: 't3.micro', count: 1 }, 'allow', 'small machines'],
    ['aws.run_instances', { type: 't3.micro', count: 50 }, 'deny', 'other machines never'],
    ['fs.read', { path: '/workspace/a.txt' }, 'allow', 'workspace can be read'],
    ['fs.read', { path: '/workspace/../etc/passwd' }, 'deny', 'no way out of the workspace'],
    ['shell.run', { command: 'ls -l' }, 'allow', 'shells with known commands'],
    ['shell.run', { command: 'ls; rm -rf /' }, 'deny', 'no chained commands'],
    ['vault.read', {}, 'deny', 'secrets are not read'],
    ['db_SECRET', {}, 'deny', 'secrets are not read'],
    ['paypal_payout', {}, 'hold', 'payouts ask'],
    ['something.else', {}, 'deny', undefined],
  ])('%s %j: %s by "%s"', async (name, args, effect, rule) => {
    const { decision } = await test.explain({ name, arguments: args, session: 's' });
    expect([decision.effect, decision.verdicts.find(({ shadow }) => !shadow)!.rule?.name]).toEqual([effect, rule]);
  });
});
