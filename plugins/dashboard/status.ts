/** `/api/status`: which Helio this is, what it enforces, what it stands in front of. */
import { basename } from 'node:path';
import type { KernelApi } from '@gethelio/proxy/plugin';
import type { ApprovalDesk } from '@gethelio/proxy/contracts/approvals';
import type { PolicyRules } from '@gethelio/proxy/contracts/policy';

export interface StatusTerms {
  readonly kernel: KernelApi;
  readonly rules: PolicyRules | undefined;
  readonly desk: ApprovalDesk | undefined;
  readonly startedAtMs: number;
}

export function readStatus({ kernel, rules, desk, startedAtMs }: StatusTerms) {
  const config = kernel.configuration();
  const plugins = kernel.plugins();
  const { lastReload } = config;
  return {
    version: kernel.version,
    ...modeOf(config.sections, rules),
    ruleCount: rules?.rules.length ?? 0,
    defaultEffect: rules?.default ?? null,
    startedAtMs,
    environment: typeof config.sections['environment'] === 'string' ? config.sections['environment'] : null,
    config: {
      path: config.path,
      name: basename(config.path),
      hash: config.hash,
      generation: config.generation,
      loadedAtMs: config.loadedAtMs,
      warnings: config.warnings,
      lastReload: lastReload ?? null,
    },
    plugins: plugins.map(({ name }) => name),
    upstreams: kernel.upstreams(),
    endpoint: kernel.endpoint() ?? '',
    waiting: desk?.pending() ?? 0,
  };
}

/** Whether anything can be refused at all, and the sentence that says so. */
function modeOf(
  sections: ReturnType<KernelApi['configuration']>['sections'],
  rules: PolicyRules | undefined,
): { readonly mode: 'enforcing' | 'audit-only' | 'dry-run'; readonly sentence: string } {
  const dryRun = sections['dry-run'];
  if (typeof dryRun === 'object' && dryRun !== null && (dryRun as { enabled?: unknown }).enabled === true) {
    return { mode: 'dry-run', sentence: 'Dry run: every call is judged and recorded, none is forwarded.' };
  }
  if (rules === undefined) return { mode: 'enforcing', sentence: 'No policy is loaded: every call is refused.' };
  const enforced = rules.rules.filter(({ mode, action }) => mode === 'enforce' && action !== 'allow').length;
  const budgets = Array.isArray(sections['budgets']) ? sections['budgets'].length : 0;
  if (rules.default === 'allow' && enforced === 0 && budgets === 0) {
    return { mode: 'audit-only', sentence: 'Audit only: calls are recorded, nothing is blocked.' };
  }
  const count = rules.rules.length;
  const shadowed = rules.rules.filter(({ mode }) => mode === 'shadow').length;
  return {
    mode: 'enforcing',
    sentence:
      `Enforcing ${count - shadowed} ${count - shadowed === 1 ? 'rule' : 'rules'}` +
      (budgets > 0 ? ` and ${budgets} ${budgets === 1 ? 'budget' : 'budgets'}` : '') +
      (shadowed > 0 ? `; ${shadowed} more in shadow` : '') +
      `. A call that no rule speaks about is ${rules.default === 'allow' ? 'allowed' : 'denied'}.`,
  };
}
