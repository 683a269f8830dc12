/** The section `policies`: its own keys, and the schema that is composed from what the loaded plugins contribute. */
import type { ConfigPath, PluginApi } from '@gethelio/proxy/plugin';
import { z } from 'zod';
import type { PolicySetting, RuleField } from './contract.ts';
import { unknownWord, type Language } from './language.ts';
import type { PolicySection } from './policy.ts';
import { ruleKeys } from './rule.ts';

/** What stands in `policies:` before other plugins' words are known; rules are checked once they are. */
export const looseSection = z
  .looseObject({
    default: z
      .enum(['allow', 'deny'])
      .optional()
      .describe('The verdict when no rule spoke. Left out: deny, and the start banner says so.'),
    evaluation: z
      .enum(['strictest', 'first_match'])
      .default('strictest')
      .describe('strictest: all matching rules combine. first_match: the first matching rule decides alone.'),
    flag_destructive: z
      .enum(['log', 'require_approval'])
      .default('log')
      .describe(
        'What becomes of tools with destructiveHint true that are not read-only: a mark in feed and audit, or an approval.',
      ),
    hide_denied: z
      .boolean()
      .default(false)
      .describe(
        'A tool that no arguments could make callable is not listed, and calling it answers as for an unknown one.',
      ),
    definitions: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('Named matches, used by match: { definition: NAME }.'),
    rules: z.array(z.unknown()).default([]).describe('The rules. All that match combine; the strictest outcome wins.'),
  })
  .prefault({});
export type LooseSection = z.output<typeof looseSection>;

const ownKeys = ['default', 'evaluation', 'flag_destructive', 'hide_denied', 'definitions', 'rules'];

/** Checks the keys that are not rules, and hands contributed settings their values. */
export function readSection(
  written: LooseSection,
  path: ConfigPath,
  settings: readonly PolicySetting<any>[],
  api: Pick<PluginApi<unknown, never, object, object, any>, 'check' | 'report'>,
): PolicySection {
  const known = [...ownKeys, ...settings.map(({ key }) => key)];
  for (const key of Object.keys(written)) {
    if (known.includes(key)) continue;
    const { message, fix } = unknownWord('setting', key, known);
    api.report({
      code: 'HELIO_CONFIG_UNKNOWN_KEY',
      path: [...path, key],
      message: message.replace('unknown setting', 'unknown key'),
      fix,
    });
  }
  for (const { key, schema, use } of settings) {
    const value = (written as { readonly [key: string]: unknown })[key];
    use(value === undefined ? undefined : api.check(schema, value, [...path, key]));
  }
  return { ...written, default: written.default ?? 'deny' };
}

/** The whole section as one strict schema, for editors and docs. */
export function describeSection(
  language: Pick<Language, 'actions' | 'fields' | 'conditions'>,
  settings: readonly PolicySetting<any>[],
): z.ZodType {
  const match: z.ZodType = z.lazy(() =>
    z.strictObject({
      ...Object.fromEntries(
        [...language.conditions.values()].map(({ key, schema, summary }) => [
          key,
          z.optional(schema).describe(summary),
        ]),
      ),
      or: z.array(match).optional().describe('One of these must hold.'),
      and: z.array(match).optional().describe('All of these must hold.'),
      not: z
        .union([match, z.array(match)])
        .optional()
        .describe('None of these may hold.'),
      definition: z
        .union([z.string(), z.array(z.string())])
        .optional()
        .describe('One of these named matches must hold.'),
    }),
  );
  const rule = z.strictObject({
    ...ruleKeys,
    match: match.describe(ruleKeys.match.description!),
    action: z
      .enum([...language.actions.keys()] as [string, ...string[]])
      .optional()
      .describe(ruleKeys.action.description!),
    ...Object.fromEntries([...language.fields].map(([key, parts]) => [key, fieldSchema(parts).optional()])),
  });
  return z.strictObject({
    ...looseSection.unwrap().shape,
    definitions: z.record(z.string(), match).default({}).describe(looseSection.unwrap().shape.definitions.description!),
    rules: z.array(rule).default([]).describe(looseSection.unwrap().shape.rules.description!),
    ...Object.fromEntries(settings.map(({ key, schema, summary }) => [key, schema.optional().describe(summary)])),
  });
}

/** One schema for a field that several plugins share: every key of every part, each left out or as its part says. */
function fieldSchema(parts: readonly RuleField<any, any>[]): z.ZodType {
  const summary = parts.map((part) => part.summary).join(' ');
  if (parts.length === 1) return parts[0]!.schema.describe(parts[0]!.schema.description ?? summary);
  const shapes = parts.map(({ schema }) => (schema as unknown as z.ZodObject).shape);
  const shape = Object.assign({}, ...shapes) as Record<string, z.ZodType>;
  const optional = Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, schema.optional()]));
  return z.strictObject(optional).describe(summary);
}
