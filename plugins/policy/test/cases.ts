/** The rule language as a table: rules, calls, and what has to become of each. */
import type { TestCall } from '@gethelio/proxy/testing';
import type { Effect, JsonObject } from '@gethelio/proxy/plugin';

export interface Group {
  readonly about: string;
  /** Under `policies:`, in flow or block YAML; or the whole of helio.yaml below the first lines, with `whole: true`. */
  readonly policies: string;
  readonly more?: string;
  readonly now?: string;
  readonly rows: readonly Row[];
}
/** A call, its effect, its code; further words say what is proved where that is not plain. */
export type Row = readonly [call: TestCall, effect: Effect, code: string, why?: string];

const tool = (name: string, args: JsonObject = {}, more: Partial<TestCall> = {}): TestCall => ({
  name,
  arguments: args,
  ...more,
});
const exact = (name: string, argumentsText: string): TestCall => ({ name, argumentsText });

/** One operator: the rule's comparison, and for each value whether it holds, does not, or cannot be judged. */
interface OperatorCase {
  readonly comparison: string;
  readonly holds: readonly string[];
  readonly fails: readonly string[];
  readonly unjudged: readonly string[];
}
const operatorCases: readonly OperatorCase[] = [
  { comparison: "{ eq: 'GBP' }", holds: ['"GBP"'], fails: ['"gbp"', '"EUR"', '1', 'null', 'true'], unjudged: [] },
  {
    comparison: '{ eq: 10 }',
    holds: ['10', '10.0', '1e1'],
    fails: ['"10"', '11', '10.0000000000000000001'],
    unjudged: [],
  },
  { comparison: '{ eq: null }', holds: ['null'], fails: ['0', '""', 'false'], unjudged: [] },
  { comparison: '{ eq: true }', holds: ['true'], fails: ['false', '"true"', '1'], unjudged: [] },
  { comparison: "{ neq: 'GBP' }", holds: ['"EUR"', '1', 'null'], fails: ['"GBP"'], unjudged: [] },
  {
    comparison: '{ gt: 1000 }',
    holds: ['1000.01', '1e4', '9007199254740993'],
    fails: ['1000', '-5', '1000.0'],
    unjudged: ['"2000"', 'true', 'null', '[2000]', '{"a":1}'],
  },
  {
    comparison: "{ gt: '9007199254740992' }",
    holds: ['9007199254740993'],
    fails: ['9007199254740992'],
    unjudged: ['"9007199254740993"'],
  },
  {
    comparison: '{ gte: 0.3 }',
    holds: ['0.3', '0.30000000000000001'],
    fails: ['0.29999999999999999'],
    unjudged: ['"0.3"'],
  },
  { comparison: '{ lt: 5 }', holds: ['4.999', '-1'], fails: ['5', '5.0', '6'], unjudged: ['"4"', 'null'] },
  { comparison: '{ lte: 5 }', holds: ['5', '0'], fails: ['5.1'], unjudged: ['[]'] },
  { comparison: '{ gte: 1, lt: 10 }', holds: ['1', '9.99'], fails: ['0', '10'], unjudged: ['"5"'] },
  {
    comparison: "{ in: ['a', 2, null] }",
    holds: ['"a"', '2', '2.0', 'null'],
    fails: ['"b"', '"2"', '3'],
    unjudged: [],
  },
  { comparison: "{ not_in: ['prod', 'live'] }", holds: ['"test"', '1'], fails: ['"prod"', '"live"'], unjudged: [] },
  {
    comparison: "{ contains: 'DROP' }",
    holds: ['"x DROP y"', '["DROP"]'],
    fails: ['"drop"', '["x"]', '[]'],
    unjudged: ['5', 'null', '{"DROP":1}'],
  },
  { comparison: '{ contains: 7 }', holds: ['[1, 7.0]'], fails: ['[1]'], unjudged: ['"7"'] },
  {
    comparison: "{ starts_with: '/etc/' }",
    holds: ['"/etc/passwd"'],
    fails: ['"/tmp/etc/"', '""'],
    unjudged: ['1', '["/etc/"]'],
  },
  { comparison: "{ ends_with: '.sh' }", holds: ['"a.sh"'], fails: ['"a.sh.txt"'], unjudged: ['null'] },
  {
    comparison: "{ regex: '^[A-Z]{2}-[0-9]+$' }",
    holds: ['"AB-12"'],
    fails: ['"ab-12"', '"AB-"'],
    unjudged: ['12', '["AB-12"]'],
  },
  {
    comparison: "{ regex: '(?i)drop\\\\s+table' }".replace('\\\\', '\\'),
    holds: ['"DROP  TABLE x"'],
    fails: ['"droptable"'],
    unjudged: ['false'],
  },
  { comparison: '{ exists: true }', holds: ['1', 'null', '""'], fails: [], unjudged: [] },
  {
    comparison: '{ length: 3 }',
    holds: ['"abc"', '[1,2,3]', '{"a":1,"b":2,"c":3}', '"a😀b"'],
    fails: ['"ab"', '[]'],
    unjudged: ['3', 'null'],
  },
  { comparison: '{ length: { gt: 2, lte: 4 } }', holds: ['"abcd"'], fails: ['"ab"', '"abcde"'], unjudged: ['true'] },
  { comparison: '{ type: number }', holds: ['1', '1.5'], fails: ['"1"', 'null'], unjudged: [] },
  { comparison: '{ type: integer }', holds: ['1', '1.0', '1e3'], fails: ['1.5', '"1"'], unjudged: [] },
  { comparison: '{ type: [array, object] }', holds: ['[]', '{}'], fails: ['""', '0'], unjudged: [] },
  { comparison: "{ lte_input: '$.limit' }", holds: ['5', '4.99'], fails: ['5.01'], unjudged: ['"5"'] },
  { comparison: "{ gt_input: '$.limit' }", holds: ['6'], fails: ['5'], unjudged: ['null'] },
  { comparison: "{ equals_input: '$.limit' }", holds: ['5', '5.0'], fails: ['6', '"5"'], unjudged: [] },
  { comparison: "{ gte_input: '$.absent' }", holds: [], fails: [], unjudged: ['1', '"x"'] },
];

/** Each value on a deny rule under default allow, and on an allow rule under default deny. */
function operatorGroups(): readonly Group[] {
  return operatorCases.flatMap(({ comparison, holds, fails, unjudged }) => {
    const rows = (effects: readonly [string, Effect, string][]): Row[] =>
      effects.map(([value, effect, code]) => [exact('pay', `{"v":${value},"limit":5}`), effect, code, `v is ${value}`]);
    const deny = (value: string): [string, Effect, string] => [value, 'deny', 'policy_denied'];
    const pass = (value: string): [string, Effect, string] => [value, 'allow', 'allowed'];
    return [
      {
        about: `a deny where v is ${comparison}`,
        policies: `{ default: allow, rules: [{ match: { tool: pay, input: { '$.v': ${comparison} } }, action: deny }] }`,
        rows: [
          ...rows([...holds.map(deny), ...fails.map(pass), ...unjudged.map(deny)]),
          [tool('pay', { limit: 5 }), 'allow', 'allowed', 'v is missing'],
        ],
      },
      {
        about: `an allow where v is ${comparison}`,
        policies: `{ default: deny, rules: [{ match: { tool: pay, input: { '$.v': ${comparison} } }, action: allow }] }`,
        rows: [
          ...rows([...holds.map(pass), ...fails.map(deny), ...unjudged.map(deny)]),
          [tool('pay', { limit: 5 }), 'deny', 'policy_denied', 'v is missing'],
        ],
      },
      {
        about: `a deny where not v is ${comparison}`,
        policies: `{ default: allow, rules: [{ match: { tool: pay, not: { input: { '$.v': ${comparison} } } }, action: deny }] }`,
        rows: rows([...holds.map(pass), ...fails.map(deny), ...unjudged.map(deny)]),
      },
    ];
  });
}

export const groups: readonly Group[] = [
  {
    about: 'no rules, default left out',
    policies: '{}',
    rows: [
      [tool('anything'), 'deny', 'policy_denied'],
      [{ name: 'file:///a', kind: 'resource' }, 'deny', 'policy_denied'],
      [{ name: 'hello', kind: 'prompt' }, 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'no rules, default allow',
    policies: '{ default: allow }',
    rows: [
      [tool('anything'), 'allow', 'allowed'],
      [{ name: 'file:///a', kind: 'resource' }, 'allow', 'allowed'],
    ],
  },
  {
    about: 'deny globs compare folded names',
    policies: `
  default: allow
  rules:
    - { match: { tool: 'delete_*' }, action: deny }
    - { match: { tool: ['drop_table', 'purge*now'] }, action: deny }
    - { match: { tool: 'wipe_?' }, action: deny }`,
    rows: [
      [tool('delete_account'), 'deny', 'policy_denied'],
      [tool('delete_'), 'deny', 'policy_denied'],
      [tool('delete'), 'allow', 'allowed'],
      [tool('DELETE_account'), 'deny', 'policy_denied', 'case is folded'],
      [tool('ｄelete_all'), 'deny', 'policy_denied', 'full width letters are folded'],
      [tool('dele\u200bte_all'), 'deny', 'policy_denied', 'a zero width space is dropped'],
      [tool('dele\u00adte_all'), 'deny', 'policy_denied', 'a soft hyphen is dropped'],
      [tool('delete_a/b'), 'deny', 'policy_denied', 'a star matches a slash'],
      [tool('delete_\n'), 'deny', 'policy_denied', 'a star matches a newline'],
      [tool('delete_.hidden'), 'deny', 'policy_denied', 'a star matches a dot'],
      [tool('undelete_x'), 'allow', 'allowed'],
      [tool('drop_table'), 'deny', 'policy_denied'],
      [tool('Drop_Table'), 'deny', 'policy_denied'],
      [tool('drop_tables'), 'allow', 'allowed'],
      [tool('purge_all_now'), 'deny', 'policy_denied'],
      [tool('purgenow'), 'deny', 'policy_denied'],
      [tool('purge_later'), 'allow', 'allowed'],
      [tool('wipe_1'), 'deny', 'policy_denied'],
      [tool('wipe_😀'), 'deny', 'policy_denied', 'a question mark is one character, not one unit'],
      [tool('wipe_12'), 'allow', 'allowed'],
    ],
  },
  {
    about: 'allow globs compare exact characters',
    policies: "{ rules: [{ match: { tool: ['get_*', 'Search'] }, action: allow }] }",
    rows: [
      [tool('get_weather'), 'allow', 'allowed'],
      [tool('GET_weather'), 'deny', 'policy_denied'],
      [tool('get\u200b_weather'), 'deny', 'policy_denied'],
      [tool('ｇet_weather'), 'deny', 'policy_denied'],
      [tool('Search'), 'allow', 'allowed'],
      [tool('search'), 'deny', 'policy_denied'],
      [tool('get_a\nb'), 'allow', 'allowed'],
    ],
  },
  {
    about: 'deny: "*" leaks nothing',
    policies: "{ default: allow, rules: [{ match: { tool: '*' }, action: deny }] }",
    rows: [
      [tool('a'), 'deny', 'policy_denied'],
      [tool('.a'), 'deny', 'policy_denied'],
      [tool('a/b/c'), 'deny', 'policy_denied'],
      [tool('\n'), 'deny', 'policy_denied'],
      [tool('😀'), 'deny', 'policy_denied'],
      [{ name: 'file:///a', kind: 'resource' }, 'allow', 'allowed', 'a resource is no tool'],
    ],
  },
  {
    about: 'tool with not, exact on the side that loosens',
    policies: "{ default: allow, rules: [{ match: { tool: { not: ['read_*', 'list'] } }, action: deny }] }",
    rows: [
      [tool('read_file'), 'allow', 'allowed'],
      [tool('READ_file'), 'deny', 'policy_denied', 'a look-alike of an exception is none'],
      [tool('list'), 'allow', 'allowed'],
      [tool('write'), 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'an allow with not folds what it leaves out',
    policies: "{ rules: [{ match: { tool: { not: 'delete_*' } }, action: allow }] }",
    rows: [
      [tool('read'), 'allow', 'allowed'],
      [tool('delete_x'), 'deny', 'policy_denied'],
      [tool('DELETE_x'), 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'the strictest of all matching rules wins, whatever the order',
    policies: `
  default: allow
  rules:
    - { match: { tool: '*', annotations: { readOnlyHint: false } }, action: require_approval }
    - { match: { tool: 'delete_*' }, action: deny }
    - { match: { tool: 'try_*' }, action: dry_run }
    - { match: { tool: 'delete_draft' }, action: allow }
    - { match: { tool: 'search_*' }, action: rate_limit, limits: { max_calls: 100, window: 1h } }`,
    rows: [
      [tool('delete_account'), 'deny', 'policy_denied'],
      [tool('delete_draft'), 'deny', 'policy_denied', 'an allow never outweighs a deny'],
      [tool('try_pay'), 'simulate', 'dry_run', 'simulate is stricter than hold'],
      [tool('create_payment'), 'hold', 'approval_required'],
      [tool('search_web'), 'hold', 'approval_required'],
      [{ name: 'a', kind: 'prompt' }, 'allow', 'allowed'],
    ],
  },
  {
    about: 'final ends the list; rules before it still count',
    policies: `
  default: allow
  rules:
    - { match: { tool: 'delete_prod*' }, action: deny }
    - { match: { tool: 'delete_*', input: { '$.draft': true } }, action: allow, final: true }
    - { match: { tool: 'delete_*', input: { '$.size': { lt: 10 } } }, action: allow, final: true }
    - { match: { tool: 'delete_*' }, action: deny }`,
    rows: [
      [tool('delete_mail', { draft: true }), 'allow', 'allowed'],
      [tool('delete_mail', { draft: false }), 'deny', 'policy_denied'],
      [tool('delete_prod_mail', { draft: true }), 'deny', 'policy_denied', 'a rule before the final one counts'],
      [tool('delete_mail', { size: 3 }), 'allow', 'allowed'],
      [tool('delete_mail', { size: '3' }), 'deny', 'policy_denied', 'what cannot be judged is never final'],
      [tool('delete_mail', { size: 30 }), 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'a final rule that restricts, matched by what cannot be judged, ends nothing',
    policies: `
  default: allow
  rules:
    - { match: { tool: pay, input: { '$.v': { gt: 5 } } }, action: require_approval, final: true }
    - { match: { tool: pay }, action: deny }`,
    rows: [
      [tool('pay', { v: 6 }), 'hold', 'approval_required'],
      [tool('pay', { v: '6' }), 'deny', 'policy_denied'],
      [tool('pay', { v: 5 }), 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'first_match: the first rule decides alone',
    policies: `
  evaluation: first_match
  default: deny
  rules:
    - { match: { tool: delete_draft }, action: allow }
    - { match: { tool: 'delete_*' }, action: deny }
    - { match: { tool: 'search_*' }, action: rate_limit, limits: { max_calls: 3, window: 1h } }
    - { match: { tool: refund }, action: deny, evidence: { requires: [orders.lookup] } }
    - { match: { tool: shadowed }, action: deny, mode: shadow }
    - { match: { tool: shadowed }, action: allow }
    - { match: { tool: '*' }, action: require_approval }`,
    rows: [
      [tool('delete_draft'), 'allow', 'allowed'],
      [tool('delete_mail'), 'deny', 'policy_denied'],
      [tool('search_web'), 'allow', 'allowed', 'a limit with room lets the call pass'],
      [tool('refund'), 'allow', 'allowed', 'a gate leaves the refusal to its own plugin'],
      [tool('shadowed'), 'allow', 'allowed', 'a shadow rule is not the first'],
      [tool('other'), 'hold', 'approval_required'],
      [{ name: 'p', kind: 'prompt' }, 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'limits and gates only restrict: they open nothing',
    policies: `
  default: deny
  rules:
    - { match: { tool: search }, action: rate_limit, limits: { max_calls: 3, window: 1h } }
    - { match: { tool: refund }, action: deny, evidence: { requires: [orders.lookup] } }
    - { match: { tool: 'read_*' }, action: allow }
    - { match: { tool: read_slow }, requires: [login] }`,
    rows: [
      [tool('search'), 'deny', 'policy_denied'],
      [tool('refund'), 'deny', 'policy_denied'],
      [tool('read_fast'), 'allow', 'allowed'],
      [tool('read_slow'), 'allow', 'allowed'],
    ],
  },
  {
    about: 'a deny with a gate is silent here',
    policies: `
  default: allow
  rules:
    - { match: { tool: refund }, action: deny, evidence: { requires: [orders.lookup] } }
    - { match: { tool: ship }, action: deny, requires: [pack] }
    - { match: { tool: pay }, action: require_approval, evidence: { requires: [x] } }
    - { match: { tool: gone }, action: deny, feedback: { message: 'gone' } }`,
    rows: [
      [tool('refund'), 'allow', 'allowed'],
      [tool('ship'), 'allow', 'allowed'],
      [tool('pay'), 'hold', 'approval_required'],
      [tool('gone'), 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'shadow rules are recorded and never enforced',
    policies: `
  default: allow
  rules:
    - { match: { tool: a }, action: deny, mode: shadow }
    - { match: { tool: b }, action: deny, mode: shadow, final: true }
    - { match: { tool: b }, action: require_approval }`,
    rows: [
      [tool('a'), 'allow', 'allowed'],
      [tool('b'), 'hold', 'approval_required', 'a shadow rule ends no list'],
    ],
  },
  {
    about: 'under default deny a shadow allow opens nothing',
    policies: '{ default: deny, rules: [{ match: { tool: a }, action: allow, mode: shadow }] }',
    rows: [[tool('a'), 'deny', 'policy_denied']],
  },
  {
    about: 'groups: or, and, not, and all keys of a match',
    policies: `
  default: allow
  rules:
    - match: { or: [{ tool: a }, { tool: b, input: { '$.x': 1 } }, { and: [{ tool: c }, { input: { '$.y': { gt: 5 } } }] }] }
      action: deny
    - match: { tool: d, not: { input: { '$.ok': true } } }
      action: deny
    - match: { tool: e, not: [{ input: { '$.x': 1 } }, { input: { '$.x': 2 } }] }
      action: deny
    - match: { tool: f, or: [{ input: { '$.v': { gt: 10 } } }, { input: { '$.w': 'go' } }] }
      action: deny
    - match: { tool: g, and: [{ input: { '$.v': { gt: 10 } } }, { input: { '$.w': 'go' } }] }
      action: deny`,
    rows: [
      [tool('a'), 'deny', 'policy_denied'],
      [tool('b', { x: 1 }), 'deny', 'policy_denied'],
      [tool('b', { x: 2 }), 'allow', 'allowed'],
      [tool('c', { y: 6 }), 'deny', 'policy_denied'],
      [tool('c', { y: 5 }), 'allow', 'allowed'],
      [tool('c', { y: '6' }), 'deny', 'policy_denied', 'a type that cannot be judged, inside groups'],
      [tool('d'), 'deny', 'policy_denied', 'missing is not true'],
      [tool('d', { ok: true }), 'allow', 'allowed'],
      [tool('d', { ok: 'true' }), 'deny', 'policy_denied'],
      [tool('e', { x: 1 }), 'allow', 'allowed'],
      [tool('e', { x: 2 }), 'allow', 'allowed'],
      [tool('e', { x: 3 }), 'deny', 'policy_denied'],
      [tool('f', { v: '11', w: 'go' }), 'deny', 'policy_denied', 'one branch is certain'],
      [tool('f', { v: '11', w: 'stop' }), 'deny', 'policy_denied', 'one branch cannot be judged'],
      [tool('f', { v: 1, w: 'stop' }), 'allow', 'allowed'],
      [tool('g', { v: '11', w: 'stop' }), 'allow', 'allowed', 'the other half certainly fails'],
      [tool('g', { v: '11', w: 'go' }), 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'definitions, also under not and inside each other',
    policies: `
  default: deny
  definitions:
    money: { tool: ['create_payment', 'refund'] }
    small: { input: { '$.amount': { lte: 100 } } }
    harmless: { definition: money, and: [{ definition: small }] }
  rules:
    - { match: { definition: harmless }, action: allow }
    - { match: { definition: money, not: { definition: small } }, action: require_approval }
    - { match: { definition: [money, small] }, action: deny, mode: shadow }`,
    rows: [
      [tool('refund', { amount: 50 }), 'allow', 'allowed'],
      [tool('refund', { amount: 500 }), 'hold', 'approval_required'],
      [tool('refund', { amount: '50' }), 'hold', 'approval_required', 'not allowed, and not small'],
      [tool('refund'), 'hold', 'approval_required', 'missing is not small'],
      [tool('other', { amount: 50 }), 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'several matches of a path: any refuses, all must be good to allow',
    policies: `
  default: deny
  rules:
    - { match: { tool: pay, input: { '$.items[*].price': { lte: 10 } } }, action: allow }
    - { match: { tool: pay_any, input: { '$.items[*].price': { any: { lte: 10 } } } }, action: allow }
    - { match: { tool: block }, action: allow }
    - { match: { tool: block, input: { '$..command': { contains: rm } } }, action: deny }
    - { match: { tool: block_all }, action: allow }
    - { match: { tool: block_all, input: { '$.tags[*]': { all: { eq: x } } } }, action: deny }
    - { match: { tool: slice }, action: allow }
    - { match: { tool: slice, input: { '$.list[-1:]': { gt: 5 } } }, action: deny }
    - { match: { tool: twice, input: { '$.a[0]["b c"].d': 1 } }, action: allow }`,
    rows: [
      [tool('pay', { items: [{ price: 1 }, { price: 10 }] }), 'allow', 'allowed'],
      [tool('pay', { items: [{ price: 1 }, { price: 11 }] }), 'deny', 'policy_denied'],
      [tool('pay', { items: [] }), 'deny', 'policy_denied', 'nothing there is no match'],
      [tool('pay', { items: [{ price: 1 }, { price: '1' }] }), 'deny', 'policy_denied'],
      [tool('pay_any', { items: [{ price: 1 }, { price: 11 }] }), 'allow', 'allowed'],
      [tool('block', { a: { b: [{ command: 'ls' }, { command: 'rm -rf' }] } }), 'deny', 'policy_denied'],
      [tool('block', { a: { command: 'ls' } }), 'allow', 'allowed'],
      [tool('block', { a: { command: 7 } }), 'deny', 'policy_denied'],
      [tool('block_all', { tags: ['x', 'x'] }), 'deny', 'policy_denied'],
      [tool('block_all', { tags: ['x', 'y'] }), 'allow', 'allowed'],
      [tool('slice', { list: [9, 1] }), 'allow', 'allowed'],
      [tool('slice', { list: [1, 9] }), 'deny', 'policy_denied'],
      [tool('twice', { a: [{ 'b c': { d: 1 } }] }), 'allow', 'allowed'],
      [tool('twice', { a: { 0: { 'b c': { d: 1 } } } }), 'deny', 'policy_denied', 'an object is no list'],
    ],
  },
  {
    about: 'shorthands: a scalar is eq, a list is in; existence',
    policies: `
  default: allow
  rules:
    - { match: { tool: a, input: { '$.currency': GBP, '$.kind': [x, y] } }, action: deny }
    - { match: { tool: b, input: { '$.note': { exists: false } } }, action: deny }
    - { match: { tool: c, input: { '$.note': { exists: true } } }, action: deny }
    - { match: { tool: d, input: { '$.__proto__': { exists: true } } }, action: deny }`,
    rows: [
      [tool('a', { currency: 'GBP', kind: 'y' }), 'deny', 'policy_denied'],
      [tool('a', { currency: 'GBP', kind: 'z' }), 'allow', 'allowed'],
      [tool('a', { kind: 'y' }), 'allow', 'allowed'],
      [tool('b'), 'deny', 'policy_denied'],
      [tool('b', { note: null }), 'allow', 'allowed', 'null stands there'],
      [tool('c', { note: null }), 'deny', 'policy_denied'],
      [tool('c'), 'allow', 'allowed'],
      [tool('d'), 'allow', 'allowed', 'nothing is inherited'],
      [exact('d', '{"__proto__": 1}'), 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'resources and prompts',
    policies: `
  default: allow
  rules:
    - { match: { resource: 'file:///etc/*' }, action: deny }
    - { match: { resource: 'https://a/?q=1' }, action: deny }
    - { match: { prompt: ['admin_*'] }, action: deny }
    - { match: { tool: file }, action: deny }`,
    rows: [
      [{ name: 'file:///etc/passwd', kind: 'resource' }, 'deny', 'policy_denied'],
      [{ name: 'FILE:///ETC/passwd', kind: 'resource' }, 'deny', 'policy_denied'],
      [{ name: 'file:///home/x', kind: 'resource' }, 'allow', 'allowed'],
      [{ name: 'https://a/?q=1', kind: 'resource' }, 'deny', 'policy_denied'],
      [{ name: 'https://a/xq=1', kind: 'resource' }, 'allow', 'allowed', 'a question mark in a URI is itself'],
      [{ name: 'admin_reset', kind: 'prompt' }, 'deny', 'policy_denied'],
      [{ name: 'hello', kind: 'prompt' }, 'allow', 'allowed'],
      [tool('admin_reset'), 'allow', 'allowed', 'a tool is no prompt'],
      [{ name: 'file', kind: 'prompt' }, 'allow', 'allowed'],
    ],
  },
  {
    about: 'agents: a rule about one fails closed when none is known',
    more: 'identity: { agent: { header: x-agent } }',
    policies: `
  default: allow
  rules:
    - { match: { tool: pay, agent: 'intern-*' }, action: deny }
    - { match: { tool: ship, agent: { not: [boss] } }, action: deny }
    - { match: { tool: log, not: { agent: boss } }, action: deny }`,
    rows: [
      [tool('pay', {}, { headers: { 'x-agent': 'intern-1' } }), 'deny', 'policy_denied'],
      [tool('pay', {}, { headers: { 'x-agent': 'INTERN-1' } }), 'deny', 'policy_denied'],
      [tool('pay', {}, { headers: { 'x-agent': 'boss' } }), 'allow', 'allowed'],
      [tool('pay'), 'deny', 'policy_denied', 'leaving out the header is no way around'],
      [tool('pay', {}, { headers: { 'x-agent': 'a b' } }), 'deny', 'policy_denied', 'an improper id is none'],
      [tool('ship', {}, { headers: { 'x-agent': 'boss' } }), 'allow', 'allowed'],
      [tool('ship', {}, { headers: { 'x-agent': 'Boss' } }), 'deny', 'policy_denied'],
      [tool('ship'), 'deny', 'policy_denied'],
      [tool('log', {}, { headers: { 'x-agent': 'boss' } }), 'allow', 'allowed'],
      [tool('log'), 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'allow rules about agents and sessions never hold without one',
    more: 'identity: { agent: { header: x-agent } }',
    policies: `
  default: deny
  rules:
    - { match: { tool: pay, agent: boss }, action: allow }
    - { match: { tool: see, session: ['s-*', 't'] }, action: allow }`,
    rows: [
      [tool('pay', {}, { headers: { 'x-agent': 'boss' } }), 'allow', 'allowed'],
      [tool('pay', {}, { headers: { 'x-agent': 'BOSS' } }), 'deny', 'policy_denied'],
      [tool('pay'), 'deny', 'policy_denied'],
      [tool('see', {}, { headers: { 'x-helio-session-id': 's-1' } }), 'allow', 'allowed'],
      [tool('see', {}, { session: 't' }), 'allow', 'allowed'],
      [tool('see', {}, { session: 'u' }), 'deny', 'policy_denied'],
      [tool('see'), 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'environment',
    more: 'environment: production',
    policies: `
  default: allow
  rules:
    - { match: { tool: drop, environment: production }, action: deny }
    - { match: { tool: peek, environment: [staging, test] }, action: deny }
    - { match: { tool: push, environment: { not: staging } }, action: deny }`,
    rows: [
      [tool('drop'), 'deny', 'policy_denied'],
      [tool('peek'), 'allow', 'allowed'],
      [tool('push'), 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'upstream',
    policies: `
  default: allow
  rules:
    - { match: { tool: a, upstream: upstream }, action: deny }
    - { match: { tool: b, upstream: other }, action: deny }`,
    rows: [
      [tool('a'), 'deny', 'policy_denied'],
      [tool('b'), 'allow', 'allowed'],
    ],
  },
  ...(
    [
      ['2026-03-02T09:00:00Z', 'allow', 'Monday at nine'],
      ['2026-03-02T08:59:59Z', 'deny', 'Monday before nine'],
      ['2026-03-06T16:59:59Z', 'allow', 'Friday just before five'],
      ['2026-03-06T17:00:00Z', 'deny', 'Friday at five'],
      ['2026-03-07T12:00:00Z', 'deny', 'Saturday'],
      ['2026-07-06T08:30:00Z', 'allow', 'summer time: half past nine in London'],
    ] as const
  ).map(([now, effect, why]): Group => ({
    about: `office hours, ${why}`,
    now,
    policies:
      "{ rules: [{ match: { tool: pay, time: { days: mon-fri, hours: '09:00-17:00', zone: Europe/London } }, action: allow }] }",
    rows: [[tool('pay'), effect, effect === 'allow' ? 'allowed' : 'policy_denied', why]],
  })),
  ...(
    [
      ['2026-03-06T23:00:00Z', 'deny', 'Friday night'],
      ['2026-03-07T05:59:00Z', 'deny', 'Saturday morning belongs to Friday night'],
      ['2026-03-07T06:00:00Z', 'allow', 'Saturday at six'],
      ['2026-03-08T03:00:00Z', 'allow', 'Sunday morning belongs to Saturday'],
      ['2026-03-05T23:00:00Z', 'allow', 'Thursday night'],
    ] as const
  ).map(([now, effect, why]): Group => ({
    about: `Friday nights over midnight, ${why}`,
    now,
    policies:
      "{ default: allow, rules: [{ match: { tool: pay, time: { days: [fri], hours: ['22:00-06:00'] } }, action: deny }] }",
    rows: [[tool('pay'), effect, effect === 'allow' ? 'allowed' : 'policy_denied', why]],
  })),
  {
    about: 'a condition of another plugin',
    policies: `
  default: allow
  rules:
    - { match: { tool: a, moon: full }, action: deny }
    - { match: { tool: b, moon: new }, action: deny }
    - { match: { tool: c, not: { moon: new } }, action: deny }`,
    rows: [
      [tool('a'), 'deny', 'policy_denied'],
      [tool('b'), 'allow', 'allowed'],
      [tool('c'), 'deny', 'policy_denied'],
    ],
  },
  {
    about: 'an empty match is every governed call',
    policies: '{ default: allow, rules: [{ match: {}, action: require_approval }] }',
    rows: [
      [tool('a'), 'hold', 'approval_required'],
      [{ name: 'p', kind: 'prompt' }, 'hold', 'approval_required'],
    ],
  },
  ...operatorGroups(),
];
