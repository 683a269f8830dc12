import { describe, expect, it } from 'vitest';
import { Refused, testPlugin } from '@gethelio/proxy/testing';
import { policy } from '../index.ts';
import { words } from './words.ts';

/** What is written wrongly: the place, the sentence, and what to do. */
type Mistake = readonly [about: string, policies: string, at: string, message: string, fix?: string, alone?: true];

const mistakes: readonly Mistake[] = [
  [
    'a mistyped action',
    '{ rules: [{ match: { tool: a }, action: denny }] }',
    'policies.rules.0.action',
    'unknown action "denny" (did you mean "deny"?)',
    'known: allow, deny',
  ],
  [
    'an action of a plugin that is not loaded',
    '{ rules: [{ match: { tool: a }, action: require_approval }] }',
    'policies.rules.0.action',
    '"require_approval" belongs to the plugin approvals, which is not loaded',
    'add "approvals" to plugins:',
    true,
  ],
  [
    'rate_limit without its plugin',
    '{ rules: [{ match: { tool: a }, action: rate_limit }] }',
    'policies.rules.0.action',
    '"rate_limit" belongs to the plugin rate-limits',
    'add "rate-limits" to plugins:',
    true,
  ],
  [
    'dry_run without its plugin',
    '{ rules: [{ match: { tool: a }, action: dry_run }] }',
    'policies.rules.0.action',
    'belongs to the plugin dry-run',
    'add "dry-run" to plugins:',
    true,
  ],
  [
    'a field without its plugin',
    '{ rules: [{ match: { tool: a }, action: deny, evidence: { requires: [x] } }] }',
    'policies.rules.0.evidence',
    '"evidence" belongs to the plugin evidence',
    'add "evidence" to plugins:',
    true,
  ],
  [
    'feedback without its plugin',
    '{ rules: [{ match: { tool: a }, action: deny, feedback: { message: x } }] }',
    'policies.rules.0.feedback',
    'belongs to the plugin feedback',
    'add "feedback" to plugins:',
    true,
  ],
  [
    'a mistyped field',
    '{ rules: [{ match: { tool: a }, action: deny, feedbak: { message: x } }] }',
    'policies.rules.0.feedbak',
    'unknown field "feedbak" (did you mean "feedback"?)',
  ],
  [
    'a condition beside match',
    '{ rules: [{ tool: a, match: {}, action: deny }] }',
    'policies.rules.0.tool',
    '"tool" belongs inside match',
    'write match: { tool: ... }',
  ],
  [
    'a mistyped condition',
    '{ rules: [{ match: { tol: a }, action: deny }] }',
    'policies.rules.0.match.tol',
    'unknown condition "tol" (did you mean "tool"?)',
  ],
  [
    'a mistyped operator',
    "{ rules: [{ match: { tool: a, input: { '$.x': { gtt: 1 } } }, action: deny }] }",
    'policies.rules.0.match.input.$.x.gtt',
    'unknown operator "gtt" (did you mean "gt"?)',
  ],
  [
    'an operator with the wrong operand',
    "{ rules: [{ match: { input: { '$.x': { gt: lots } } }, action: deny }] }",
    'policies.rules.0.match.input.$.x.gt',
    '"gt" takes a number',
  ],
  [
    'a number that YAML cannot keep',
    "{ rules: [{ match: { input: { '$.x': { gt: 9007199254740993 } } }, action: deny }] }",
    'policies.rules.0.match.input.$.x.gt',
    'the number 9007199254740993 has more',
  ],
  [
    'in with a scalar',
    "{ rules: [{ match: { input: { '$.x': { in: a } } }, action: deny }] }",
    'policies.rules.0.match.input.$.x.in',
    '"in" takes a list',
  ],
  [
    'an empty list',
    "{ rules: [{ match: { input: { '$.x': { in: [] } } }, action: deny }] }",
    'policies.rules.0.match.input.$.x.in',
    '"in" takes a list of text, numbers, true, false or null, with at least one entry',
  ],
  [
    'an empty comparison',
    "{ rules: [{ match: { input: { '$.x': {} } }, action: deny }] }",
    'policies.rules.0.match.input.$.x',
    'an empty comparison says nothing',
  ],
  [
    'look-around in a regular expression',
    "{ rules: [{ match: { input: { '$.x': { regex: '(?=a)b' } } }, action: deny }] }",
    'policies.rules.0.match.input.$.x.regex',
    'the regular expression "(?=a)b" cannot be used',
    'use RE2 syntax',
  ],
  [
    'a broken regular expression',
    "{ rules: [{ match: { input: { '$.x': { regex: '(' } } }, action: deny }] }",
    'policies.rules.0.match.input.$.x.regex',
    'the regular expression "(" cannot be used',
  ],
  [
    'a path without $',
    '{ rules: [{ match: { input: { amount: 1 } }, action: deny }] }',
    'policies.rules.0.match.input.amount',
    'a path begins with $, for example "$.amount"',
  ],
  [
    'a malformed path',
    "{ rules: [{ match: { input: { '$.a..': 1 } }, action: deny }] }",
    'policies.rules.0.match.input.$.a..',
    'nothing can be read after "$.a"',
  ],
  [
    'a filter in a path',
    "{ rules: [{ match: { input: { '$.a[?(@.b>1)]': 1 } }, action: deny }] }",
    'policies.rules.0.match.input.$.a[?(@.b>1)]',
    'nothing can be read after "$.a"',
  ],
  [
    'a wildcard in an _input path',
    "{ rules: [{ match: { input: { '$.x': { lte_input: '$.a[*]' } } }, action: deny }] }",
    'policies.rules.0.match.input.$.x.lte_input',
    'takes a path to one value',
  ],
  [
    'exists: false beside another operator',
    "{ rules: [{ match: { input: { '$.x': { exists: false, gt: 1 } } }, action: deny }] }",
    'policies.rules.0.match.input.$.x.exists',
    'nothing can be compared where nothing may stand',
  ],
  [
    'no action and no field',
    '{ rules: [{ match: { tool: a } }] }',
    'policies.rules.0',
    'the rule has no action, so it would do nothing',
  ],
  ['no match', '{ rules: [{ action: deny }] }', 'policies.rules.0.match', ''],
  ['an empty match key', '{ rules: [{ match: , action: deny }] }', 'policies.rules.0.match', ''],
  [
    'a limit action without limits',
    '{ rules: [{ match: { tool: a }, action: rate_limit }] }',
    'policies.rules.0.action',
    'action "rate_limit" needs limits',
    'add limits: { max_calls, window, key }',
  ],
  [
    'a spend limit with a rate limit only',
    '{ rules: [{ match: { tool: a }, action: spend_limit, limits: { max_calls: 1, window: 1h } }] }',
    'policies.rules.0.action',
    'action "spend_limit" needs limits',
    'add limits: { max_spend }',
  ],
  [
    'an unknown key of a shared field',
    '{ rules: [{ match: { tool: a }, action: rate_limit, limits: { max_cals: 1, window: 1h } }] }',
    'policies.rules.0.limits.max_cals',
    'unknown key "max_cals" (did you mean "max_calls"?)',
  ],
  [
    'an empty shared field',
    '{ rules: [{ match: { tool: a }, action: rate_limit, limits: {} }] }',
    'policies.rules.0.limits',
    'limits is an object with at least one of max_calls, window, key, max_spend',
  ],
  [
    'a wrong value inside a shared field',
    '{ rules: [{ match: { tool: a }, action: rate_limit, limits: { max_calls: many, window: 1h } }] }',
    'policies.rules.0.limits.max_calls',
    '',
  ],
  [
    'two rules of one name',
    '{ rules: [{ name: x, match: { tool: a }, action: deny }, { name: x, match: { tool: b }, action: deny }] }',
    'policies.rules.1.name',
    'two rules are named "x"',
  ],
  [
    'a name that another rule gets by itself',
    "{ rules: [{ match: { tool: a }, action: deny }, { name: 'a#1', match: { tool: b }, action: deny }] }",
    'policies.rules.1.name',
    'two rules are named "a#1"',
  ],
  [
    'a name with control characters',
    '{ rules: [{ name: "a\\tb", match: { tool: a }, action: deny }] }',
    'policies.rules.0.name',
    'no control characters',
  ],
  ['an empty tool list', '{ rules: [{ match: { tool: [] }, action: deny }] }', 'policies.rules.0.match.tool', ''],
  [
    'a negated glob of another tool',
    "{ rules: [{ match: { tool: '!read_*' }, action: deny }] }",
    'policies.rules.0.match.tool',
    '"!read_*" would only match a name that begins with "!"',
    "write { not: 'read_*' }",
  ],
  [
    'braces',
    "{ rules: [{ match: { tool: '{a,b}_*' }, action: deny }] }",
    'policies.rules.0.match.tool',
    'has braces, which are ordinary characters here',
    'write a list',
  ],
  [
    'brackets',
    "{ rules: [{ match: { tool: 'tool[0-9]' }, action: deny }] }",
    'policies.rules.0.match.tool',
    'has brackets',
  ],
  [
    'a mistyped annotation',
    '{ rules: [{ match: { annotations: { readonlyHint: true } }, action: deny }] }',
    'policies.rules.0.match.annotations.readonlyHint',
    'readOnlyHint',
  ],
  [
    'a group that is no list',
    '{ rules: [{ match: { or: { tool: a } }, action: deny }] }',
    'policies.rules.0.match.or',
    '`or` takes a list of matches',
  ],
  [
    'an empty group',
    '{ rules: [{ match: { or: [] }, action: deny }] }',
    'policies.rules.0.match.or',
    'an empty `or` says nothing',
  ],
  [
    'an empty match under not',
    '{ rules: [{ match: { not: {} }, action: deny }] }',
    'policies.rules.0.match.not',
    '`not` with an empty match says nothing',
  ],
  [
    'a mistake inside groups',
    '{ rules: [{ match: { or: [{ tool: a }, { not: { tol: b } }] }, action: deny }] }',
    'policies.rules.0.match.or.1.not.tol',
    'unknown condition "tol"',
  ],
  [
    'an unknown definition',
    '{ definitions: { money: { tool: a } }, rules: [{ match: { definition: mony }, action: deny }] }',
    'policies.rules.0.match.definition',
    'unknown definition "mony" (did you mean "money"?)',
  ],
  [
    'a ring of definitions',
    '{ definitions: { a: { definition: b }, b: { definition: a } }, rules: [] }',
    'policies.definitions.b.definition',
    'the definitions go round in a ring',
  ],
  [
    'a mistake in a definition that nobody uses',
    '{ definitions: { a: { tol: b } }, rules: [] }',
    'policies.definitions.a.tol',
    'unknown condition "tol"',
  ],
  [
    'the environment without its key',
    '{ rules: [{ match: { environment: production }, action: deny }] }',
    'policies.rules.0.match.environment',
    'helio.yaml does not say which one this is',
    'add a top-level line such as: environment: production',
  ],
  [
    'context without the plugin that receives it',
    '{ rules: [{ match: { context: { role: x } }, action: deny }] }',
    'policies.rules.0.match.context',
    '`context` is what the SDK sets',
    'add sideband to plugins:',
  ],
  [
    'an unknown zone',
    "{ rules: [{ match: { time: { hours: '09:00-17:00', zone: Europe/Londn } }, action: deny }] }",
    'policies.rules.0.match.time.zone',
    'is no time zone',
  ],
  [
    'hours that are none',
    "{ rules: [{ match: { time: { hours: '9-17' } }, action: deny }] }",
    'policies.rules.0.match.time.hours',
    '',
  ],
  [
    'a day that is none',
    '{ rules: [{ match: { time: { days: monday } }, action: deny }] }',
    'policies.rules.0.match.time.days',
    '',
  ],
  [
    'state that asks two things',
    '{ rules: [{ match: { state: { calls: { window: 1h }, spend: { window: 1h, field: $.a }, gt: 1 } }, action: deny }] }',
    'policies.rules.0.match.state',
    '',
  ],
  [
    'a value for a condition of another plugin that it does not take',
    '{ rules: [{ match: { moon: half }, action: deny }] }',
    'policies.rules.0.match.moon',
    '',
  ],
  [
    'an unknown key of the section',
    '{ defualt: allow }',
    'policies.defualt',
    'unknown key "defualt" (did you mean "default"?)',
  ],
  [
    'a setting of a plugin that is not loaded',
    '{ on_tool_drift: block }',
    'policies.on_tool_drift',
    '"on_tool_drift" belongs to the plugin tool-pinning',
    'add "tool-pinning" to plugins:',
    true,
  ],
  ['a default that is none', '{ default: maybe }', 'policies.default', ''],
  [
    'flag_destructive: require_approval without approvals',
    '{ flag_destructive: require_approval }',
    'policies.flag_destructive',
    'belongs to the plugin approvals',
    'add "approvals" to plugins:',
    true,
  ],
  ['a rule that is no object', '{ rules: [deny] }', 'policies.rules.0', 'a rule is an object'],
];

describe('each mistake is refused with its place', () => {
  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    '%s is no word, wherever it stands',
    async (word) => {
      const rules = [
        `{ match: { tool: a }, action: ${word} }`,
        `{ match: { tool: a }, action: deny, ${word}: 1 }`,
        `{ match: { ${word}: a }, action: deny }`,
        `{ match: { definition: ${word} }, action: deny }`,
        `{ match: { input: { '$.x': { ${word}: 1 } } }, action: deny }`,
      ];
      for (const rule of rules) {
        const loading = testPlugin(policy, { plugins: [words], yaml: `policies: { rules: [${rule}] }` });
        const refused = await loading.then(
          (test) => test.stop(),
          (error: unknown) => error,
        );
        expect(refused, rule).toBeInstanceOf(Refused);
        expect((refused as Refused).problems[0]!.message, rule).toContain(word);
      }
    },
  );

  it.each(mistakes)('%s', async (_, policies, at, message, fix, alone) => {
    const loading = testPlugin(policy, {
      with: ['identity'],
      plugins: alone ? [] : [words],
      yaml: `policies: ${policies}`,
    });
    const refused = (await loading.then(
      async (test) => {
        await test.stop();
        throw new Error('it was accepted');
      },
      (error: unknown) => error,
    )) as Refused;
    expect(refused, String(refused)).toBeInstanceOf(Refused);
    const found = refused.problems.filter((problem) => problem.path.join('.') === at);
    expect(found.length, JSON.stringify(refused.problems)).toBe(1);
    expect(refused.problems.length, 'one mistake, one line').toBe(1);
    expect(found[0]!.message).toContain(message);
    expect(found[0]!.message).not.toMatch(/\n/);
    if (fix) expect(found[0]!.fix).toContain(fix);
  });

  it('tells of all of them at once', async () => {
    const yaml =
      'policies: { rules: [{ match: { tol: a }, action: deny }, { match: { tool: a }, action: denny }, { match: { tool: a } }] }';
    const refused = (await testPlugin(policy, { plugins: [words], yaml }).catch((error: unknown) => error)) as Refused;
    expect(refused.problems.map(({ path }) => path[2])).toEqual([0, 1, 2]);
  });

  it('asks for the plugin that establishes agents and sessions', async () => {
    const yaml = 'policies: { rules: [{ match: { agent: x }, action: deny }] }';
    const refused = (await testPlugin(policy, { plugins: [words], yaml }).catch((error: unknown) => error)) as Refused;
    expect(refused.problems[0]).toMatchObject({
      path: ['policies', 'rules', 0, 'match', 'agent'],
      fix: 'add "identity" to plugins:',
    });
  });
});

/** What is right in form and does not do what its author thinks. */
const doubts: readonly (readonly [about: string, policies: string, at: string, code: string, message: string])[] = [
  [
    'a rule behind a final one that covers it',
    "{ default: allow, rules: [{ match: { tool: 'delete_*' }, action: deny, final: true }, { match: { tool: delete_x }, action: require_approval }] }",
    'policies.rules.1',
    'HELIO_POLICY_SHADOWED',
    'is never tried: "delete_*#1"',
  ],
  [
    'first_match behind a catch-all',
    '{ default: deny, evaluation: first_match, rules: [{ match: {}, action: require_approval }, { match: { tool: x }, action: deny }] }',
    'policies.rules.1',
    'HELIO_POLICY_SHADOWED',
    'is never tried',
  ],
  [
    'an approval under an unconditional deny',
    "{ default: allow, rules: [{ match: { tool: 'delete_*' }, action: deny }, { match: { tool: delete_x }, action: require_approval }] }",
    'policies.rules.1',
    'HELIO_POLICY_NEVER_MATTERS',
    'denies everything that it matches',
  ],
  [
    'a deny that another deny includes',
    "{ default: allow, rules: [{ match: { tool: '*' }, action: deny }, { match: { tool: delete_x }, action: deny }] }",
    'policies.rules.1',
    'HELIO_POLICY_NEVER_MATTERS',
    'can never matter',
  ],
  [
    'an allow under default allow',
    '{ default: allow, rules: [{ match: { tool: x }, action: allow }] }',
    'policies.rules.0.action',
    'HELIO_POLICY_CHANGES_NOTHING',
    'changes nothing',
  ],
  [
    'a catch-all allow',
    "{ default: deny, rules: [{ match: { tool: '*' }, action: allow }] }",
    'policies.rules.0.match',
    'HELIO_POLICY_ALLOWS_ALL',
    'allows everything',
  ],
  [
    'limits beside another action',
    '{ default: deny, rules: [{ match: { tool: x }, action: allow, limits: { max_calls: 1, window: 1h } }] }',
    'policies.rules.0.limits',
    'HELIO_POLICY_LIMIT_WITHOUT_ACTION',
    'limits beside action: allow',
  ],
  [
    'limits on a deny',
    '{ default: allow, rules: [{ match: { tool: x }, action: deny, limits: { max_calls: 1, window: 1h } }] }',
    'policies.rules.0.limits',
    'HELIO_POLICY_LIMIT_WITHOUT_ACTION',
    'can never be reached',
  ],
  [
    'a limit under default deny that nothing opens',
    '{ default: deny, rules: [{ match: { tool: x }, action: rate_limit, limits: { max_calls: 1, window: 1h } }, { match: { tool: y }, action: allow }] }',
    'policies.rules.0',
    'HELIO_POLICY_NOTHING_PASSES',
    'lets nothing pass',
  ],
  [
    'two limits that only their place tells apart',
    '{ default: allow, rules: [{ match: { tool: x }, action: rate_limit, limits: { max_calls: 1, window: 1h } }, { match: { tool: x }, action: rate_limit, limits: { max_calls: 9, window: 1d } }] }',
    'policies.rules.1',
    'HELIO_POLICY_NEEDS_NAME',
    'swap their counters',
  ],
  [
    'a rule about agents where none is known',
    '{ default: allow, rules: [{ match: { agent: x }, action: deny }] }',
    'policies.rules.0.match.agent',
    'HELIO_POLICY_NO_AGENT',
    'does not say how one is known',
  ],
];

describe('each doubtful rule is warned of', () => {
  it.each(doubts)('%s', async (_, policies, at, code, message) => {
    const test = await testPlugin(policy, { with: ['identity'], plugins: [words], yaml: `policies: ${policies}` });
    try {
      expect(test.warnings.map((warning) => [warning.path.join('.'), warning.code])).toEqual([[at, code]]);
      expect(test.warnings[0]!.message).toContain(message);
      expect(test.warnings[0]!.severity).toBe('warning');
    } finally {
      await test.stop();
    }
  });

  it('a policy that means what it says gives no warning', async () => {
    const yaml = `
policies:
  default: deny
  rules:
    - { match: { tool: 'delete_draft' }, action: allow, final: true }
    - { match: { tool: 'delete_*' }, action: deny }
    - { match: { tool: 'get_*' }, action: allow }
    - { match: { tool: 'get_slow' }, action: rate_limit, limits: { max_calls: 1, window: 1h } }
    - { match: { tool: pay, input: { '$.amount': { lte: 10 } } }, action: allow }
    - { match: { tool: pay }, action: require_approval }
    - { match: { tool: pay }, action: deny, evidence: { requires: [x] } }`;
    const test = await testPlugin(policy, { with: ['identity'], plugins: [words], yaml });
    expect(test.warnings).toEqual([]);
    await test.stop();
  });
});
