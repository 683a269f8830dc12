/** Finds the rules that can hold for a name without trying all of them. */
import type { Call } from '@gethelio/proxy/plugin';
import { compileGlob, foldName } from './glob.ts';
import type { CompiledRule } from './rule.ts';
import { partialTrial } from './trial.ts';

/** Names that are remembered; an upstream that advertises more is asked anew for each of the rest. */
const rememberedNames = 10_000;

export interface RuleIndex {
  /** The rules that may match, in file order. */
  about(call: Call): readonly CompiledRule[];
}

const noFacts = { get: () => undefined };

/**
 * Rules with literal tool names are found by name, others by what stands before their first wildcard; what is left is
 * tried one by one, once per name. The answer is remembered per kind, upstream and name.
 */
export function indexRules(rules: readonly CompiledRule[]): RuleIndex {
  const byName = new Map<string, number[]>();
  const byPrefix = new Map<string, number[]>();
  const everywhere: number[] = [];
  rules.forEach((rule, i) => place(rule, i, byName, byPrefix, everywhere));
  const prefixLengths = [...new Set([...byPrefix.keys()].map(({ length }) => length))];
  let remembered = 0;

  function find(call: Call): readonly CompiledRule[] {
    const folded = foldName(call.name);
    const places = new Set(everywhere);
    if (call.kind === 'tool') {
      for (const i of byName.get(folded) ?? []) places.add(i);
      for (const length of prefixLengths) for (const i of byPrefix.get(folded.slice(0, length)) ?? []) places.add(i);
    }
    const trial = partialTrial('name', { call, facts: noFacts, nowMs: 0, tool: undefined });
    const candidates = [...places].sort((a, b) => a - b).map((i) => rules[i]!);
    return candidates.filter((rule) => rule.condition.test(trial) !== false);
  }

  // Nested, not one key of three texts: joining and hashing such a key on every call costs more than the lookups.
  const kinds = { tool: new Map(), resource: new Map(), prompt: new Map(), list: new Map() } as Record<
    Call['kind'],
    Map<string, Map<string, readonly CompiledRule[]>>
  >;

  function namesOf({ kind, upstream }: Call): Map<string, readonly CompiledRule[]> {
    const upstreams = kinds[kind];
    let names = upstreams.get(upstream);
    if (!names) upstreams.set(upstream, (names = new Map()));
    return names;
  }

  return {
    about(call) {
      const cached = kinds[call.kind].get(call.upstream)?.get(call.name);
      if (cached) return cached;
      const found = find(call);
      if (++remembered > rememberedNames) {
        for (const upstreams of Object.values(kinds)) upstreams.clear();
        remembered = 1;
      }
      namesOf(call).set(call.name, found);
      return found;
    },
  };
}

/** Names are compared folded here, which finds at least every rule that its own exact comparison will accept. */
function place(
  rule: CompiledRule,
  i: number,
  byName: Map<string, number[]>,
  byPrefix: Map<string, number[]>,
  everywhere: number[],
): void {
  const globs = rule.tools?.map((pattern) => compileGlob(pattern, { folded: true }));
  if (!globs || globs.some((glob) => !glob.literal && glob.prefix === '')) {
    everywhere.push(i);
    return;
  }
  for (const glob of globs) {
    const map = glob.literal ? byName : byPrefix;
    const list = map.get(glob.prefix);
    if (list) list.push(i);
    else map.set(glob.prefix, [i]);
  }
}
