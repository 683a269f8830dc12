/** Compiles a policy without a Helio around it, for property tests and the benchmark. */
import { gatherWords } from '../language.ts';
import { compilePolicy, type CompiledPolicy, type PolicySection } from '../policy.ts';
import type { RuleAction } from '@gethelio/proxy/contracts/policy';

const speaks = (name: string, effect: 'hold' | 'simulate'): RuleAction => ({
  name,
  summary: name,
  speaks: { effect, code: name, reason: () => `${name}.` },
});

/** Throws on the first mistake. */
export function compileForTest(section: Partial<PolicySection>): CompiledPolicy {
  const words = gatherWords(
    { actions: [speaks('require_approval', 'hold'), speaks('dry_run', 'simulate')], fields: [], conditions: [] },
    (kind, word) => {
      throw new Error(`${kind} ${word} twice`);
    },
  );
  return compilePolicy(
    {
      default: 'deny',
      evaluation: 'strictest',
      flag_destructive: 'log',
      hide_denied: false,
      definitions: {},
      rules: [],
      ...section,
    },
    ['policies'],
    {
      ...words,
      environment: 'test',
      counters: undefined,
      ledger: undefined,
      sessions: undefined,
      report: ({ path, message }) => {
        throw new Error(`${path.join('.')}: ${message}`);
      },
      check: (schema, value) => schema.parse(value),
      lineOf: () => 0,
    },
  );
}
