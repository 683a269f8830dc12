/** Compiles `match:` - all keys must hold; `or`, `and`, `not` and named `definition`s combine further ones. */
import type { ConfigPath } from '@gethelio/proxy/plugin';
import type { BuiltIn, BuiltInContext, InputComparison } from './conditions/built-in.ts';
import type { CompileContext, RuleCondition } from './contract.ts';
import { groupKeys, unknownWord, type Language } from './language.ts';
import type { Tracker } from './trackers.ts';
import { leaf, type Trial } from './trial.ts';
import { allOf, always, anyOf, noneOf, type Condition } from './truth.ts';

type Written = { readonly [key: string]: unknown };

/** The rule whose `match:` is compiled, and what compiling gathers about it. */
export interface Matching {
  readonly language: Language;
  readonly definitions: Written;
  readonly definitionsPath: ConfigPath;
  readonly rule: CompileContext['rule'];
  /** The rule's own side: what cannot be judged must hold. */
  readonly restricts: boolean;
  readonly comparisons: InputComparison[];
  readonly trackers: Map<string, Tracker>;
  /** Definitions that are being followed, for rings. */
  readonly following: readonly string[];
}

const deepest = 32;

/** Never throws: mistakes are reported, and what could not be compiled is unjudged. */
export function compileMatch(
  written: unknown,
  path: ConfigPath,
  restricts: boolean,
  matching: Matching,
  depth = 0,
): Condition {
  const complain = complaint(matching, path);
  if (!isObject(written)) {
    complain('a match is an object such as { tool: "delete_*" }', [], 'write { tool: ... }');
    return always;
  }
  if (depth > deepest) {
    complain(`groups are nested more than ${deepest} deep`);
    return always;
  }
  const conditions: Condition[] = [];
  const known = [...matching.language.conditions.keys(), ...groupKeys];
  for (const key of order(Object.keys(written), known)) {
    const value = written[key];
    const group = compileGroup(key, value, [...path, key], restricts, matching, depth);
    const condition = matching.language.conditions.get(key);
    if (group) conditions.push(group);
    else if (condition) conditions.push(compileLeaf(condition, value, [...path, key], restricts, matching));
    else {
      const { message, fix } = unknownWord('condition', key, known);
      matching.language.report({ code: 'HELIO_POLICY_UNKNOWN_CONDITION', path: [...path, key], message, fix });
    }
  }
  return conditions.length === 0 ? always : allOf(conditions);
}

/** Cheap conditions first, whatever the file's order: they are a conjunction. */
function order(keys: readonly string[], known: readonly string[]): readonly string[] {
  const rank = (key: string) => (known.includes(key) ? known.indexOf(key) : known.length);
  return keys.length < 2 ? keys : [...keys].sort((a, b) => rank(a) - rank(b));
}

function compileGroup(
  key: string,
  value: unknown,
  path: ConfigPath,
  restricts: boolean,
  matching: Matching,
  depth: number,
): Condition | undefined {
  const inside = (list: readonly unknown[], at: readonly ConfigPath[], side: boolean) =>
    list.map((one, i) => compileMatch(one, at[i]!, side, matching, depth + 1));
  const members = Array.isArray(value) ? value : [value];
  const paths = members.map((_, i) => (Array.isArray(value) ? [...path, i] : path));
  if (!(groupKeys as readonly string[]).includes(key)) return undefined;
  const complain = complaint(matching, path);
  if (members.length === 0) {
    complain(`an empty \`${key}\` says nothing`, [], 'take it out, or write what it holds');
    return always;
  }
  if (key === 'definition')
    return anyOf(members.map((name, i) => followDefinition(name, paths[i]!, restricts, matching, depth)));
  if (key !== 'not' && !Array.isArray(value)) {
    complain(`\`${key}\` takes a list of matches`, [], `write ${key}: [{ ... }, { ... }]`);
    return always;
  }
  if (members.some((member) => isObject(member) && Object.keys(member).length === 0)) {
    complain(`\`${key}\` with an empty match says nothing`, [], 'take it out, or write what it holds');
    return always;
  }
  if (key === 'not') return noneOf(anyOf(inside(members, paths, !restricts)));
  return key === 'or' ? anyOf(inside(members, paths, restricts)) : allOf(inside(members, paths, restricts));
}

/** Compiled anew at every use: a definition under `not` stands on the other side. */
function followDefinition(
  name: unknown,
  path: ConfigPath,
  restricts: boolean,
  matching: Matching,
  depth: number,
): Condition {
  const { definitions, definitionsPath, following } = matching;
  const complain = complaint(matching, path);
  if (typeof name !== 'string' || !Object.hasOwn(definitions, name)) {
    const { message, fix } = unknownWord('key', String(name), Object.keys(definitions));
    complain(
      message.replace('unknown key', 'unknown definition'),
      [],
      fix === 'known: ' ? 'define it under policies.definitions' : fix,
    );
    return always;
  }
  if (following.includes(name)) {
    const ring = following.slice(following.indexOf(name));
    const first = ring.indexOf([...ring].sort()[0]!); // the same ring reads the same from wherever it is entered
    const turned = [...ring.slice(first), ...ring.slice(0, first), ring[first]];
    const message = `the definitions go round in a ring: ${turned.join(' -> ')}`;
    matching.language.report({ code: 'HELIO_POLICY_RING', path, message, fix: 'take one of them out' });
    return always;
  }
  const inner = { ...matching, following: [...following, name] };
  return compileMatch(definitions[name], [...definitionsPath, name], restricts, inner, depth + 1);
}

function compileLeaf(
  condition: RuleCondition<any>,
  value: unknown,
  path: ConfigPath,
  restricts: boolean,
  matching: Matching,
): Condition {
  const { language } = matching;
  const parsed = language.check(condition.schema, value, path);
  if (parsed === undefined) return always;
  const builtIn = 'example' in condition ? (condition as BuiltIn) : undefined;
  const context: BuiltInContext = {
    ...compileContext(language, matching.rule, path, restricts),
    ruleRestricts: matching.restricts,
    environment: language.environment,
    counters: language.counters,
    ledger: language.ledger,
    sessions: language.sessions,
    noteComparison: (comparison) => void matching.comparisons.push(comparison),
    track: (tracker) => void matching.trackers.set(tracker.id, tracker),
  };
  const compiled = condition.compile(parsed, context);
  const volatile = builtIn ? builtIn.volatile === true : true;
  return leaf(compiled, { reads: condition.reads ?? 'arguments', restricts, volatile });
}

/** What a field or condition gets to report with. */
export function compileContext(
  language: Language,
  rule: CompileContext['rule'],
  path: ConfigPath,
  restricts: boolean,
): CompileContext {
  const say =
    (severity: 'error' | 'warning') =>
    (message: string, at: ConfigPath = [], fix?: string) =>
      language.report({
        code: severity === 'error' ? 'HELIO_POLICY_BAD_RULE' : 'HELIO_POLICY_DOUBTFUL_RULE',
        path: [...path, ...at],
        message,
        severity,
        ...(fix === undefined ? {} : { fix }),
      });
  return { rule, path, restricts, report: say('error'), warn: say('warning') };
}

function complaint(matching: Matching, path: ConfigPath) {
  return compileContext(matching.language, matching.rule, path, matching.restricts).report;
}

export function isObject(value: unknown): value is Written {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether the condition holds on what a trial can see; only for conditions that need no store. */
export function testNow(condition: Condition, trial: Trial): boolean | undefined {
  const truth = condition.test(trial);
  return truth instanceof Promise ? undefined : truth;
}
