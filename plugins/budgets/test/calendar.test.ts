import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCalendar, isZone, type CalendarUnit } from '../calendar.ts';

const period = (unit: CalendarUnit, zone: string, at: string) => {
  const { startMs, endMs } = createCalendar(unit, zone)(Date.parse(at));
  return [new Date(startMs).toISOString(), new Date(endMs).toISOString()];
};

describe('a calendar', () => {
  it('cuts days, weeks from Monday, and months in UTC', () => {
    expect(period('day', 'UTC', '2026-03-04T15:00:00Z')).toEqual([
      '2026-03-04T00:00:00.000Z',
      '2026-03-05T00:00:00.000Z',
    ]);
    expect(period('week', 'UTC', '2026-03-04T15:00:00Z')).toEqual([
      '2026-03-02T00:00:00.000Z',
      '2026-03-09T00:00:00.000Z',
    ]);
    expect(period('week', 'UTC', '2026-03-01T23:59:59.999Z')).toEqual([
      '2026-02-23T00:00:00.000Z',
      '2026-03-02T00:00:00.000Z',
    ]);
    expect(period('month', 'UTC', '2024-02-29T12:00:00Z')).toEqual([
      '2024-02-01T00:00:00.000Z',
      '2024-03-01T00:00:00.000Z',
    ]);
    expect(period('month', 'UTC', '2026-12-31T23:59:59.999Z')).toEqual([
      '2026-12-01T00:00:00.000Z',
      '2027-01-01T00:00:00.000Z',
    ]);
  });

  it("follows a zone's midnight, and its days of 23 and 25 hours", () => {
    expect(period('day', 'America/New_York', '2026-01-01T02:00:00Z')).toEqual([
      '2025-12-31T05:00:00.000Z',
      '2026-01-01T05:00:00.000Z',
    ]);
    expect(period('day', 'Europe/London', '2026-03-29T12:00:00Z')).toEqual([
      '2026-03-29T00:00:00.000Z',
      '2026-03-29T23:00:00.000Z',
    ]);
    expect(period('day', 'Europe/London', '2026-10-25T12:00:00Z')).toEqual([
      '2026-10-24T23:00:00.000Z',
      '2026-10-26T00:00:00.000Z',
    ]);
    expect(period('month', 'Asia/Kolkata', '2026-04-30T19:00:00Z')).toEqual([
      '2026-04-30T18:30:00.000Z',
      '2026-05-31T18:30:00.000Z',
    ]);
  });

  it('finds the beginning of a day that has no midnight', () => {
    // Beirut's clocks go from 24:00 to 01:00.
    expect(period('day', 'Asia/Beirut', '2025-03-30T12:00:00Z')).toEqual([
      '2025-03-29T22:00:00.000Z',
      '2025-03-30T21:00:00.000Z',
    ]);
  });

  it('always contains the instant, and its periods join without gaps', () => {
    const zones = [
      'UTC',
      'Europe/London',
      'America/New_York',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'Asia/Beirut',
      'Pacific/Apia',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom<CalendarUnit>('day', 'week', 'month'),
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2012, 0), max: Date.UTC(2040, 0) }),
        (unit, zone, atMs) => {
          const calendar = createCalendar(unit, zone);
          const { startMs, endMs } = calendar(atMs);
          expect(startMs <= atMs && atMs < endMs).toBe(true);
          expect(calendar(endMs).startMs).toBe(endMs);
          expect(calendar(startMs - 1).endMs).toBe(startMs);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('knows a zone from a typo', () => {
    expect([isZone('Europe/London'), isZone('Europe/Londn'), isZone('')]).toEqual([true, false, false]);
  });
});
