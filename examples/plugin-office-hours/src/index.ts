/** A key of `match:` that knows when the office is open: `office_hours: true`, with holidays, in the office's own zone. */
import { definePlugin } from '@gethelio/proxy/plugin';
import { ruleCondition } from '@gethelio/proxy/contracts/policy';
import { createCalendar } from './calendar.ts';
import { conditionSchema, sectionSchema, type Condition, type Hours } from './config.ts';
import { clockIn } from './dates.ts';

export const officeHours = definePlugin({
  name: 'office-hours',
  apiVersion: 1,
  summary: 'Gives rules the condition office_hours: days, hours, holidays and short days of an office.',
  config: sectionSchema,
  register({ config, contribute, onCheck, clock, report, configPath }) {
    contribute(ruleCondition, {
      key: 'office_hours',
      summary: 'Whether the office is open.',
      schema: conditionSchema,
      reads: 'caller', // the time, and nothing of the arguments
      compile(written: Condition) {
        const { open: wanted, ...own } = typeof written === 'boolean' ? { open: written } : written;
        const calendar = createCalendar({ ...config, ...given(own) });
        return ({ nowMs, note }) => {
          const { open, why } = calendar(nowMs);
          note(why); // what `helio explain` shows
          // What nobody knows is left to Helio, which takes the side that restricts.
          return open === undefined ? undefined : open === wanted;
        };
      },
    });

    onCheck(() => {
      const { holidays_until: until, zone } = config;
      if (until === undefined || clockIn(zone)(clock.nowMs()).date <= until) return;
      report({
        code: 'HELIO_OFFICE_HOURS_OUTDATED',
        path: [...configPath, 'holidays_until'],
        message: `holidays are known until ${until} only, so rules with office_hours take the side that restricts`,
        fix: 'add the holidays since then, and move holidays_until',
        severity: 'warning',
      });
    });
  },
});
export default officeHours;

/** Without the keys that a rule leaves to the section. */
function given(own: Partial<Hours>): Partial<Hours> {
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
}
