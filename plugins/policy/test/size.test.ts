import { describe, expect, it } from 'vitest';
import { testPlugin } from '@gethelio/proxy/testing';
import { manyRules } from '../../../bench/policy-rules.ts';
import { policy } from '../index.ts';
import { words } from './words.ts';

describe('many rules', () => {
  it.each([1_000, 10_000])('%i rules load, judge and warn', async (count) => {
    const rules = [...manyRules(count), { match: { tool: 'area7_delete_x' }, action: 'require_approval' }];
    const test = await testPlugin(policy, {
      plugins: [words],
      timeoutMs: 60_000,
      yaml: `policies: ${JSON.stringify({ default: 'deny', rules })}`,
    });
    const effects = async (...names: string[]) =>
      Promise.all(
        names.map(
          async (name) => (await test.explain({ name, arguments: { amount: 1e9, currency: 'GBP' } })).decision.effect,
        ),
      );
    expect(await effects('area0_delete_a', 'area7_read', 'area7_pay', 'area7_other', 'nowhere')).toEqual([
      'deny',
      'hold',
      'hold',
      'hold',
      'deny',
    ]);
    expect(test.warnings.map(({ code, path }) => [code, path[2]])).toEqual([['HELIO_POLICY_NEVER_MATTERS', count]]);
    await test.stop();
  });
});
