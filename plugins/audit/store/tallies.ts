/** Counts of rows by hour and value, kept with every batch: facets over any time range cost hours, not rows. */
import type { Database } from '@gethelio/proxy/plugin';
import { wellFormed, type NewRow } from './row.ts';

export const talliedFields = [
  'kind',
  'outcome',
  'effect',
  'code',
  'tool',
  'upstream',
  'agent',
  'rule',
  'door',
] as const;
export type TalliedField = (typeof talliedFields)[number];
export const hourMs = 3_600_000;

/** More values of one field in one hour are counted together: an agent that makes up tool names must not fill the table. */
const maxValuesPerHour = 200;
const maxValueLength = 200;
export const otherValues = '(other)';

export function countTallies(database: Database) {
  const add = database.prepare(
    `INSERT INTO tallies (hour, field, value, count) VALUES (?, ?, ?, ?)
     ON CONFLICT (hour, field, value) DO UPDATE SET count = count + excluded.count`,
  );
  const isKnown = database.prepare('SELECT 1 AS yes FROM tallies WHERE hour = ? AND field = ? AND value = ?');
  const size = database.prepare(
    'SELECT count(*) AS n FROM (SELECT 1 FROM tallies WHERE hour = ? AND field = ? LIMIT ?)',
  );
  const forget = database.prepare('DELETE FROM tallies WHERE hour = ? AND count <= 0');
  let known = new Set<string>();

  function valueFor(hour: number, field: TalliedField, value: string): string {
    const key = `${hour} ${field} ${value}`;
    if (known.has(key)) return value;
    const full = size.get<{ n: number }>(hour, field, maxValuesPerHour)!.n >= maxValuesPerHour;
    if (full && !isKnown.get(hour, field, value)) return otherValues;
    if (known.size > 10_000) known = new Set();
    known.add(key);
    return value;
  }

  /** Inside the transaction that adds (`sign` 1) or removes (`sign` -1) the rows. */
  return function tally(rows: readonly Pick<NewRow, TalliedField | 'at'>[], sign: 1 | -1): void {
    // Most rows of a batch are alike: they are grouped whole before they are counted field by field.
    const alike = new Map<string, { readonly row: (typeof rows)[number]; count: number }>();
    for (const row of rows) {
      const key = `${Math.floor(row.at / hourMs)}\0${row.kind}\0${row.outcome}\0${row.effect}\0${row.code}\0${row.tool}\0${row.upstream}\0${row.agent}\0${row.rule}\0${row.door}`;
      const group = alike.get(key);
      if (group) group.count += sign;
      else alike.set(key, { row, count: sign });
    }
    const counts = new Map<number, Map<string, number>>();
    for (const { row, count } of alike.values()) {
      const hour = Math.floor(row.at / hourMs);
      let ofHour = counts.get(hour);
      if (!ofHour) counts.set(hour, (ofHour = new Map()));
      for (const field of talliedFields) {
        const value = row[field];
        if (value === null) continue;
        const key = `${field} ${value.length > maxValueLength ? wellFormed(value.slice(0, maxValueLength)) : value}`;
        ofHour.set(key, (ofHour.get(key) ?? 0) + count);
      }
      ofHour.set('rows ', (ofHour.get('rows ') ?? 0) + count);
    }
    for (const [hour, ofHour] of counts) {
      for (const [key, count] of ofHour) {
        const space = key.indexOf(' ');
        const field = key.slice(0, space) as TalliedField;
        const value = key.slice(space + 1);
        add.run(hour, field, value === '' ? '' : valueFor(hour, field, value), count);
      }
      if (sign < 0) forget.run(hour);
    }
  };
}
