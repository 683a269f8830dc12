/** Finds the rules that can hold for a name without trying all of them. */
import type { Call } from '@gethelio/proxy/plugin';
import { compileGlob, foldName, type Glob } from './glob.ts';
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
 * Rules with literal tool names are found by name, `prefix*` rules by their first character; what is left is tried one by
 * one, once per name. The answer is remembered per kind, upstream and name.
 */
export function indexRules(rules: readonly CompiledRule[]): RuleIndex {
  const byName = new Map<string, number[]>();
  const byFirst = new Map<string, number[]>();
  const everywhere: number[] = [];
  rules.forEach((rule, i) => place(rule, i, byName, byFirst, everywhere));
  const known = new Map<string, readonly CompiledRule[]>();

  function find(call: Call): readonly CompiledRule[] {
    const folded = foldName(call.name);
    const places = new Set(everywhere);
    if (call.kind === 'tool') {
      for (const i of byName.get(folded) ?? []) places.add(i);
      for (const i of byFirst.get([...folded][0] ?? '') ?? []) places.add(i);
    }
    const trial = partialTrial('name', { call, facts: noFacts, nowMs: 0, tool: undefined });
    const candidates = [...places].sort((a, b) => a - b).map((i) => rules[i]!);
    return candidates.filter((rule) => rule.condition.test(trial) !== false);
  }

  return {
    about(call) {
      const key = `${call.kind}\n${call.upstream}\n${call.name}`;
      const cached = known.get(key);
      if (cached) return cached;
      const found = find(call);
      if (known.size >= rememberedNames) known.clear();
      known.set(key, found);
      return found;
    },
  };
}

/** Names are compared folded here, which finds at least every rule that its own exact comparison will accept. */
function place(
  rule: CompiledRule,
  i: number,
  byName: Map<string, number[]>,
  byFirst: Map<string, number[]>,
  everywhere: number[],
): void {
  const globs = rule.tools?.map((pattern) => compileGlob(pattern, { folded: true }));
  if (!globs || globs.some((glob) => !glob.literal && glob.prefix === '')) {
    everywhere.push(i);
    return;
  }
  for (const glob of globs) {
    const [map, key] = glob.literal ? [byName, glob.prefix] : [byFirst, firstOf(glob)];
    const list = map.get(key);
    if (list) list.push(i);
    else map.set(key, [i]);
  }
}

function firstOf(glob: Glob): string {
  return [...glob.prefix][0]!;
}
