/** docs/guide/policies.md runs as printed; docs/reference/policy.md is what the code says (`vitest -u` writes it). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testPlugin } from '@gethelio/proxy/testing';
import {
  ruleAction,
  ruleCondition,
  ruleField,
  type RuleAction,
  type RuleCondition,
  type RuleField,
} from '@gethelio/proxy/contracts/policy';
import type { Question } from '@gethelio/proxy/plugin';
import { policyPage } from '../reference.ts';

const root = new URL('../../../', import.meta.url).pathname;
const standard = [
  'policy',
  'identity',
  'rate-limits',
  'spend-limits',
  'evidence',
  'dependencies',
  'approvals',
  'approvals-dashboard',
  'operator',
  'tool-pinning',
  'dry-run',
  'feedback',
];
const start = (yaml: string) =>
  testPlugin(undefined, {
    with: standard,
    yaml: yaml.includes('api_secret')
      ? yaml
      : `${yaml}\ndashboard: { port: 0, api_secret: '\${HELIO_DASHBOARD_SECRET}' }`,
    env: { HELIO_DASHBOARD_SECRET: 'a-long-enough-secret-for-tests-0123456789' },
  });

interface Example {
  readonly title: string;
  readonly yaml: string;
  readonly calls: readonly string[];
}

function examples(text: string): readonly Example[] {
  const found: Example[] = [];
  let title = '';
  for (const match of text.matchAll(/^## (.*)$|^```yaml\n([^]*?)^```\n+(?:```calls\n([^]*?)^```)?/gm)) {
    const [, heading, yaml, calls] = match;
    if (heading !== undefined) title = heading;
    else found.push({ title, yaml: yaml!, calls: (calls ?? '').split('\n').filter((line) => line.trim() !== '') });
  }
  return found;
}

/** `tool {"a": 1} @agent=x (read only) -> effect code` */
function read(line: string) {
  const [asked, told] = line.split('->').map((part) => part.trim()) as [string, string];
  const [, kind, name, args, rest] = /^(?:(resource|prompt):)?(\S+)\s*(\{.*\})?\s*(.*)$/.exec(asked)!;
  const scene = Object.fromEntries(
    [...rest!.matchAll(/@(\w+)=(\S+)/g)].map(([, key, value]) => [key, value]),
  ) as Record<string, string>;
  const [effect, code] = told.split(' ') as [string, string | undefined];
  const question: Question = {
    name: name!,
    ...(kind && { kind: kind as 'resource' }),
    ...(args && { argumentsText: args }),
    ...(scene['session'] && { session: scene['session'] }),
    ...(scene['agent'] && { headers: { 'x-agent-id': scene['agent'] } }),
    ...(scene['now'] && { nowMs: Date.parse(scene['now']) }),
  };
  return { question, readOnly: rest!.includes('read only'), effect, code };
}

describe('docs/guide/policies.md', () => {
  const found = examples(readFileSync(join(root, 'docs/guide/policies.md'), 'utf8'));
  it('has an example with calls for every task', () => {
    expect(found.length).toBeGreaterThan(15);
    for (const { title, calls } of found) expect(calls.length, title).toBeGreaterThan(0);
  });
  it.each(found.map((example, i) => [`${i + 1}. ${example.title}`, example] as const))(
    '%s',
    async (_, { yaml, calls }) => {
      const test = await start(yaml);
      try {
        expect(test.warnings.map(({ message }) => message)).toEqual([]);
        for (const line of calls) {
          const { question, readOnly, effect, code } = read(line);
          if (question.kind === undefined)
            test.upstream.advertises({
              name: question.name,
              annotations: {
                readOnlyHint: readOnly,
                destructiveHint: !readOnly,
                idempotentHint: false,
                openWorldHint: true,
              },
            });
          const { decision } = await test.explain(question);
          expect(decision.effect, line).toBe(effect);
          if (code) expect(decision.verdicts[0]!.code, line).toBe(code);
        }
      } finally {
        await test.stop();
      }
    },
  );
});

describe('docs/reference/policy.md', () => {
  it('lists every word', async () => {
    const test = await start('policies: { default: allow }');
    const { extensions } = test.generation;
    const named = <T>(values: readonly T[]) => values.map((value) => [ownerOf(value as never), value] as const);
    const page = policyPage({
      actions: named(extensions.collect<RuleAction>(ruleAction)),
      fields: named(extensions.collect<RuleField>(ruleField)),
      conditions: named(extensions.collect<RuleCondition>(ruleCondition)),
    });
    await test.stop();
    await expect(page).toMatchFileSnapshot(join(root, 'docs/reference/policy.md'));
  });
});

/** Which standard plugin brings a word: the same table that the error for a missing plugin uses. */
function ownerOf(word: { readonly name?: string; readonly key?: string; readonly part?: string }): string {
  const owners: Record<string, string> = {
    require_approval: 'approvals',
    approval: 'approvals',
    dry_run: 'dry-run',
    rate_limit: 'rate-limits',
    spend_limit: 'spend-limits',
    'limits.calls': 'rate-limits',
    'limits.spend': 'spend-limits',
    evidence: 'evidence',
    requires: 'dependencies',
    feedback: 'feedback',
  };
  const name = word.name ?? (word.part ? `${word.key}.${word.part}` : word.key!);
  const owner = owners[name];
  if (owner === undefined) throw new Error(`nobody is known to bring ${name}`);
  return owner;
}
