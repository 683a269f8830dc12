/** The standard plugins, the whole order as one array: this is also the order of taps within a stage. */
import type { StandardPlugin } from '../kernel/plugins/standard.ts';

export const standardPlugins: readonly StandardPlugin[] = [
  { name: 'state-sqlite', load: () => import('./state-sqlite/index.ts'), inStandardSet: true, implies: ['state.commit', 'state.counters', 'state.ledger', 'state.documents'] },
  { name: 'state-memory', load: () => import('./state-memory/index.ts'), inStandardSet: false },
  { name: 'identity', load: () => import('./identity/index.ts'), inStandardSet: true, implies: ['identity.sessions'] },
  { name: 'operator', load: () => import('./operator/index.ts'), section: 'dashboard', inStandardSet: true, implies: ['operator.access'] },
  { name: 'dry-run', load: () => import('./dry-run/index.ts'), inStandardSet: true },
  { name: 'policy', load: () => import('./policy/index.ts'), section: 'policies', inStandardSet: true, implies: ['policy.rules'] },
  { name: 'tool-pinning', load: () => import('./tool-pinning/index.ts'), inStandardSet: true },
  { name: 'evidence', load: () => import('./evidence/index.ts'), inStandardSet: true },
  { name: 'dependencies', load: () => import('./dependencies/index.ts'), inStandardSet: true },
  { name: 'rate-limits', load: () => import('./rate-limits/index.ts'), inStandardSet: true },
  { name: 'spend-limits', load: () => import('./spend-limits/index.ts'), inStandardSet: true },
  { name: 'budgets', load: () => import('./budgets/index.ts'), inStandardSet: true },
  { name: 'approvals', load: () => import('./approvals/index.ts'), section: 'approval', inStandardSet: true },
  { name: 'approvals-dashboard', load: () => import('./approvals-dashboard/index.ts'), inStandardSet: true },
  { name: 'approvals-slack', load: () => import('./approvals-slack/index.ts'), inStandardSet: true },
  { name: 'approvals-webhook', load: () => import('./approvals-webhook/index.ts'), inStandardSet: true },
  { name: 'audit', load: () => import('./audit/index.ts'), inStandardSet: true },
  { name: 'audit-file', load: () => import('./audit-file/index.ts'), inStandardSet: false },
  { name: 'audit-otlp', load: () => import('./audit-otlp/index.ts'), inStandardSet: false },
  { name: 'feedback', load: () => import('./feedback/index.ts'), inStandardSet: true },
  { name: 'dashboard', load: () => import('./dashboard/index.ts'), inStandardSet: true },
  { name: 'sideband', load: () => import('./sideband/index.ts'), section: 'sdk', inStandardSet: true },
];
