/** The payment provider's tools, each of which moves money, and two harmless ones to try first. */
import { z } from 'zod';
import { isRefused, minorUnits, type Refused, type Shop } from './shop.ts';
import { tool, type DemoTool, type Said } from './tool.ts';

const amount = z.number().positive().describe('In whole units with at most two decimals: 49.99');
const currency = z.enum(['GBP', 'EUR', 'USD']).default('GBP');
const paid = { id: z.string(), status: z.string(), amount: z.number(), currency: z.string() };

/** One booked movement of money, as the provider reports it. */
function book(shop: Shop, prefix: string, sum: number, unit: string, rest: Said): Said | Refused {
  if (minorUnits(sum) === undefined) return { refused: 'An amount has at most two decimals.' };
  return { id: shop.nextId(prefix), status: 'succeeded', amount: sum, currency: unit, ...rest };
}

const climates = ['clear', 'light rain', 'overcast', 'windy', 'fog in the morning', 'showers'] as const;

export const paymentTools: readonly DemoTool[] = [
  tool({
    name: 'create_payment',
    title: 'Create a payment',
    description: 'Takes a payment and books it to an account.',
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
    input: { amount, currency, recipient: z.string().describe('Who is paid'), reference: z.string().optional() },
    output: { ...paid, recipient: z.string(), reference: z.string().optional() },
    run: ({ amount, currency, recipient, reference }, shop) =>
      book(shop, 'pay', amount, currency, { recipient, ...(reference === undefined ? {} : { reference }) }),
  }),

  tool({
    name: 'stripe_charge',
    title: 'Charge a card',
    description: 'Charges the card on file of a customer.',
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
    input: { customer_id: z.string().describe('A customer number such as "C-1001"'), amount, currency },
    output: { ...paid, customer_id: z.string() },
    run({ customer_id, amount, currency }, shop) {
      const found = shop.customer(customer_id);
      return isRefused(found) ? found : book(shop, 'ch', amount, currency, { customer_id: found.id });
    },
  }),

  tool({
    name: 'paypal_payout',
    title: 'Pay out',
    description: 'Sends money to an e-mail address. Cannot be undone.',
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    input: { recipient: z.email(), amount, currency, note: z.string().optional() },
    output: { ...paid, recipient: z.string() },
    run: ({ recipient, amount, currency }, shop) => book(shop, 'po', amount, currency, { recipient }),
  }),

  tool({
    name: 'get_weather',
    title: 'Weather',
    description: 'Today in a city. The same city always has the same weather here.',
    annotations: { readOnlyHint: true, openWorldHint: true },
    input: { city: z.string().min(1) },
    output: { city: z.string(), celsius: z.number(), sky: z.string() },
    run({ city }) {
      const seed = [...city.toLowerCase()].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % 9973, 7);
      return { city, celsius: (seed % 28) - 2, sky: climates[seed % climates.length]! };
    },
  }),

  tool({
    name: 'echo',
    title: 'Echo',
    description: 'Answers with the text it was given.',
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    input: { text: z.string() },
    run: ({ text }) => ({ text }),
  }),
];
