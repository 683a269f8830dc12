import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { testPlugin } from '@gethelio/proxy/testing';

const page = readFileSync(new URL('../../../docs/guide/money.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, yaml]) => yaml!);

describe('docs/guide/money.md', () => {
  it('has examples', () => expect(examples.length).toBeGreaterThanOrEqual(5));

  it.each(examples.map((yaml, index) => [index + 1, yaml] as const))(
    'loads as printed (example %i)',
    async (_index, yaml) => {
      const test = await testPlugin(undefined, {
        with: ['policy', 'identity', 'rate-limits', 'spend-limits', 'budgets', 'feedback'],
        yaml: yaml.replace("version: '1'\n", '').replace(/^upstream: .*\n/m, ''),
      });
      expect(test.warnings).toEqual([]);
      await test.stop();
    },
  );
});
