/** Properties of the calendar, over all of time that matters. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCalendar } from '../src/calendar.ts';
import { sectionSchema } from '../src/config.ts';
import { clockIn, isDate } from '../src/dates.ts';

const zones = [
  'UTC',
  'Europe/London',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Africa/Casablanca',
];
const instant = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) });
const anyZone = fc.constantFrom(...zones);
const hours = (more: object) => sectionSchema.parse({ zone: 'UTC', ...more });

test('the clock of every zone shows a day that exists, and counts minutes', () => {
  fc.assert(
    fc.property(anyZone, instant, (zone, ms) => {
      const { date, day, time } = clockIn(zone)(ms);
      expect(isDate(date)).toBe(true);
      expect(
        new Date(`${date}T12:00:00Z`).toLocaleDateString('en-US', { weekday: 'short', timeZone: 'UTC' }).toLowerCase(),
      ).toBe(day);
      expect(time).toMatch(/^([01]\d|2[0-3]):[0-5]\d$/);
    }),
  );
});

test('what is remembered for a minute is what a new clock shows', () => {
  fc.assert(
    fc.property(anyZone, fc.array(instant, { maxLength: 20 }), (zone, all) => {
      const kept = clockIn(zone);
      for (const ms of all) expect(kept(ms)).toEqual(clockIn(zone)(ms));
    }),
  );
});

test('an office without hours off is always open, and one whose days are all holidays never is', () => {
  const everyDay = Array.from({ length: 366 }, (_, i) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(5, 10));
  fc.assert(
    fc.property(anyZone, instant, (zone, ms) => {
      const always = { zone, days: 'mon-sun', hours: '00:00-24:00' };
      expect(createCalendar(hours(always))(ms).open).toBe(true);
      expect(createCalendar(hours({ ...always, holidays: everyDay }))(ms).open).toBe(false);
    }),
  );
});

test('open and closed take turns where the hours say so, twice a day with a break', () => {
  const calendar = createCalendar(
    hours({ zone: 'Asia/Kolkata', days: 'mon-sun', hours: ['09:00-12:30', '13:30-17:00'] }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 7_000 }), (dayNumber) => {
      const midnight = Date.UTC(2020, 0, 1 + dayNumber) - 5.5 * 3_600_000; // there is no summer time in India
      const turns = Array.from({ length: 24 * 60 }, (_, minute) => calendar(midnight + minute * 60_000).open).flatMap(
        (open, minute, all) => (minute > 0 && open !== all[minute - 1] ? [minute] : []),
      );
      expect(turns).toEqual([540, 750, 810, 1020]);
    }),
    { numRuns: 20 },
  );
});

test('dates are those of the calendar', () => {
  for (const text of ['2026-12-25', '2024-02-29', '02-29', '12-31']) expect(isDate(text)).toBe(true);
  for (const text of ['2026-02-29', '02-30', '00-10', '2026-13-01', '2026-1-1', '25.12.2026', '', '20261225'])
    expect(isDate(text)).toBe(false);
});
