import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call, Effect, Facts, JsonObject, ToolDefinition } from '@gethelio/proxy/plugin';
import { agent } from '@gethelio/proxy/contracts/identity';
import { compileGlob, foldName, globCovers, globsOverlap } from '../glob.ts';
import { isUncallable, judge, type Judgement } from '../judge.ts';
import type { CompiledPolicy } from '../policy.ts';
import { compileForTest } from './compile.ts';

const rank: Record<Effect, number> = { allow: 0, hold: 1, simulate: 2, deny: 3 };

const names = ['read_a', 'read_b', 'delete_a', 'pay', 'Pay', 'p\u200bay'];
const agents = ['boss', 'intern-1', undefined];

const condition = fc.oneof(
  fc.record({ tool: fc.constantFrom('*', 'read_*', 'pay', 'delete_a', '?ay', '*_a') }),
  fc.record({
    tool: fc.constantFrom('*', 'pay', 'read_*'),
    input: fc.constantFrom({ '$.v': { gt: 5 } }, { '$.v': { lte: 5 } }, { '$.v': 'x' }, { '$.v': { exists: false } }),
  }),
  fc.record({
    tool: fc.constantFrom('*', 'pay'),
    annotations: fc.constantFrom({ readOnlyHint: true }, { destructiveHint: true }),
  }),
  fc.record({ agent: fc.constantFrom('boss', 'intern-*') }),
  fc.record({
    tool: fc.constantFrom('pay', '*'),
    not: fc.constantFrom({ input: { '$.v': { gt: 5 } } }, { agent: 'boss' }, { tool: 'pay' }),
  }),
  fc.record({ or: fc.constant([{ tool: 'read_a' }, { input: { '$.v': { lt: 3 } } }]) }),
);
const rule = fc.record({ match: condition, action: fc.constantFrom('allow', 'deny', 'require_approval', 'dry_run') });
const rules = fc.array(rule, { maxLength: 6 });
const section = fc.record({ default: fc.constantFrom('allow' as const, 'deny' as const), rules });

const situation = fc.record({
  name: fc.constantFrom(...names),
  agent: fc.constantFrom(...agents),
  arguments: fc.constantFrom<JsonObject>({}, { v: 6 }, { v: 5 }, { v: '6' }, { v: 'x' }, { v: null }),
  readOnly: fc.boolean(),
});
type Situation = { name: string; agent: string | undefined; arguments: JsonObject; readOnly: boolean };

function seenOf({ name, agent: id, arguments: args, readOnly }: Situation) {
  const facts: Facts = {
    get: (fact) => (fact.id === agent.id && id !== undefined ? ({ id, source: 'test' } as never) : undefined),
  };
  const call = {
    kind: 'tool',
    name,
    upstream: 'shop',
    arguments: args,
    decimal: (path: string) => (path === '$.v' && typeof args['v'] === 'number' ? String(args['v']) : undefined),
  } as unknown as Call;
  const annotations = {
    readOnlyHint: readOnly,
    destructiveHint: !readOnly,
    idempotentHint: false,
    openWorldHint: true,
  };
  return { call, facts, nowMs: 0, tool: { name, annotations, inputSchema: undefined, raw: {} } as ToolDefinition };
}

function effectOf(policy: CompiledPolicy, situation: Situation): Effect {
  const { verdicts } = judge(policy, seenOf(situation)) as Judgement;
  return verdicts.reduce<Effect>((worst, { effect }) => (rank[effect] > rank[worst] ? effect : worst), 'allow');
}

describe('what holds for every policy', () => {
  it('the order of rules never changes the outcome', () => {
    fc.assert(
      fc.property(section, fc.array(fc.nat()), situation, (written, shuffle, at) => {
        const order = written.rules.map((one, i) => ({ one, key: shuffle[i] ?? i })).sort((a, b) => a.key - b.key);
        const other = { ...written, rules: order.map(({ one }) => one) };
        expect(effectOf(compileForTest(other), at)).toBe(effectOf(compileForTest(written), at));
      }),
      { numRuns: 500 },
    );
  });

  it('adding a rule never weakens a deny', () => {
    fc.assert(
      fc.property(section, rule, fc.nat(6), situation, (written, more, place, at) => {
        const spoke = { ...written, default: 'allow' as const }; // what only the default denies, an allow may open
        const before = effectOf(compileForTest(spoke), at);
        const wider = { ...spoke, rules: [...spoke.rules.slice(0, place), more, ...spoke.rules.slice(place)] };
        expect(rank[effectOf(compileForTest(wider), at)]).toBeGreaterThanOrEqual(rank[before]);
      }),
      { numRuns: 500 },
    );
  });

  it('a rule that restricts never weakens anything, under either default', () => {
    fc.assert(
      fc.property(section, condition, situation, (written, match, at) => {
        const wider = { ...written, rules: [...written.rules, { match, action: 'deny' }] };
        expect(rank[effectOf(compileForTest(wider), at)]).toBeGreaterThanOrEqual(
          rank[effectOf(compileForTest(written), at)],
        );
      }),
      { numRuns: 300 },
    );
  });

  it('a tool that is hidden from a caller is denied to him, whatever the arguments', () => {
    let hidden = 0;
    const withFinals = fc.record({
      default: fc.constantFrom('allow' as const, 'deny' as const),
      evaluation: fc.constantFrom('strictest' as const, 'first_match' as const),
      rules: fc.array(
        fc.record({
          match: condition,
          action: fc.constantFrom('allow', 'deny', 'require_approval'),
          final: fc.boolean(),
        }),
        { maxLength: 6 },
      ),
    });
    fc.assert(
      fc.property(withFinals, situation, (written, at) => {
        const policy = compileForTest(written);
        if (!isUncallable(policy, seenOf({ ...at, arguments: {} }))) return;
        hidden++;
        expect(effectOf(policy, at)).toBe('deny');
      }),
      { numRuns: 2000 },
    );
    expect(hidden).toBeGreaterThan(100);
  });

  it('the index finds exactly the rules that a scan finds', () => {
    fc.assert(
      fc.property(section, situation, (written, at) => {
        const policy = compileForTest(written);
        const seen = seenOf(at);
        const { matched } = judge(policy, seen) as Judgement;
        const scanned = written.rules.filter((one) => {
          const alone = compileForTest({ ...written, rules: [one] });
          return (judge(alone, seen) as Judgement).matched.length > 0;
        });
        expect(matched.map(({ index }) => index)).toEqual(scanned.map((one) => written.rules.indexOf(one)));
      }),
      { numRuns: 300 },
    );
  });
});

describe('globs', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '/', '\n', '.', '😀', 'A'), maxLength: 8 });
  const plain = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\n', '.', '😀', 'A'), maxLength: 8 });
  const slow = (glob: string, name: string) =>
    new RegExp(
      `^${[...glob].map((c) => (c === '*' ? '[^]*' : c === '?' ? '[^]' : c.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))).join('')}$`,
      'u',
    ).test(name);

  it('match as the obvious regular expression does', () => {
    fc.assert(
      fc.property(text, plain, (glob, name) => void expect(compileGlob(glob).test(name)).toBe(slow(glob, name))),
      { numRuns: 3000 },
    );
  });

  it('that cover another match whatever it matches', () => {
    fc.assert(
      fc.property(text, text, plain, (outer, inner, name) => {
        if (globCovers(outer, inner) && compileGlob(inner).test(name)) expect(compileGlob(outer).test(name)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('that both match a name overlap', () => {
    fc.assert(
      fc.property(text, text, plain, (a, b, name) => {
        if (compileGlob(a).test(name) && compileGlob(b).test(name)) expect(globsOverlap(a, b)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('folding is stable', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => void expect(foldName(foldName(name))).toBe(foldName(name))),
      { numRuns: 1000 },
    );
  });

  it('cost no more than pattern times name', () => {
    const glob = compileGlob('*a'.repeat(200) + 'b');
    expect(glob.test('a'.repeat(5000))).toBe(false);
  });
});
