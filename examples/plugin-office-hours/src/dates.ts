/** Dates and times as the office's own clock shows them. */

export interface LocalTime {
  /** `2026-12-25` */
  readonly date: string;
  /** `mon` */
  readonly day: string;
  /** `17:05`: texts of this form compare as times do. */
  readonly time: string;
}

export const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** A day of one year (`2026-02-28`) or of every year (`02-29`) that the calendar knows. */
export function isDate(text: string): boolean {
  if (!/^(\d{4}-)?\d{2}-\d{2}$/.test(text)) return false;
  const whole = text.length === 10 ? text : `2024-${text}`; // a leap year
  const ms = Date.parse(`${whole}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(whole);
}

export function isZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

/** Zones shift at whole minutes and Intl costs microseconds: one look per minute. */
export function clockIn(zone: string): (nowMs: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  let known: { readonly minute: number; readonly local: LocalTime } | undefined;
  return (nowMs) => {
    const minute = Math.floor(nowMs / 60_000);
    if (known?.minute !== minute) {
      const part = Object.fromEntries(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
      const date = `${part['year']}-${part['month']}-${part['day']}`;
      known = {
        minute,
        local: { date, day: part['weekday']!.toLowerCase(), time: `${part['hour']}:${part['minute']}` },
      };
    }
    return known.local;
  };
}
