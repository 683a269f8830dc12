/** Compiles the section `policies` into what calls are judged by. */
import type { ConfigPath } from '@gethelio/proxy/plugin';
import type { Language } from './language.ts';
import { compileMatch, isObject } from './match.ts';
import { compileRule, type CompiledRule } from './rule.ts';
import { indexRules, type RuleIndex } from './rule-index.ts';
import type { Tracker } from './trackers.ts';

/** The section as its own schema leaves it: rules and definitions are still as written. */
export interface PolicySection {
  readonly default: 'allow' | 'deny';
  readonly evaluation: 'strictest' | 'first_match';
  readonly flag_destructive: 'log' | 'require_approval';
  readonly hide_denied: boolean;
  readonly definitions: { readonly [name: string]: unknown };
  readonly rules: readonly unknown[];
}

export interface CompiledPolicy {
  readonly default: 'allow' | 'deny';
  readonly evaluation: 'strictest' | 'first_match';
  readonly flagDestructive: 'log' | 'require_approval';
  readonly hideDenied: boolean;
  readonly rules: readonly CompiledRule[];
  readonly index: RuleIndex;
  /** What `state` conditions count. */
  readonly trackers: readonly Tracker[];
}

/** Mistakes are reported through `language`; rules with one are left out, so the result must not be used then. */
export function compilePolicy(section: PolicySection, path: ConfigPath, language: Language): CompiledPolicy {
  const once = withoutRepeats(language);
  const trackers = new Map<string, Tracker>();
  const shared = { language: once, definitions: section.definitions, section: path, trackers };
  const compiled = section.rules.map((written, i) => compileRule(written, i, shared));
  const rules = apart(compiled.filter((rule) => rule !== undefined));
  checkNames(rules, path, once);
  checkUnused(section.definitions, path, once);
  if (section.flag_destructive === 'require_approval' && !language.actions.has('require_approval')) {
    const message = '"require_approval" belongs to the plugin approvals, which is not loaded';
    once.report({
      code: 'HELIO_POLICY_UNKNOWN_ACTION',
      path: [...path, 'flag_destructive'],
      message,
      fix: 'add "approvals" to plugins:',
    });
  }
  return {
    default: section.default,
    evaluation: section.evaluation,
    flagDestructive: section.flag_destructive,
    hideDenied: section.hide_denied,
    rules,
    index: indexRules(rules),
    trackers: [...trackers.values()],
  };
}

/** A definition that several rules use is compiled several times; its mistakes are told once. */
function withoutRepeats(language: Language): Language {
  const told = new Set<string>();
  return {
    ...language,
    report(problem) {
      const key = JSON.stringify(
        problem.code === 'HELIO_POLICY_RING' ? problem.message : [problem.path, problem.message],
      );
      if (!told.has(key)) language.report(problem);
      told.add(key);
    },
  };
}

/**
 * Rules without a name that have one match and action would share their counters, and the shorter window of one would
 * empty the other's: they are numbered apart.
 */
function apart(rules: readonly CompiledRule[]): readonly CompiledRule[] {
  const seen = new Map<string, number>();
  return rules.map((rule) => {
    const { identity } = rule.view;
    const count = (seen.get(identity) ?? 0) + 1;
    seen.set(identity, count);
    if (count === 1 || rule.written['name'] !== undefined) return rule;
    return { ...rule, view: Object.freeze({ ...rule.view, identity: `${identity}~${count}` }) };
  });
}

function checkNames(rules: readonly CompiledRule[], path: ConfigPath, language: Language): void {
  const first = new Map<string, CompiledRule>();
  for (const rule of rules) {
    const other = first.get(rule.view.name);
    if (!other) {
      first.set(rule.view.name, rule);
      continue;
    }
    const named = rule.written['name'] === undefined ? other : rule;
    language.report({
      code: 'HELIO_POLICY_NAME_TWICE',
      path: [...path, 'rules', named.view.index, 'name'],
      message: `two rules are named "${rule.view.name}" (lines ${other.view.line} and ${rule.view.line})`,
      fix: 'give each rule its own name',
    });
  }
}

/** A definition that no rule uses yet must be right too. */
function checkUnused(definitions: PolicySection['definitions'], path: ConfigPath, language: Language): void {
  for (const [name, written] of Object.entries(definitions)) {
    const at = [...path, 'definitions', name];
    if (!isObject(written)) {
      language.report({
        code: 'HELIO_POLICY_BAD_RULE',
        path: at,
        message: `the definition "${name}" is no match`,
        fix: 'write { tool: ... }',
      });
      continue;
    }
    compileMatch(written, at, true, {
      language,
      definitions,
      definitionsPath: [...path, 'definitions'],
      rule: { name, action: undefined },
      restricts: true,
      comparisons: [],
      trackers: new Map(),
      following: [name],
    });
  }
}
