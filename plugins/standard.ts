/** The standard plugins, the whole order as one array: this is also the order of taps within a stage. */
import type { StandardPlugin } from '../kernel/plugins/standard.ts';

const rows: readonly Omit<StandardPlugin, 'load'>[] = [
  {
    name: 'state-sqlite',
    inStandardSet: true,
    implies: ['state.commit', 'state.counters', 'state.ledger', 'state.documents'],
  },
  { name: 'state-memory', inStandardSet: false },
  { name: 'identity', inStandardSet: true, implies: ['identity.sessions'] },
  { name: 'operator', section: 'dashboard', inStandardSet: true, listens: true, implies: ['operator.access'] },
  { name: 'dry-run', inStandardSet: true },
  { name: 'policy', section: 'policies', inStandardSet: true, implies: ['policy.rules', 'policy.language'] },
  { name: 'tool-pinning', inStandardSet: true },
  // Before those that keep values: they ask it what to leave out.
  { name: 'audit', inStandardSet: true, implies: ['audit.trail'] },
  { name: 'evidence', inStandardSet: true },
  { name: 'dependencies', inStandardSet: true },
  { name: 'rate-limits', inStandardSet: true },
  { name: 'spend-limits', inStandardSet: true },
  { name: 'budgets', inStandardSet: true },
  { name: 'approvals', section: 'approval', inStandardSet: true, implies: ['approvals.desk'] },
  { name: 'approvals-dashboard', inStandardSet: true },
  { name: 'approvals-slack', inStandardSet: true },
  { name: 'approvals-webhook', inStandardSet: true },
  { name: 'audit-file', inStandardSet: false },
  { name: 'audit-otlp', inStandardSet: false },
  { name: 'feedback', inStandardSet: true },
  { name: 'dashboard', inStandardSet: true },
  { name: 'sideband', section: 'sdk', inStandardSet: true, listens: true },
];

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** Each is imported only when it is loaded: importing everything costs 0.7-0.9 s. */
export const standardPlugins: readonly StandardPlugin[] = rows.map((row) => ({
  ...row,
  load: () =>
    import(new URL(`./${row.name}/index.${extension}`, import.meta.url).href) as Promise<{ default: unknown }>,
}));
