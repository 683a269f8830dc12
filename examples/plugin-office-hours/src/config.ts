/** When an office is open, as it is written: the section `office-hours`, and in a rule what differs there. */
import { z } from 'zod';
import { isDate, isZone } from './dates.ts';

const day = /^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$/;
const span = /^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/;

const oneOrMore = <S extends z.ZodType>(schema: S) => z.union([schema, z.array(schema).min(1)]);
const days = oneOrMore(z.string().regex(day, 'days are mon, tue, wed, thu, fri, sat, sun, or a range such as mon-fri'));
const hours = oneOrMore(
  z
    .string()
    .regex(span, 'hours are written 09:00-17:30')
    .refine((text) => text.slice(0, 5) < text.slice(6), 'hours end after they begin; over midnight write two days'),
);
const date = z.string().refine(isDate, 'must be a date that exists: 2026-12-25, or 12-25 for every year');
const fullDate = z.string().refine((text) => text.length === 10 && isDate(text), 'must be a date such as 2026-12-31');
const zone = z.string().refine(isZone, 'is no time zone: write one such as Europe/London or UTC');

const keys = {
  zone: zone.describe('An IANA time zone: where the office is, summer time included.'),
  days: days.default('mon-fri').describe('mon ... sun, ranges such as mon-fri, or a list of them.'),
  hours: hours.default('09:00-17:00').describe('09:00-17:00, or a list. The end is not included.'),
  holidays: z.array(date).default([]).describe('Days on which it is closed: 2026-12-25, or 12-25 for every year.'),
  short_days: z
    .record(date, hours)
    .default({})
    .describe('Days with hours of their own, on whatever weekday: { 2026-12-24: 09:00-12:00 }.'),
  holidays_until: fullDate
    .optional()
    .describe(
      'The last day that holidays were looked up for. After it nobody knows, and rules take the side that restricts.',
    ),
} as const;

/** The section. */
export const sectionSchema = z.strictObject(keys).describe('When the office is open.');
export type Hours = z.output<typeof sectionSchema>;

/** `office_hours:` in `match:`. */
export const conditionSchema = z.union([
  z.boolean().describe('true: the office is open. false: it is closed.'),
  z
    .strictObject({
      open: z.boolean().default(true).describe('false: holds while the office is closed.'),
      zone: zone.optional().describe('For this rule, in place of the section: another office.'),
      days: days.optional().describe('For this rule, in place of the section.'),
      hours: hours.optional().describe('For this rule, in place of the section.'),
      holidays: z.array(date).optional().describe('For this rule, in place of the section.'),
      short_days: z.record(date, hours).optional().describe('For this rule, in place of the section.'),
      holidays_until: fullDate.optional().describe('For this rule, in place of the section.'),
    })
    .describe('What differs from the section.'),
]);
export type Condition = z.output<typeof conditionSchema>;
