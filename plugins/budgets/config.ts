/** The section `budgets`: pots that several tools draw from. */
import { durationMs } from '@gethelio/proxy/plugin';
import { amountShape, checkAmountRule, keySchema, moneyText } from '@gethelio/proxy/contracts/limits';
import { z } from 'zod';
import { isZone } from './calendar.ts';

const { currency, ...perContributor } = amountShape;
const windowWords = ['day', 'week', 'month', 'session'] as const;
const isWindowWord = (text: string): text is (typeof windowWords)[number] =>
  (windowWords as readonly string[]).includes(text);
const wantWindow = 'must be a duration such as 24h (it slides), or day, week, month or session';

const contributor = z
  .strictObject({
    tool: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .describe('Name, glob, or a list of them; compared as deny rules compare.'),
    ...perContributor,
  })
  .superRefine((written, ctx) => {
    // `currency` stands at the pot: what is left to check is field against cost.
    const wrong = checkAmountRule({ ...written, currency: 'any' });
    if (wrong) ctx.addIssue({ code: 'custom', message: `a contributor ${wrong}` });
  });

const pot = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u, 'must be a name of letters, digits, spaces, dots, _ or -')
      .describe('What the pot is called; its money hangs on this name.'),
    limit: moneyText('the limit').describe('What may be drawn in one window.'),
    currency: currency.describe('The currency of the pot. A call in another one is denied.'),
    window: z
      .string({ error: wantWindow })
      .refine((text) => isWindowWord(text) || (durationMs(text) ?? 0) > 0, wantWindow)
      .transform((text) => (isWindowWord(text) ? text : durationMs(text)!))
      .describe(
        'A duration slides; day, week (from Monday) and month follow the calendar; session lasts as long as the session.',
      ),
    zone: z
      .string()
      .refine(isZone, "must be a time zone such as 'Europe/London'")
      .default('UTC')
      .describe('Whose midnight ends a day, week or month.'),
    key: keySchema
      .optional()
      .describe('Who has a pot of their own; left out: all share one (a session pot: every session).'),
    on_exceed: z
      .enum(['deny', 'require_approval'])
      .default('deny')
      .describe(
        'What becomes of a call that does not fit: refused, or a person is asked (needs the plugin approvals).',
      ),
    release_on_error: z
      .boolean()
      .default(false)
      .describe('Give back also when the tool answered with an error; left out: only when it provably did nothing.'),
    contributors: z
      .array(contributor)
      .min(1)
      .describe('Which calls draw from it, and how much; the first that matches counts.'),
  })
  .superRefine((written, ctx) => {
    if (written.window === 'session' && written.key !== undefined && written.key !== 'session') {
      ctx.addIssue({ code: 'custom', path: ['key'], message: 'a pot that lasts a session has the key session' });
    }
    if (written.contributors.some(({ currency_field: at }) => at !== undefined) && written.currency === undefined) {
      ctx.addIssue({ code: 'custom', path: ['currency'], message: 'currency_field needs a currency to compare with' });
    }
  });

export const budgetsConfig = z
  .array(pot)
  .max(1_000)
  .superRefine((pots, ctx) => {
    const names = pots.map(({ name }) => name);
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) < index)
        ctx.addIssue({ code: 'custom', path: [index, 'name'], message: `there are two budgets called "${name}"` });
    }
  })
  .default([]);
export type PotConfig = z.output<typeof pot>;
