/** Days, weeks and months of a time zone as instants: a month's pot starts anew at somebody's midnight, not at UTC's. */
export type CalendarUnit = 'day' | 'week' | 'month';
export interface Period {
  readonly startMs: number;
  /** The first instant of the next one. */
  readonly endMs: number;
}

const dayMs = 86_400_000;

export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** The period around an instant. Cached: while a period lasts it is compared, not computed. */
export function createCalendar(unit: CalendarUnit, zone: string): (atMs: number) => Period {
  const format = new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
  });
  let known: Period = { startMs: 0, endMs: 0 };

  /** The local date as the UTC midnight of the same date: dates can then be counted with. */
  function dateAt(atMs: number): number {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(atMs)) parts[type] = Number(value);
    return Date.UTC(parts['year']!, parts['month']! - 1, parts['day']!);
  }

  /** The first instant of a local date, also where the clock jumps over midnight. */
  function startOf(date: number): number {
    let [before, after] = [date - 2 * dayMs, date + 2 * dayMs];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (dateAt(middle) >= date) after = middle;
      else before = middle;
    }
    return after;
  }

  function firstDate(date: number): number {
    const day = new Date(date);
    if (unit === 'day') return date;
    if (unit === 'week') return date - ((day.getUTCDay() + 6) % 7) * dayMs;
    return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1);
  }

  function nextDate(first: number): number {
    const day = new Date(first);
    if (unit === 'month') return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1);
    return first + (unit === 'week' ? 7 : 1) * dayMs;
  }

  return (atMs) => {
    if (atMs >= known.startMs && atMs < known.endMs) return known;
    const first = firstDate(dateAt(atMs));
    known = { startMs: startOf(first), endMs: startOf(nextDate(first)) };
    return known;
  };
}
