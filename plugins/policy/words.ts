/** Checks that the words used have somebody behind them: parts that clash, callers that nobody establishes. */
import type { LastSessions } from '@gethelio/proxy/contracts/identity';
import type { ConfigPath, Problem } from '@gethelio/proxy/plugin';
import { contestedKeys } from './fields.ts';
import type { Language } from './language.ts';
import { isObject } from './match.ts';
import type { CompiledPolicy } from './policy.ts';

export function checkWords(
  policy: CompiledPolicy,
  words: Pick<Language, 'fields'>,
  api: {
    readonly configPath: ConfigPath;
    readonly wants: { readonly lastSessions?: LastSessions };
    report(problem: Problem): void;
  },
): void {
  for (const [key, parts] of words.fields) {
    for (const contested of contestedKeys(parts))
      api.report({
        code: 'HELIO_POLICY_WORD_TWICE',
        path: api.configPath,
        message: `two plugins bring the key "${contested}" of "${key}"`,
        fix: 'leave one of them out of plugins:',
      });
  }
  for (const rule of policy.rules) {
    const at = [...api.configPath, 'rules', rule.view.index, 'match'];
    for (const word of ['agent', 'session'] as const) {
      if (!mentions(rule.written['match'], word)) continue;
      if (!api.wants.lastSessions)
        api.report({
          code: 'HELIO_POLICY_NO_IDENTITY',
          path: [...at, word],
          message: `the rule asks for the ${word}, and no plugin establishes one`,
          fix: 'add "identity" to plugins:',
        });
      else if (word === 'agent' && !api.wants.lastSessions.knowsAgents)
        api.report({
          code: 'HELIO_POLICY_NO_AGENT',
          path: [...at, word],
          message:
            'the rule asks for the agent, and helio.yaml does not say how one is known: the rule holds for every call if it restricts, for none if it allows',
          fix: 'add identity: { agent: { header: x-agent-id } }, or a fixed value',
          severity: 'warning',
        });
    }
  }
}

function mentions(match: unknown, word: string): boolean {
  if (Array.isArray(match)) return match.some((one) => mentions(one, word));
  if (!isObject(match)) return false;
  return Object.hasOwn(match, word) || ['or', 'and', 'not'].some((group) => mentions(match[group], word));
}
