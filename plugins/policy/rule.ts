/** Compiles one rule: its words are checked, its match and fields compiled, its name and identity settled. */
import { createHash } from 'node:crypto';
import type { ConfigPath } from '@gethelio/proxy/plugin';
import { z } from 'zod';
import type { InputComparison } from './conditions/built-in.ts';
import { wantedGlobs, type Names } from './conditions/names.ts';
import type { MatchedRule, RuleAction } from './contract.ts';
import { compileFields } from './fields.ts';
import { unknownWord, type Language } from './language.ts';
import { compileMatch, isObject, type Matching } from './match.ts';
import type { Tracker } from './trackers.ts';
import type { Condition } from './truth.ts';

export interface CompiledRule {
  /** What other plugins see of it. */
  readonly view: MatchedRule;
  /** Undefined: it only restricts, through its fields. */
  readonly speaks: RuleAction['speaks'];
  readonly restricts: boolean;
  readonly final: boolean;
  readonly condition: Condition;
  /** Tool globs at the top of `match:`; undefined when the rule asks otherwise or about all. */
  readonly tools: readonly string[] | undefined;
  readonly comparisons: readonly InputComparison[];
  readonly written: { readonly [key: string]: unknown };
}

const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'a name holds no control characters');

/** The keys that every rule may have. */
export const ruleKeys = {
  name: name
    .optional()
    .describe('Shown in decisions, audit and feedback; unique. Left out: the tool and the place in the file.'),
  description: z.string().optional().describe('For people.'),
  match: z.record(z.string(), z.unknown()).describe('When the rule holds. All keys must hold; {} always does.'),
  action: z.string().optional().describe('What the rule says. Left out: it only asks for what its fields require.'),
  final: z.boolean().default(false).describe('When it matches, no later rule is tried and flag_destructive is silent.'),
  mode: z.enum(['enforce', 'shadow']).default('enforce').describe('shadow: judged and recorded, never enforced.'),
  release_on_error: z
    .boolean()
    .default(false)
    .describe(
      'What limits took is given back also when the tool answers with an error; else only when it provably did nothing.',
    ),
  tags: z.array(z.string().min(1)).default([]).describe('For searching.'),
} as const;

/** What compiling all rules shares. */
export interface RuleSurroundings {
  readonly language: Language;
  readonly definitions: { readonly [name: string]: unknown };
  readonly section: ConfigPath;
  readonly trackers: Map<string, Tracker>;
}

/** Undefined after a mistake, which is reported. */
export function compileRule(written: unknown, index: number, shared: RuleSurroundings): CompiledRule | undefined {
  const { language } = shared;
  const path = [...shared.section, 'rules', index];
  const complain = (code: string, message: string, at: ConfigPath = [], fix?: string) =>
    language.report({ code, path: [...path, ...at], message, ...(fix ? { fix } : {}) });
  if (!isObject(written)) {
    complain(
      'HELIO_POLICY_BAD_RULE',
      'a rule is an object with a match and an action',
      [],
      'write - match: { tool: ... }',
    );
    return undefined;
  }
  if (!checkKeys(written, language, complain)) return undefined;
  const head = checkHead(written, path, language);
  if (!head) return undefined;
  const action = head.action === undefined ? undefined : language.actions.get(head.action);
  if (head.action !== undefined && !action) {
    const { message, fix } = unknownWord('action', head.action, language.actions.keys());
    complain('HELIO_POLICY_UNKNOWN_ACTION', message, ['action'], fix);
    return undefined;
  }
  const restricts = action?.speaks?.effect !== 'allow';
  const label = head.name ?? `${labelOf(written['match'])}#${index + 1}`;
  const rule = { name: label, action: head.action };
  const comparisons: InputComparison[] = [];
  const matching: Matching = {
    language,
    definitions: shared.definitions,
    definitionsPath: [...shared.section, 'definitions'],
    rule,
    restricts,
    comparisons,
    trackers: shared.trackers,
    following: [],
  };
  const condition = compileMatch(head.match, [...path, 'match'], restricts, matching);
  const fields = compileFields(written, path, rule, restricts, language);
  const isBroken = (key: string) => Object.hasOwn(written, key) && !fields.some((field) => field.key === key); // told already
  const standsAlone = [...language.fields].flatMap(([key, sharing]) =>
    sharing.some(({ alone }) => alone) ? [key] : [],
  );
  if (!action && standsAlone.some(isBroken)) return undefined;
  if (!action && !fields.some(({ alone }) => alone)) {
    complain(
      'HELIO_POLICY_BAD_RULE',
      'the rule has no action, so it would do nothing',
      [],
      'add an action, for example action: deny',
    );
    return undefined;
  }
  const missing = (action?.needs ?? []).filter(
    (need) => !isBroken(need.replace(/\..*/, '')) && !fields.some((field) => field.provides.includes(need)),
  );
  for (const need of missing) {
    complain(
      'HELIO_POLICY_BAD_RULE',
      `action "${head.action}" needs ${need.replace(/\..*/, '')}`,
      ['action'],
      needsFix(need, language),
    );
  }
  const gated = fields.some(({ gate }) => gate) && action?.speaks?.effect === 'deny';
  return {
    view: Object.freeze({
      name: label,
      line: language.lineOf(path),
      index,
      action: head.action,
      tags: Object.freeze([...head.tags]),
      mode: head.mode,
      identity: head.name ?? hashOf(head.match, head.action),
      releaseOnError: head.release_on_error,
      fields: Object.freeze(Object.fromEntries(fields.map(({ key, compiled }) => [key, compiled]))),
    }),
    speaks: gated ? undefined : action?.speaks,
    restricts,
    final: head.final,
    condition,
    tools: toolGlobs(head.match),
    comparisons,
    written,
  };
}

const head = z.object(ruleKeys);

function checkHead(written: { readonly [key: string]: unknown }, path: ConfigPath, language: Language) {
  const own = Object.fromEntries(Object.entries(written).filter(([key]) => Object.hasOwn(ruleKeys, key)));
  return language.check(head, own, path);
}

function checkKeys(
  written: { readonly [key: string]: unknown },
  language: Language,
  complain: (code: string, message: string, at: ConfigPath, fix?: string) => void,
): boolean {
  const known = [...Object.keys(ruleKeys), ...language.fields.keys()];
  const unknown = Object.keys(written).filter((key) => !known.includes(key));
  for (const key of unknown) {
    const inMatch = language.conditions.has(key);
    const { message, fix } = unknownWord('field', key, known);
    if (inMatch)
      complain('HELIO_POLICY_UNKNOWN_FIELD', `"${key}" belongs inside match`, [key], `write match: { ${key}: ... }`);
    else complain('HELIO_POLICY_UNKNOWN_FIELD', message, [key], fix);
  }
  return unknown.length === 0;
}

function needsFix(need: string, language: Language): string {
  const [key, part] = need.split('.') as [string, string | undefined];
  const known = language.fields.get(key);
  const shape = known?.find((field) => field.part === part)?.schema as { readonly shape?: object } | undefined;
  const keys = Object.keys(shape?.shape ?? {});
  return keys.length > 0 ? `add ${key}: { ${keys.join(', ')} }` : `add ${key}:`;
}

/** Names a rule that has no name: what it asks about. */
function labelOf(match: unknown): string {
  if (!isObject(match)) return 'rule';
  for (const key of ['tool', 'resource', 'prompt', 'definition']) {
    const value = match[key];
    if (typeof value === 'string') return cut(value);
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return cut(value.join(','));
  }
  return 'rule';
}

function cut(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}

function toolGlobs(match: { readonly [key: string]: unknown }): readonly string[] | undefined {
  const tool = match['tool'];
  return tool === undefined || isObject(tool) === true ? undefined : wantedGlobs(tool as Names);
}

/** Match and action, whatever the order of the keys: never limits, never the place in the file. */
function hashOf(match: unknown, action: string | undefined): string {
  return createHash('sha256')
    .update(canonical({ match, action: action ?? null }))
    .digest('hex')
    .slice(0, 24);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}
