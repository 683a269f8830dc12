/** The shop's own tools: looking things up, refunding an order, removing a customer, writing to one. */
import { z } from 'zod';
import { isRefused, minorUnits, money, type OrderView } from './shop.ts';
import { tool, type DemoTool } from './tool.ts';

const orderId = z.string().describe('An order number such as "A-17"');
const customerId = z.string().describe('A customer number such as "C-1001"');
const priced = z.object({ amount: z.number(), currency: z.string() });

const describeOrder = (order: OrderView) => ({
  order_id: order.id,
  customer_id: order.customerId,
  placed_on: order.placedOn,
  status: order.status,
  total: money(order.totalMinor, 'GBP'),
  refunded: money(order.refundedMinor, 'GBP'),
  lines: order.lines.map(({ sku, quantity, unitPrice }) => ({
    sku,
    quantity,
    unit_price: money(unitPrice.minor, unitPrice.currency),
  })),
});

export const shopTools: readonly DemoTool[] = [
  tool({
    name: 'orders.lookup',
    title: 'Look up an order',
    description: 'Returns one order: its customer, lines, total, status and what was refunded so far.',
    annotations: { readOnlyHint: true, openWorldHint: false },
    input: { order_id: orderId },
    output: {
      order_id: z.string(),
      customer_id: z.string(),
      placed_on: z.string(),
      status: z.string(),
      total: priced,
      refunded: priced,
      lines: z.array(z.object({ sku: z.string(), quantity: z.number(), unit_price: priced })),
    },
    run({ order_id }, shop) {
      const found = shop.order(order_id);
      return isRefused(found) ? found : describeOrder(found);
    },
  }),

  tool({
    name: 'customer.verify',
    title: 'Verify a customer',
    description: 'Checks that a person is who they say: the customer number and the postcode on file must agree.',
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    input: { customer_id: customerId, postcode: z.string().describe('As the customer gave it, e.g. "EH3 9DR"') },
    output: { customer_id: z.string(), verified: z.boolean(), name: z.string().optional() },
    run({ customer_id, postcode }, shop) {
      const found = shop.customer(customer_id);
      if (isRefused(found)) return found;
      const plain = (text: string) => text.replaceAll(/\s/g, '').toUpperCase();
      if (plain(postcode) !== plain(found.postcode)) return { refused: `The postcode does not match ${found.id}.` };
      return { customer_id: found.id, verified: true, name: found.name };
    },
  }),

  tool({
    name: 'process_refund',
    title: 'Refund an order',
    description: 'Pays back an order, in full or in part. Cannot be undone.',
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    input: {
      order_id: orderId,
      amount: z.number().positive().optional().describe('GBP; left out, everything that is left is refunded'),
      reason: z.string().default('requested by the customer'),
    },
    output: {
      refund_id: z.string(),
      order_id: z.string(),
      refunded: priced,
      order_status: z.string(),
      reason: z.string(),
    },
    run({ order_id, amount, reason }, shop) {
      const minor = amount === undefined ? undefined : minorUnits(amount);
      if (amount !== undefined && minor === undefined) return { refused: 'An amount has at most two decimals.' };
      const done = shop.refund(order_id, minor, reason);
      if (isRefused(done)) return done;
      const order = shop.order(order_id);
      const status = isRefused(order) ? 'refunded' : order.status;
      return { refund_id: done.id, order_id, refunded: money(done.money.minor, 'GBP'), order_status: status, reason };
    },
  }),

  tool({
    name: 'delete_account',
    title: 'Delete a customer account',
    description: 'Removes a customer and everything on file about them. Cannot be undone.',
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    input: { customer_id: customerId },
    run({ customer_id }, shop) {
      const gone = shop.deleteCustomer(customer_id);
      return isRefused(gone) ? gone : { customer_id: gone.id, deleted: true };
    },
  }),

  tool({
    name: 'search_products',
    title: 'Search the catalogue',
    description: 'Finds products whose name or category holds every word of the query.',
    annotations: { readOnlyHint: true, openWorldHint: false },
    input: {
      query: z.string().describe('e.g. "lamp" or "oak chair"; empty for everything'),
      max_price: z.number().positive().optional().describe('GBP'),
      limit: z.number().int().min(1).max(50).default(10),
    },
    output: {
      count: z.number(),
      products: z.array(z.looseObject({ sku: z.string(), name: z.string(), price: priced })),
    },
    run({ query, max_price, limit }, shop) {
      const found = shop.search(query, max_price === undefined ? undefined : Math.round(max_price * 100), limit);
      const products = found.map(({ price, ...rest }) => ({ ...rest, price: money(price.minor, price.currency) }));
      return { count: products.length, products };
    },
  }),

  tool({
    name: 'send_email',
    title: 'Send an e-mail',
    description: 'Writes to one address. The demo delivers nothing and answers with a message number.',
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
    input: { to: z.email(), subject: z.string().min(1), body: z.string() },
    output: { message_id: z.string(), to: z.string(), queued: z.boolean() },
    run: ({ to }, shop) => ({ message_id: shop.nextId('msg'), to, queued: true }),
  }),
];
