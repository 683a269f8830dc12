import { PluginTester, testPlugin } from '@gethelio/proxy/testing';
import { describe, expect, it } from 'vitest';
import { officeHours } from '../src/index.ts';

const config = {
  zone: 'Europe/London',
  hours: ['09:00-12:30', '13:30-17:00'],
  holidays: ['2026-04-03', '12-25'],
  short_days: { '2026-12-24': '09:00-12:00' },
};
/** The rule of the README: payments run while the office is open. */
const closedRule = `
policies:
  default: allow
  rules:
    - match: { tool: create_payment, office_hours: false }
      action: deny`;
const at = (time: string) => ({
  before: ({ clock }: { clock: { set(ms: number): void } }) => clock.set(Date.parse(time)),
});

// 2026-03-02 is a Monday; London is UTC until 2026-03-29, and an hour ahead from then on.
PluginTester.run(officeHours, {
  with: ['policy'],
  config,
  yaml: closedRule,
  allows: [
    { name: 'Monday morning', call: 'create_payment', ...at('2026-03-02T09:00:00Z') },
    { name: 'the last minute', call: 'create_payment', ...at('2026-03-02T16:59:59Z') },
    { name: 'summer time has begun', call: 'create_payment', ...at('2026-03-30T08:00:00Z') },
    { name: 'the morning of a short day', call: 'create_payment', ...at('2026-12-24T11:59:00Z') },
    { name: 'another tool, at night', call: 'orders.lookup', ...at('2026-03-02T23:00:00Z') },
  ],
  denies: [
    { name: 'too early', call: 'create_payment', code: 'policy_denied', ...at('2026-03-02T08:59:59Z') },
    { name: 'the end is not included', call: 'create_payment', ...at('2026-03-02T17:00:00Z') },
    { name: 'lunch', call: 'create_payment', ...at('2026-03-02T13:00:00Z') },
    { name: 'Saturday', call: 'create_payment', ...at('2026-03-07T10:00:00Z') },
    { name: 'summer time: 17:00 there is 16:00 in UTC', call: 'create_payment', ...at('2026-03-30T16:00:00Z') },
    { name: 'Good Friday', call: 'create_payment', ...at('2026-04-03T10:00:00Z') },
    { name: 'Christmas of any year', call: 'create_payment', ...at('2029-12-25T10:00:00Z') },
    { name: 'the afternoon of a short day', call: 'create_payment', ...at('2026-12-24T12:00:00Z') },
  ],
});

async function effectAt(time: string, yaml: string, more: object = {}) {
  const helio = await testPlugin(officeHours, {
    with: ['policy'],
    config: { ...config, ...more } as never,
    yaml,
    nowMs: Date.parse(time),
  });
  const { effect } = await helio.call('create_payment');
  await helio.stop();
  return effect;
}

describe('the condition', () => {
  const allowOpen = `
policies:
  default: deny
  rules:
    - match: { tool: create_payment, office_hours: true }
      action: allow`;

  it('opens what a default of deny closes, while the office is open', async () => {
    expect(await effectAt('2026-03-02T10:00:00Z', allowOpen)).toBe('allow');
    expect(await effectAt('2026-03-02T20:00:00Z', allowOpen)).toBe('deny');
  });

  it('speaks of another office where the rule says so, and keeps the rest of the section', async () => {
    const tokyo = closedRule.replace('false', '{ open: false, zone: Asia/Tokyo, holidays: [] }');
    expect(await effectAt('2026-03-02T01:00:00Z', tokyo)).toBe('allow'); // 10:00 there
    expect(await effectAt('2026-03-02T04:00:00Z', tokyo)).toBe('deny'); // 13:00: lunch, as in the section
    expect(await effectAt('2026-12-25T01:00:00Z', tokyo)).toBe('allow'); // a Friday like others
    expect(await effectAt('2026-12-25T10:00:00Z', closedRule)).toBe('deny');
  });

  it('knows days that go over the weekend', async () => {
    const days = { days: ['fri-mon'], holidays: [] };
    expect(await effectAt('2026-03-01T10:00:00Z', closedRule, days)).toBe('allow'); // Sunday
    expect(await effectAt('2026-03-03T10:00:00Z', closedRule, days)).toBe('deny'); // Tuesday
  });

  it('takes the side that restricts on days whose holidays nobody looked up', async () => {
    const until = { holidays_until: '2026-12-31' };
    for (const rule of [closedRule, allowOpen]) {
      expect(await effectAt('2026-12-31T10:00:00Z', rule, until)).toBe('allow');
      expect(await effectAt('2027-01-04T10:00:00Z', rule, until)).toBe('deny');
    }
    expect(
      await effectAt(
        '2027-01-04T10:00:00Z',
        closedRule.replace('office_hours: false', 'not: { office_hours: true }'),
        until,
      ),
    ).toBe('deny');
  });

  it('says why, for helio explain', async () => {
    const helio = await testPlugin(officeHours, { with: ['policy'], config, yaml: closedRule });
    const nowMs = Date.parse('2026-12-24T12:00:00Z');
    const { facts } = await helio.explain({ name: 'create_payment', nowMs });
    const { policyTrace } = await import('@gethelio/proxy/contracts/policy');
    expect(JSON.stringify(facts.get(policyTrace)!())).toContain(
      'it is thu 2026-12-24 12:00 in Europe/London, a short day: closed, hours are 09:00-12:00',
    );
    await helio.stop();
  });
});

describe('the section', () => {
  const loaded = (change: object, yaml = closedRule) =>
    testPlugin(officeHours, {
      with: ['policy'],
      config: { ...config, ...change } as never,
      yaml,
      nowMs: Date.parse('2027-01-04T10:00:00Z'),
    });

  it.each([
    ['no zone', { zone: undefined }, /zone/],
    ['a zone that is none', { zone: 'Europe/Londn' }, /no time zone/],
    ['a day that is none', { days: 'monday' }, /mon, tue/],
    ['hours that go over midnight', { hours: '22:00-06:00' }, /end after they begin/],
    ['hours that hold no time', { hours: ['09:00-09:00'] }, /end after they begin/],
    ['an hour that is none', { hours: '9-17' }, /09:00-17:30/],
    ['a date that does not exist', { holidays: ['2026-02-30'] }, /a date that exists/],
    ['a short day that does not exist', { short_days: { '13-01': '09:00-12:00' } }, /short_days/],
    ['a list that ends on no day of a year', { holidays_until: '12-31' }, /2026-12-31/],
    ['a key that it does not know', { holydays: [] }, /holydays/],
  ])('is refused with %s', async (_what, change, words) => {
    await expect(loaded(change)).rejects.toThrow(words);
  });

  it('a rule with a mistake is refused too', async () => {
    await expect(loaded({}, closedRule.replace('false', '{ opn: true }'))).rejects.toThrow(/opn/);
  });

  it('warns when the list of holidays has ended', async () => {
    const outdated = await loaded({ holidays_until: '2026-12-31' });
    expect(outdated.warnings).toMatchObject([
      { code: 'HELIO_OFFICE_HOURS_OUTDATED', path: ['office-hours', 'holidays_until'] },
    ]);
    await outdated.stop();
    const fresh = await loaded({ holidays_until: '2027-01-04' });
    expect(fresh.warnings).toEqual([]);
    await fresh.stop();
  });
});
