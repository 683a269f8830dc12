/** `time:` - days and hours in a time zone. */
import { z } from 'zod';
import { isTracing } from '../trial.ts';
import type { BuiltIn } from './built-in.ts';

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const dayText = z.string().regex(/^(sun|mon|tue|wed|thu|fri|sat)(-(sun|mon|tue|wed|thu|fri|sat))?$/, {
  message: 'days are mon, tue, wed, thu, fri, sat, sun, or a range such as mon-fri',
});
const hoursText = z
  .string()
  .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/, 'hours are written 09:00-17:30')
  .refine((text) => text.slice(0, 5) !== text.slice(6), 'hours that begin where they end hold no time');

const oneOrMore = <S extends z.ZodType>(schema: S) => z.union([schema, z.array(schema).min(1)]);
const schema = z
  .strictObject({
    days: oneOrMore(dayText).optional().describe('mon ... sun, ranges such as mon-fri, or a list of them.'),
    hours: oneOrMore(hoursText)
      .optional()
      .describe(
        '09:00-17:00, or a list. The end is not included. Over midnight (22:00-06:00) the day is the one it began on.',
      ),
    zone: z
      .string()
      .refine(isZone, 'is no time zone: write one such as Europe/London or UTC')
      .default('UTC')
      .describe('An IANA time zone.'),
  })
  .refine(({ days, hours }) => days !== undefined || hours !== undefined, 'name days or hours');

interface Minutes {
  readonly from: number;
  readonly until: number;
}
/** Minutes since midnight, and the weekday from 0 = Sunday, in a zone. */
interface LocalTime {
  readonly day: number;
  readonly minute: number;
}

export const time: BuiltIn<z.output<typeof schema>> = {
  key: 'time',
  summary: 'The time of the call: days and hours in a zone.',
  example: "time: { days: mon-fri, hours: '09:00-17:00', zone: Europe/London }",
  schema,
  reads: 'caller',
  compile({ days, hours, zone }) {
    const onDays = days === undefined ? undefined : readDays(list(days));
    const spans = hours === undefined ? [{ from: 0, until: 1440 }] : list(hours).map(readHours);
    const localTime = clockIn(zone);
    return (ctx) => {
      const now = localTime(ctx.nowMs);
      const holds = spans.some((span) => inSpan(now, span, onDays));
      if (isTracing(ctx))
        ctx.note(
          `it is ${dayNames[now.day]} ${two(now.minute / 60)}:${two(now.minute % 60)} in ${zone}: ${holds ? 'inside' : 'outside'}`,
        );
      return holds;
    };
  },
};

function inSpan({ day, minute }: LocalTime, { from, until }: Minutes, days: ReadonlySet<number> | undefined): boolean {
  const on = (began: number) => days === undefined || days.has(began);
  if (from < until) return minute >= from && minute < until && on(day);
  return (minute >= from && on(day)) || (minute < until && on((day + 6) % 7));
}

/** Zones shift at whole minutes, and Intl costs microseconds: one look per minute. */
function clockIn(zone: string): (nowMs: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  let knownMinute = NaN;
  let known: LocalTime = { day: 0, minute: 0 };
  return (nowMs) => {
    const minute = Math.floor(nowMs / 60_000);
    if (minute === knownMinute) return known;
    const parts = Object.fromEntries(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
    known = {
      day: dayNames.indexOf(parts['weekday']!.toLowerCase()),
      minute: Number(parts['hour']) * 60 + Number(parts['minute']),
    };
    knownMinute = minute;
    return known;
  };
}

function readDays(texts: readonly string[]): ReadonlySet<number> {
  const days = new Set<number>();
  for (const text of texts) {
    const [from, until = from] = text.split('-').map((name) => dayNames.indexOf(name));
    for (let day = from!; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === until) break;
    }
  }
  return days;
}

function readHours(text: string): Minutes {
  const minute = (at: string) => Number(at.slice(0, 2)) * 60 + Number(at.slice(3));
  return { from: minute(text.slice(0, 5)), until: minute(text.slice(6)) };
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

function two(n: number): string {
  return String(Math.floor(n)).padStart(2, '0');
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
