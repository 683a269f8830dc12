/** Rules as written, for pages and commands. */
import type { ConfigPath } from '@gethelio/proxy/plugin';
import { stringify } from 'yaml';
import type { RuleView } from './contract.ts';
import { lintPolicy } from './lint.ts';
import type { CompiledPolicy } from './policy.ts';

const made = new WeakMap<CompiledPolicy, readonly RuleView[]>();

export function viewsOf(policy: CompiledPolicy, section: ConfigPath): readonly RuleView[] {
  const known = made.get(policy);
  if (known) return known;
  const warnings = lintPolicy(policy, section);
  const views = policy.rules.map(({ view, written }) => ({
    name: view.name,
    line: view.line,
    action: view.action,
    mode: view.mode,
    tags: view.tags,
    source: stringify(written, { lineWidth: 100, singleQuote: true }).trimEnd(),
    warnings: warnings.filter(({ path }) => path[section.length + 1] === view.index).map(({ message }) => message),
  }));
  made.set(policy, views);
  return views;
}
