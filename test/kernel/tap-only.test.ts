/** `only` narrows a tap to calls by name, in every hook. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePlugin } from '../../kernel/define.ts';
import { hookNames } from '../../kernel/taps.ts';
import { testPlugin } from '../../kernel/testing/index.ts';

describe.each(hookNames)('a tap of %s with only: { tool: "pay_*" }', (hook) => {
  it('is asked about those calls, and about nothing else', async () => {
    const asked: (string | undefined)[] = [];
    const plugin = definePlugin({
      name: 'narrow',
      apiVersion: 1,
      config: z.strictObject({}).prefault({}),
      taps: [hook],
      register({ hooks, emit, onStart }: any) {
        hooks[hook].tap({ only: { tool: 'pay_*' } }, (first: any, second: any) => {
          asked.push((second ?? first).call?.name);
        });
        onStart(() => emit('no_call_at_all', {}));
      },
    });
    const test = await testPlugin(plugin, { with: ['policy'], yaml: 'policies: { default: allow }' });
    for (const name of ['pay_out', 'search', 'repay_all', 'pay_in']) await test.call(name);
    await expect.poll(() => asked).toEqual(['pay_out', 'pay_in']);
    await expect.poll(() => test.records.map(({ kind }) => kind)).toContain('no_call_at_all');
    await test.stop();
    expect(asked).toEqual(['pay_out', 'pay_in']);
  });
});
