/** Whether an office is open, and the sentence that says why. */
import type { Hours } from './config.ts';
import { clockIn, dayNames } from './dates.ts';

export interface Finding {
  /** Undefined: nobody looked up the holidays of this day. */
  readonly open: boolean | undefined;
  /** `it is fri 17:05 in Europe/London: closed since 17:00` */
  readonly why: string;
}

/** Everything is prepared once; what is returned runs for every call. */
export function createCalendar(hours: Hours): (nowMs: number) => Finding {
  const { zone, holidays_until: knownUntil } = hours;
  const localTime = clockIn(zone);
  const workdays = new Set(listOf(hours.days).flatMap(daysOf));
  const spans = listOf(hours.hours);
  const holidays = new Set(hours.holidays);
  const shortDays = new Map(Object.entries(hours.short_days).map(([date, own]) => [date, listOf(own)]));

  return (nowMs) => {
    const { date, day, time } = localTime(nowMs);
    const everyYear = date.slice(5);
    const here = `it is ${day} ${date} ${time} in ${zone}`;
    const own = shortDays.get(date) ?? shortDays.get(everyYear);
    // What is written for this very day counts, whatever else is known.
    if (own !== undefined) return within(own, `${here}, a short day`);
    if (holidays.has(date) || holidays.has(everyYear)) return { open: false, why: `${here}: closed, a holiday` };
    if (!workdays.has(day)) return { open: false, why: `${here}: closed all day` };
    if (knownUntil !== undefined && date > knownUntil)
      return { open: undefined, why: `${here}: holidays are known until ${knownUntil} only` };
    return within(spans, here);

    function within(open: readonly string[], what: string): Finding {
      const isOpen = open.some((span) => time >= span.slice(0, 5) && time < span.slice(6));
      return { open: isOpen, why: `${what}: ${isOpen ? 'open' : 'closed'}, hours are ${open.join(', ')}` };
    }
  };
}

/** `fri-mon` goes over the weekend. */
function daysOf(text: string): readonly string[] {
  const [from, until] = text.split('-').map((name) => dayNames.indexOf(name)) as [number, number?];
  const length = until === undefined ? 1 : ((until - from + 7) % 7) + 1;
  return Array.from({ length }, (_, i) => dayNames[(from + i) % 7]!);
}

const listOf = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);
