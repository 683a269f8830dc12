/** Finds rules that are right in form and do not do what their author thinks: `helio validate` warns of them. */
import type { ConfigPath, Json, Problem, ToolDefinition } from '@gethelio/proxy/plugin';
import { conditionsOf, coverage, covers, onlyTools, overlap, type Coverage } from './coverage.ts';
import { foldName, globCovers } from './glob.ts';
import { numericOperators } from './operators.ts';
import type { CompiledPolicy } from './policy.ts';
import type { CompiledRule } from './rule.ts';

/** Warnings that need nothing but the rules. */
export function lintPolicy(policy: CompiledPolicy, section: ConfigPath): readonly Problem[] {
  const rules = policy.rules.filter(({ view }) => view.mode === 'enforce');
  const isFirstMatch = policy.evaluation === 'first_match';
  const ending = coverage(rules.filter(({ final }) => final || isFirstMatch));
  const walls = coverage(rules.filter(({ speaks }) => speaks?.effect === 'deny'));
  const finals = rules.filter(({ final }) => final);
  const opening = rules.filter(({ speaks }) => speaks !== undefined && speaks.effect !== 'deny');
  return rules.flatMap((rule) => {
    // A rule that never matters needs no second opinion: the first finding is told.
    const finding =
      shadowed(ending, rule) ??
      (isFirstMatch ? undefined : neverMatters(walls, finals, rule)) ??
      changesNothing(policy, rule) ??
      catchAll(policy, rule) ??
      limitWithoutAction(rule) ??
      nothingPasses(policy, opening, rule) ??
      needsName(rules, rule);
    return finding ? [warning(rule, section, finding)] : [];
  });
}

interface Finding {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly at?: readonly string[];
}

function warning(rule: CompiledRule, section: ConfigPath, { code, message, fix, at = [] }: Finding): Problem {
  return {
    code,
    path: [...section, 'rules', rule.view.index, ...at],
    message: `"${rule.view.name}": ${message}`,
    fix,
    severity: 'warning',
  };
}

/** An earlier rule that covers it ends the list. */
function shadowed(enders: Coverage, rule: CompiledRule): Finding | undefined {
  const ending = enders.covering(rule).find(({ view }) => view.index < rule.view.index);
  if (!ending) return undefined;
  return {
    code: 'HELIO_POLICY_SHADOWED',
    message: `is never tried: "${ending.view.name}" (line ${ending.view.line}) matches everything that it matches, and ends the list`,
    fix: 'move it up, or make the other rule narrower',
  };
}

/** An unconditional deny elsewhere refuses all of it. Only rules that say something weaker are pointless then. */
function neverMatters(walls: Coverage, finals: readonly CompiledRule[], rule: CompiledRule): Finding | undefined {
  if (rule.final) return undefined;
  const wall = walls.covering(rule).find((other) => !endedBefore(finals, other, rule));
  if (!wall) return undefined;
  if (rule.speaks?.effect === 'deny' && rule.view.index < wall.view.index && covers(rule, wall)) return undefined; // the later of two equals
  if (rule.speaks?.effect === 'deny' && Object.keys(rule.view.fields).length > 0) return undefined; // it has words of its own for the agent
  return {
    code: 'HELIO_POLICY_NEVER_MATTERS',
    message: `can never matter: "${wall.view.name}" (line ${wall.view.line}) denies everything that it matches`,
    fix:
      rule.speaks?.effect === 'allow'
        ? 'an exception is written before the deny, with final: true'
        : 'take it out, or make the deny narrower',
  };
}

/** Whether some final rule may keep the wall from being reached. */
function endedBefore(finals: readonly CompiledRule[], wall: CompiledRule, rule: CompiledRule): boolean {
  return finals.some((other) => other.view.index < wall.view.index && other !== wall && overlap(other, rule));
}

function changesNothing(policy: CompiledPolicy, rule: CompiledRule): Finding | undefined {
  const isPlainAllow = rule.speaks?.effect === 'allow' && !rule.final && Object.keys(rule.view.fields).length === 0;
  if (policy.evaluation !== 'strictest' || policy.default !== 'allow' || !isPlainAllow) return undefined;
  return {
    code: 'HELIO_POLICY_CHANGES_NOTHING',
    message: 'changes nothing: the default is allow, and an allow never outweighs a stricter rule',
    fix: 'for an exception add final: true and place it before the stricter rule; else take it out',
    at: ['action'],
  };
}

function catchAll(policy: CompiledPolicy, rule: CompiledRule): Finding | undefined {
  const isAll = Object.keys(conditionsOf(rule)).length === 0 || (onlyTools(rule) && rule.tools!.includes('*'));
  if (rule.speaks?.effect !== 'allow' || !isAll) return undefined;
  if (policy.default === 'allow' && !rule.final && policy.evaluation === 'strictest') return undefined;
  return {
    code: 'HELIO_POLICY_ALLOWS_ALL',
    message: rule.final
      ? 'allows everything, and no later rule is tried'
      : 'allows everything: what no other rule restricts is open',
    fix: 'name the tools, or write policies.default: allow so that it is plain to see',
    at: ['match'],
  };
}

function limitWithoutAction(rule: CompiledRule): Finding | undefined {
  if (rule.view.fields['limits'] === undefined || rule.view.action?.endsWith('_limit')) return undefined;
  const denied = rule.speaks?.effect === 'deny';
  return {
    code: 'HELIO_POLICY_LIMIT_WITHOUT_ACTION',
    message: denied
      ? 'has limits that can never be reached: the rule denies every call'
      : `has limits beside action: ${rule.view.action ?? 'none'}; they hold as well, which is easily overlooked`,
    fix: 'write the limit as a rule of its own, with action: rate_limit or spend_limit',
    at: ['limits'],
  };
}

function nothingPasses(
  policy: CompiledPolicy,
  opening: readonly CompiledRule[],
  rule: CompiledRule,
): Finding | undefined {
  if (policy.default !== 'deny' || rule.speaks !== undefined || policy.evaluation === 'first_match') return undefined;
  const isGate = rule.view.action === 'deny';
  if (opening.some((other) => overlap(other, rule))) return undefined;
  return {
    code: 'HELIO_POLICY_NOTHING_PASSES',
    message: `lets nothing pass: the default is deny, and ${isGate ? 'evidence opens nothing' : 'a limit opens nothing'} that no rule allows`,
    fix: 'add a rule with action: allow for the same tools',
  };
}

/** Counters of rules without names are told apart by match and action; two alike only by their place. */
function needsName(rules: readonly CompiledRule[], rule: CompiledRule): Finding | undefined {
  if (rule.view.fields['limits'] === undefined || !rule.view.identity.includes('~')) return undefined;
  const twin = rules.find((other) => other !== rule && other.view.identity === rule.view.identity.replace(/~.*/, ''));
  if (!twin) return undefined;
  return {
    code: 'HELIO_POLICY_NEEDS_NAME',
    message: `has the same match and action as "${twin.view.name}" (line ${twin.view.line}): moved past each other, they would swap their counters`,
    fix: 'give both a name',
  };
}

/** Warnings that need to know what the upstream advertises. */
export function lintAgainstTools(
  policy: CompiledPolicy,
  section: ConfigPath,
  tools: readonly ToolDefinition[],
): readonly Problem[] {
  return policy.rules.flatMap((rule) => [
    ...unknownTools(rule, section, tools),
    ...numbersOnText(rule, section, tools),
  ]);
}

function unknownTools(rule: CompiledRule, section: ConfigPath, tools: readonly ToolDefinition[]): readonly Problem[] {
  if (!rule.tools || tools.length === 0) return [];
  return rule.tools
    .filter((glob) => !tools.some(({ name }) => globCovers(foldName(glob), foldName(name))))
    .map((glob) =>
      warning(rule, section, {
        code: 'HELIO_POLICY_NO_SUCH_TOOL',
        message: `no advertised tool matches "${glob}"`,
        fix: `advertised: ${tools
          .map(({ name }) => name)
          .slice(0, 8)
          .join(', ')}${tools.length > 8 ? ', ...' : ''}`,
        at: ['match', 'tool'],
      }),
    );
}

function numbersOnText(rule: CompiledRule, section: ConfigPath, tools: readonly ToolDefinition[]): readonly Problem[] {
  const about = tools.filter(
    ({ name }) => !rule.tools || rule.tools.some((glob) => globCovers(foldName(glob), foldName(name))),
  );
  return rule.comparisons.flatMap(({ path, parts }) => {
    const operator = parts.find((part) => numericOperators.has(part.operator.replace(/_input$/, '')))?.operator;
    const textual = operator === undefined ? undefined : about.find((tool) => schemaType(tool, path.text) === 'string');
    if (!textual) return [];
    return [
      warning(rule, section, {
        code: 'HELIO_POLICY_NUMBER_ON_TEXT',
        message: `"${operator}" compares numbers, and ${textual.name} takes text at ${path.text}: it can never be judged, so the rule ${rule.restricts ? 'holds for every such call' : 'never allows'}`,
        fix: 'compare text with eq, in or regex, or ask the tool for a number',
        at: ['match', 'input', path.text],
      }),
    ];
  });
}

/** The declared type at a plain member path; undefined when the schema does not say. */
function schemaType(tool: ToolDefinition, path: string): Json | undefined {
  let schema: any = tool.inputSchema;
  for (const [, name, index] of path.matchAll(/\.([^.[\]]+)|\[(\d+|\*)\]/g)) {
    schema = index !== undefined ? schema?.items : schema?.properties?.[name!];
  }
  return schema?.type;
}
