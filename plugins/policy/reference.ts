/** Writes docs/reference/policy.md from the words that rules may use. */
import { builtInConditions } from './conditions/index.ts';
import type { RuleAction, RuleCondition, RuleField } from './contract.ts';
import { shapeOf } from './fields.ts';
import { ownActions } from './language.ts';
import { operators, operatorAliases } from './operators.ts';
import { ruleKeys } from './rule.ts';
import { looseSection } from './section.ts';

/** What the standard plugins contribute, with each contributor's name. */
export interface ReferenceWords {
  readonly actions: readonly (readonly [plugin: string, action: RuleAction])[];
  readonly fields: readonly (readonly [plugin: string, field: RuleField<any, any>])[];
  readonly conditions: readonly (readonly [plugin: string, condition: RuleCondition<any>])[];
}

export function policyPage(words: ReferenceWords): string {
  return `${intro.trim()}

## The section \`policies\`

${table(
  ['key', 'meaning'],
  Object.entries(looseSection.unwrap().shape).map(([key, { description }]) => [code(key), description!]),
)}

## A rule

${table(
  ['key', 'meaning'],
  Object.entries(ruleKeys).map(([key, { description }]) => [code(key), description!]),
)}

Further keys come from plugins:

${table(
  ['key', 'plugin', 'meaning'],
  words.fields.map(([plugin, field]) => [code(fieldName(field)), plugin, `${field.summary}${notes(field)}`]),
)}

## Actions

${table(
  ['action', 'plugin', 'effect', 'meaning'],
  [...ownActions.map((action) => ['policy', action] as const), ...words.actions].map(([plugin, action]) => [
    code(action.name),
    plugin,
    action.speaks?.effect ?? 'only restricts',
    `${action.summary}${needs(action)}`,
  ]),
)}

## What \`match\` may ask

All keys of a \`match\` must hold. \`{}\` matches every governed call: tools, resources and prompts.

${table(
  ['key', 'meaning', 'example'],
  builtInConditions.map(({ key, summary, example }) => [code(key), summary, code(example)]),
)}
${words.conditions.map(([plugin, { key, summary }]) => `| ${code(key)} | ${cell(summary)} (${plugin}) | |\n`).join('')}
${table(['group', 'meaning'], groupRows)}

## Operators

Inside \`input\` (and \`context\`): \`'$.path': { operator: operand }\`. Several operators on one path must all hold. A scalar stands for
\`eq\`, a list for \`in\`. \`<operator>_input\` compares with another argument: \`'$.amount': { lte_input: '$.limit' }\`.
${Object.entries(operatorAliases)
  .map(([alias, name]) => `${code(alias)} is ${code(name)}.`)
  .join(' ')}

${table(
  ['operator', 'holds when the value', 'example', '`_input`', 'cannot judge'],
  Object.entries(operators).map(([name, operator]) => [
    code(name),
    operator.summary,
    code(operator.example),
    operator.compare ? 'yes' : '',
    unjudged[name] ?? 'never',
  ]),
)}

${rest.trim()}
`;
}

function fieldName({ key, part, schema }: RuleField<any, any>): string {
  return part === undefined ? key : `${key}: { ${Object.keys(shapeOf({ schema } as RuleField)).join(', ')} }`;
}

function notes({ gate, alone }: RuleField<any, any>): string {
  return `${gate ? ' A `deny` beside it is silent once it is met.' : ''}${alone ? ' Needs no action.' : ''}`;
}

function needs({ needs: wanted }: RuleAction): string {
  return wanted?.length ? ` Needs ${wanted.map((one) => code(one.replace(/\..*/, ''))).join(', ')}.` : '';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

const groupRows = [
  ['`or: [ ... ]`', 'One of these matches must hold.'],
  ['`and: [ ... ]`', 'All of these must hold; for a second `input` on the same path, or inside `or`.'],
  ['`not: { ... }`', 'The match must not hold; of a list, none of them.'],
  ['`definition: name`', 'The match of that name under `policies.definitions`; of a list, one of them.'],
];

const unjudged: Readonly<Record<string, string>> = {
  gt: 'what is no number',
  gte: 'what is no number',
  lt: 'what is no number',
  lte: 'what is no number',
  contains: 'what is neither text nor a list',
  starts_with: 'what is no text',
  ends_with: 'what is no text',
  regex: 'what is no text',
  length: 'numbers, true, false, null',
};

const intro = `
<!-- Generated from the schemas of plugins/policy and of the plugins that add words; a test compares the two. -->

# The policy language

Tasks and their rules stand in [the guide](../guide/policies.md); this page lists every word. A mistyped word, a path that cannot be
read or a word whose plugin is not loaded is an error at start, with its line: a rule is never ignored.
`;

const rest = `
## How matching rules combine

- All rules that match count, and the strictest outcome wins: \`allow\` < \`require_approval\` < \`dry_run\` < \`deny\`. The order of rules
  weakens nothing.
- When no rule spoke, \`default\` is the verdict. Limits, \`evidence\` and \`requires\` only restrict: they say nothing while they are met, so they
  open nothing that the default closes.
- \`final: true\` ends the list when its match holds. Rules before it count, no later one is tried, and \`flag_destructive\` is silent. Budgets,
  drift and other plugins are not silenced.
- \`evaluation: first_match\`: the first rule that matches decides alone. One that only restricts lets the call pass while it is met.
- \`mode: shadow\`: the rule is judged and recorded, it refuses nothing, holds nothing and ends nothing.

## Names

\`*\` matches every run of characters, a slash, a newline and a leading dot included; \`?\` matches one character (in resource URIs it is an
ordinary one). There are no brackets and no braces: write a list. Rules that restrict compare names in a folded form (Unicode NFKC, lower
case, without characters that show nothing); an \`allow\` compares exact characters. Under \`not\` it is the other way round, because there a
match loosens.

A rule without a \`name\` is called after what it matches and its place in the file: \`process_refund#2\` is the second rule. Its counters hang
on its name, or on its match and action; changing a limit or moving the rule resets nothing.

## Paths

\`$.member\`, \`$['odd name']\`, \`$.list[0]\`; with several values \`[*]\`, \`.*\`, \`[1:3]\`, \`..member\` (once). The last item of a list is
\`[-1:]\`. No filters, no scripts, no lists of names. When a path finds several
values, one that holds is enough on a rule that restricts, and all must hold on an \`allow\` (the other way round under \`not\`); \`any: { ... }\` and
\`all: { ... }\` say it otherwise. One path looks at 250,000 values of a call at most; where there are more, it cannot judge the call, which
counts against it as a value of the wrong type does.

## Types

Numbers are exact decimals: 0.1 added ten times is 1, and 9007199254740993 is not 9007199254740992. Nothing is converted: \`"5"\` is text. A
missing path matches only \`exists: false\`. A value of a type that an operator cannot judge counts against the call: the condition holds on a
rule that restricts and fails on an \`allow\`, and such a match is never final. The same holds where a rule asks for an \`agent\` or a \`session\` and
none was established.
`;
