/** How a row of the trail reads: what it was about, what became of it, and why. */
import type { CallRow, Json } from '../api-types.ts';
import { outcomeOf } from '../elements/outcome.ts';
import { argumentsLine, visible } from './format.ts';

type Told = Pick<
  CallRow,
  'kind' | 'tool' | 'method' | 'outcome' | 'code' | 'effect' | 'is_error' | 'rule' | 'reason' | 'error'
>;

export function whatOf(row: Told): string {
  return visible(isCall(row) ? (row.tool ?? row.method ?? row.kind) : row.kind.replaceAll('_', ' '));
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

/** The arguments in one line, as people read them: `amount 1200, currency GBP`. The audit keeps them as cut JSON. */
export function aboutOf(row: Pick<CallRow, 'kind' | 'tool' | 'arguments_line'>): string {
  const line = row.arguments_line;
  if (line === null) return isCall(row) ? '' : visible(row.tool ?? '');
  try {
    return argumentsLine(JSON.parse(line) as Json);
  } catch {
    return visible(
      line
        .replace(/^\{/, '')
        .replace(/"((?:[^"\\]|\\.)*)":/g, '$1 ')
        .replace(/"((?:[^"\\]|\\.)*)"?/g, '$1')
        .replace(/,(?=\S)/g, ', '),
    );
  }
}
