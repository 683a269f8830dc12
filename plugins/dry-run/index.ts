/** Dry run - for all calls, by a rule, or asked for by one call: judged in full, forwarded never, counted never. */
import { definePlugin, type Call, type Verdict } from '@gethelio/proxy/plugin';
import { ruleAction } from '@gethelio/proxy/contracts/policy';
import { z } from 'zod';

/** Sent by a client that wants to know what a call would do. It only makes stricter, so anybody may send it. */
const header = 'x-helio-dry-run';
/** The same in `params._meta`, for clients without headers (stdio). */
const metaKey = 'com.gethelio/dry-run';

export const dryRun = definePlugin({
  name: 'dry-run',
  apiVersion: 1,
  summary: 'Judges calls and forwards none: for all calls, by a rule, or by x-helio-dry-run: 1.',
  config: z.strictObject({
    enabled: z.boolean().default(false).describe('Every call is a dry run: judged, recorded, never forwarded.'),
  }),
  taps: ['evaluate'],
  register({ config, contribute, hooks }) {
    contribute(ruleAction, {
      name: 'dry_run',
      summary: 'The call is judged and recorded, never forwarded.',
      speaks: {
        effect: 'simulate',
        code: 'dry_run',
        reason: (rule, call) =>
          `The rule "${rule.name}" makes every call of "${call.name}" a dry run: nothing was forwarded.`,
      },
    });
    hooks.evaluate.tap({ stage: 'guard' }, ({ call }): Verdict | void => {
      if (config.enabled) return simulate('config', 'Helio runs in dry-run mode: nothing was forwarded.');
      if (asksForDryRun(call)) return simulate('call', 'This call asked for a dry run: nothing was forwarded.');
    });
  },
});

function simulate(by: 'config' | 'call', reason: string): Verdict {
  return {
    effect: 'simulate',
    code: 'dry_run',
    reason,
    details: { dry_run_by: by },
    ...(by === 'call' && { suggestion: 'Send the same call without the dry-run mark to carry it out.' }),
    retry: { allowed: by === 'call' },
  };
}

/** Anything but a plain no is a yes: a misspelt value must not let a call through that was meant as a try. */
export function asksForDryRun({ arrival }: Pick<Call, 'arrival'>): boolean {
  const written = arrival.header(header)?.trim().toLowerCase();
  if (written !== undefined && written !== '0' && written !== 'false') return true;
  const meta = Object.hasOwn(arrival.meta, metaKey) ? arrival.meta[metaKey] : undefined;
  return meta !== undefined && meta !== false && meta !== 0 && meta !== '0' && meta !== 'false';
}

export default dryRun;
