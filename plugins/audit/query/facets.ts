/** Counts by value: from the hourly tallies where only time is asked for, else over the rows that match. */
import type { Database } from '@gethelio/proxy/plugin';
import type { AuditFacets } from '../contract.ts';
import { hourMs, talliedFields } from '../store/tallies.ts';
import { timeSpan } from './candidates.ts';
import type { Term } from './language.ts';
import { walk } from './page.ts';

const valuesShown = 50;
const maxRowsCounted = 50_000;
/** Below this span whole hours would be too coarse: the rows are counted. */
const tallySpanMs = 3 * hourMs;

export function countFacets(database: Database, terms: readonly Term[]): AuditFacets {
  const { fromMs, toMs } = timeSpan(terms);
  const isTimeOnly = terms.every((term) => term.type === 'time');
  if (isTimeOnly && toMs - fromMs >= tallySpanMs) return fromTallies(database, fromMs, toMs);
  const counts = new Map<string, Map<string, number>>(talliedFields.map((field) => [field, new Map()]));
  const { rows, next } = walk(database, {
    terms,
    order: 'desc',
    columns: talliedFields.join(', '),
    limit: maxRowsCounted,
  });
  for (const row of rows) {
    for (const field of talliedFields) {
      const value = row[field];
      if (value === null) continue;
      const ofField = counts.get(field)!;
      ofField.set(value, (ofField.get(value) ?? 0) + 1);
    }
  }
  return { facets: sorted(counts), total: rows.length, complete: next === undefined };
}

function fromTallies(database: Database, fromMs: number, toMs: number): AuditFacets {
  const counts = new Map<string, Map<string, number>>(talliedFields.map((field) => [field, new Map()]));
  let total = 0;
  const found = database
    .prepare('SELECT field, value, sum(count) AS count FROM tallies WHERE hour BETWEEN ? AND ? GROUP BY field, value')
    .all<{ field: string; value: string; count: number }>(Math.floor(fromMs / hourMs), Math.floor(toMs / hourMs));
  for (const { field, value, count } of found) {
    if (field === 'rows') total += count;
    else counts.get(field)?.set(value, count);
  }
  return { facets: sorted(counts), total, complete: true };
}

function sorted(counts: ReadonlyMap<string, ReadonlyMap<string, number>>): AuditFacets['facets'] {
  return Object.fromEntries(
    [...counts].map(([field, values]) => [
      field,
      [...values]
        .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
        .slice(0, valuesShown)
        .map(([value, count]) => ({ value, count })),
    ]),
  );
}
