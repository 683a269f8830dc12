/** The words that rules may use: this plugin's own and those that the loaded plugins contribute. */
import { nearest, type ConfigPath, type Effect, type Problem } from '@gethelio/proxy/plugin';
import type { Counters, Ledger } from '@gethelio/proxy/contracts/state';
import type { z } from 'zod';
import { builtInConditions } from './conditions/index.ts';
import type { RuleAction, RuleCondition, RuleField, SessionContext } from './contract.ts';

/** Everything that compiling a policy needs from outside. */
export interface Language {
  readonly actions: ReadonlyMap<string, RuleAction>;
  /** By key; several entries are the parts of one shared field. */
  readonly fields: ReadonlyMap<string, readonly RuleField<any, any>[]>;
  readonly conditions: ReadonlyMap<string, RuleCondition<any>>;
  readonly environment: string | undefined;
  readonly counters: Counters | undefined;
  readonly ledger: Ledger | undefined;
  readonly sessions: SessionContext | undefined;
  report(problem: Problem): void;
  /** As `PluginApi.check`. */
  check<S extends z.ZodType>(schema: S, value: unknown, path: ConfigPath): z.output<S> | undefined;
  lineOf(path: ConfigPath): number;
}

const sentence = (name: string, does: string) => `Rule "${name}" ${does}.`;

/** The two actions that need no other plugin. */
export const ownActions: readonly RuleAction[] = [
  {
    name: 'allow',
    summary: 'The call may go on, unless another rule or plugin is stricter.',
    speaks: speaks('allow', 'allowed', 'allows this call'),
  },
  {
    name: 'deny',
    summary: 'The call is refused; with `evidence` or `requires` beside it, only while these are not met.',
    speaks: speaks('deny', 'policy_denied', 'denies this call'),
  },
];

function speaks(effect: Effect, code: string, does: string): RuleAction['speaks'] {
  return { effect, code, reason: (rule) => sentence(rule.name, does) };
}

/** Names that are taken inside `match:` whatever is loaded. */
export const groupKeys = ['and', 'or', 'not', 'definition'] as const;

/** Which standard plugin brings a word, for the error when it is not loaded. */
const providers: Readonly<Record<'action' | 'field' | 'condition', Readonly<Record<string, string>>>> = {
  action: {
    require_approval: 'approvals',
    dry_run: 'dry-run',
    rate_limit: 'rate-limits',
    spend_limit: 'spend-limits',
  },
  field: {
    approval: 'approvals',
    evidence: 'evidence',
    requires: 'dependencies',
    feedback: 'feedback',
    dry_run: 'dry-run',
    limits: 'rate-limits',
    'limits.max_calls': 'rate-limits',
    'limits.window': 'rate-limits',
    'limits.key': 'rate-limits',
    'limits.max_spend': 'spend-limits',
    on_tool_drift: 'tool-pinning',
  },
  condition: {},
};

/** `unknown action "denny" (did you mean "deny"?)`, or the plugin to add where a standard one brings the word. */
export function unknownWord(
  kind: 'action' | 'field' | 'condition' | 'setting' | 'key',
  word: string,
  known: Iterable<string>,
  where = word,
): { readonly message: string; readonly fix: string } {
  const table = kind === 'setting' || kind === 'key' ? providers.field : providers[kind];
  const plugin = Object.hasOwn(table, where) ? table[where] : undefined;
  if (plugin) {
    return {
      message: `"${word}" belongs to the plugin ${plugin}, which is not loaded`,
      fix: `add "${plugin}" to plugins:`,
    };
  }
  const names = [...known];
  const meant = nearest(word, names);
  return {
    message: `unknown ${kind} "${word}"${meant ? ` (did you mean "${meant}"?)` : ''}`,
    fix: `known: ${names.sort().join(', ')}`,
  };
}

/** Puts contributions beside the own words; a word that two bring is an error. */
export function gatherWords(
  contributed: {
    readonly actions: readonly RuleAction[];
    readonly fields: readonly RuleField<any, any>[];
    readonly conditions: readonly RuleCondition<any>[];
  },
  twice: (kind: string, word: string) => void,
): Pick<Language, 'actions' | 'fields' | 'conditions'> {
  const actions = byName('action', [...ownActions, ...contributed.actions], (action) => action.name, twice);
  const conditions = byName('condition', [...builtInConditions, ...contributed.conditions], ({ key }) => key, twice);
  for (const key of groupKeys) if (conditions.has(key)) twice('condition', key);
  const fields = new Map<string, RuleField<any, any>[]>();
  for (const field of contributed.fields) {
    const sharing = fields.get(field.key) ?? [];
    if (sharing.some((other) => other.part === field.part || !other.part || !field.part)) twice('field', field.key);
    fields.set(field.key, [...sharing, field]);
  }
  return { actions, conditions, fields };
}

function byName<T>(
  kind: string,
  list: readonly T[],
  name: (item: T) => string,
  twice: (kind: string, word: string) => void,
) {
  const map = new Map<string, T>();
  for (const item of list) {
    if (map.has(name(item))) twice(kind, name(item));
    else map.set(name(item), item);
  }
  return map;
}
