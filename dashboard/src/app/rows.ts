/** How a row of the trail reads: what it was about, what became of it, and why. */
import type { CallRow } from '../api-types.ts';
import { outcomeOf } from '../elements/outcome.ts';
import { visible } from './format.ts';

type Told = Pick<
  CallRow,
  'kind' | 'tool' | 'method' | 'outcome' | 'code' | 'effect' | 'is_error' | 'rule' | 'reason' | 'error'
>;

export function whatOf(row: Told): string {
  return visible(row.tool ?? row.method ?? row.kind.replaceAll('_', ' '));
}

/** The word that `<helio-outcome>` knows. Rows about Helio itself (reload, login) have none. */
export function becameOf(row: Told): string {
  if (!isCall(row)) return '';
  if (row.outcome === 'forwarded' && row.is_error) return 'failed';
  return outcomeOf(row.outcome, row.code ?? '');
}

export function isCall(row: Pick<CallRow, 'kind'>): boolean {
  return row.kind === 'call' || row.kind === 'list' || row.kind === 'request' || row.kind === 'refusal';
}

/** The rule that spoke, else the reason, else what failed. */
export function whyOf(row: Told): string {
  return visible(row.rule ?? row.error ?? (row.effect === 'allow' ? '' : (row.reason ?? row.code ?? '')));
}

export function whoOf(row: Pick<CallRow, 'agent' | 'session' | 'client'>): string {
  return visible(row.agent ?? row.session ?? row.client ?? 'anonymous');
}
