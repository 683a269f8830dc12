/** How much a call costs: read from its arguments in exact decimals, or a fixed price; corrected by the real amount later. */
import {
  compareDecimal,
  decimalAt,
  isAmount,
  isDecimal,
  normaliseDecimal,
  readStrict,
  readStrictText,
  sumDecimals,
  type Answer,
  type Call,
  type Json,
} from '@gethelio/proxy/plugin';
import { z } from 'zod';
import { expandPath, isAmountPath } from './amount-path.ts';

/** More numbers than this under one wildcard are no amount. */
const maxSummed = 10_000;
/** Significant digits that a YAML number keeps for certain. */
const exactDigits = 15;

/** An amount of money in helio.yaml: `5000`, `'0.25'`. Output: its exact decimal text. */
export function moneyText(what = 'an amount') {
  return z
    .union([z.string(), z.number()], { error: `must be ${what}, such as 5000 or '12.50'` })
    .refine(
      (written) => typeof written === 'string' || digitsOf(written) <= exactDigits,
      'has too many digits for a plain number: put it in quotes',
    )
    .refine(
      (written) => isDecimal(String(written)) && isAmount(String(written)),
      `must be ${what}, such as 5000 or '12.50'`,
    )
    .transform((written) => normaliseDecimal(String(written)))
    .refine((text) => !text.startsWith('-'), 'must not be negative');
}

const path = (summary: string) =>
  z.string().refine(isAmountPath, "must be a path such as '$.amount' or '$.items[*].price'").describe(summary);

/** The keys of `max_spend` and of a budget's contributor that say how much a call costs. */
export const amountShape = {
  field: path('Where the amount stands in the arguments; what a wildcard finds is summed.').optional(),
  cost: moneyText('a price').optional().describe('A fixed price per call, in place of `field`.'),
  currency: z
    .string()
    .min(1)
    .max(20)
    .optional()
    .describe('The currency of the limit. A call in another one is denied.'),
  currency_field: path(
    'Where the currency stands in the arguments; left out: an argument called `currency`, if any.',
  ).optional(),
  actual: path('Where the real amount stands in the result: the reservation is corrected to it.').optional(),
};
export interface AmountRule {
  readonly field?: string | undefined;
  readonly cost?: string | undefined;
  readonly currency?: string | undefined;
  readonly currency_field?: string | undefined;
  readonly actual?: string | undefined;
}

/** What is wrong with the combination, or undefined. */
export function checkAmountRule(rule: AmountRule): string | undefined {
  if ((rule.field === undefined) === (rule.cost === undefined)) return 'needs exactly one of field and cost';
  if (rule.currency_field !== undefined && rule.currency === undefined)
    return 'currency_field needs a currency to compare with';
  return undefined;
}

/** `wrong` is a sentence for the agent; `field` is where it has to look. */
export type ReadAmount =
  | { readonly ok: true; readonly amount: string }
  | { readonly ok: false; readonly wrong: string; readonly field: string };

export interface AmountReader {
  readonly rule: AmountRule;
  read(call: Call): ReadAmount;
  /** The real amount in a successful result; undefined when none is asked for or none stands there. */
  actual(answer: Answer | undefined): string | undefined;
}

export function compileAmount(rule: AmountRule): AmountReader {
  return {
    rule,
    read(call) {
      const amount =
        rule.cost !== undefined ? ({ ok: true, amount: rule.cost } as const) : readField(call, rule.field!);
      if (!amount.ok) return amount;
      return wrongCurrency(call, rule) ?? amount;
    },
    actual(answer) {
      if (rule.actual === undefined || answer?.kind !== 'result' || answer.isError) return undefined;
      for (const root of readings(answer)) {
        const summed = sumAt(root, rule.actual, (at) => decimalAt(root, at));
        if (summed.ok) return summed.amount;
      }
      return undefined;
    },
  };
}

function readField(call: Call, field: string): ReadAmount {
  return sumAt(call.arguments as Json, field, (at) => call.decimal(at));
}

function sumAt(root: Json, field: string, decimal: (path: string) => string | undefined): ReadAmount {
  const wrong = (why: string): ReadAmount => ({ ok: false, wrong: why, field });
  const found = expandPath(field, root, maxSummed);
  if (found === 'missing') return wrong(`There is no amount at ${field}.`);
  if (found === 'too many') return wrong(`There are more than ${maxSummed} amounts at ${field}.`);
  const amounts: string[] = [];
  for (const { path: at, value } of found) {
    // A number that is written as text is not coerced: the tool may read it as something else.
    const text = typeof value === 'number' ? decimal(at) : undefined;
    if (text === undefined) return wrong(`What stands at ${at} is ${nounOf(value)}, not a number.`);
    if (!isAmount(text)) return wrong(`The number at ${at} is too large or too fine to be an amount.`);
    if (compareDecimal(text, '0') < 0) return wrong(`The amount at ${at} is negative.`);
    amounts.push(text);
  }
  const amount = sumDecimals(amounts);
  return isAmount(amount) ? { ok: true, amount } : wrong(`The amounts at ${field} are too large together.`);
}

function wrongCurrency(call: Call, { currency, currency_field: at }: AmountRule): ReadAmount | undefined {
  if (currency === undefined) return undefined;
  const wanted = currency.toUpperCase();
  const wrong = (field: string, value: Json | undefined): ReadAmount => ({
    ok: false,
    field,
    wrong:
      value === undefined
        ? `There is no currency at ${field}; the limit is in ${currency}.`
        : `The currency at ${field} is not ${currency}, which is what the limit is in.`,
  });
  if (at !== undefined) {
    const found = expandPath(at, call.arguments as Json, maxSummed);
    if (typeof found === 'string') return wrong(at, undefined);
    const other = found.find(({ value }) => !isCurrency(value, wanted));
    return other && wrong(at, other.value);
  }
  // Without a field the currency is a label, yet an argument that plainly says another one is not ours to ignore.
  for (const [name, value] of Object.entries(call.arguments)) {
    if (name.toLowerCase() === 'currency' && !isCurrency(value, wanted)) return wrong(`$.${name}`, value);
  }
  return undefined;
}

function isCurrency(value: Json, wanted: string): boolean {
  return typeof value === 'string' && value.trim().toUpperCase() === wanted;
}

/** What a result says: its structured content, else JSON in its text blocks. Numbers keep their exact text. */
function* readings(answer: Answer): Iterable<Json> {
  const read = readStrict(answer.bytes);
  if (!read.ok || typeof read.value !== 'object' || read.value === null || Array.isArray(read.value)) return;
  const result = read.value as { readonly structuredContent?: Json; readonly content?: Json };
  if (result.structuredContent !== undefined) yield result.structuredContent;
  if (!Array.isArray(result.content)) return;
  for (const block of result.content as readonly Json[]) {
    const text = (block as { readonly text?: unknown } | null)?.text;
    const inner = typeof text === 'string' ? readStrictText(text) : undefined;
    if (inner?.ok) yield inner.value;
  }
}

function nounOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : typeof value === 'boolean' ? 'true or false' : 'a text';
}

function digitsOf(number: number): number {
  return String(number).replace(/e.*$/, '').replace(/[-.]/g, '').replace(/^0+/, '').length;
}
