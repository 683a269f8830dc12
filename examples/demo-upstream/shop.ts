/** The shop and its payment provider in memory: what the tools read and change. One per process. */
import { customers, orders, products, type Customer, type Money, type Order, type Product } from './data.ts';

export interface Refund {
  readonly id: string;
  readonly orderId: string;
  readonly money: Money;
  readonly reason: string;
}
export interface OrderView extends Omit<Order, 'status'> {
  readonly status: Order['status'] | 'refunded' | 'partly refunded';
  readonly totalMinor: number;
  readonly refundedMinor: number;
}
/** Something the shop refuses, in words that the caller can act on. */
export interface Refused {
  readonly refused: string;
}

export interface Shop {
  order(id: string): OrderView | Refused;
  ordersOf(customerId: string): readonly OrderView[];
  customer(idOrEmail: string): Customer | Refused;
  search(query: string, maxMinor: number | undefined, limit: number): readonly Product[];
  /** Refunds the rest of the order when `minor` is left out. */
  refund(orderId: string, minor: number | undefined, reason: string): Refund | Refused;
  deleteCustomer(id: string): Customer | Refused;
  /** The next id of a series: `pay_0001`, `pay_0002`, ... */
  nextId(prefix: string): string;
}

export const isRefused = (value: object): value is Refused => 'refused' in value;

/** `money(4999, 'GBP')` reads `{ amount: 49.99, currency: 'GBP' }`, as a payment provider's API would say it. */
export const money = (minor: number, currency: Money['currency']) => ({ amount: minor / 100, currency });

/** Minor units of an amount that was sent as a JSON number; undefined when it has more than two decimals. */
export function minorUnits(amount: number): number | undefined {
  const minor = Math.round(amount * 100);
  return Math.abs(amount * 100 - minor) < 1e-6 ? minor : undefined;
}

/** A shop with the seed data of data.ts and nothing refunded yet. */
export function openShop(): Shop {
  const refunds: Refund[] = [];
  const deleted = new Set<string>();
  const issued = new Map<string, number>();

  function nextId(prefix: string): string {
    const next = (issued.get(prefix) ?? 0) + 1;
    issued.set(prefix, next);
    return `${prefix}_${String(next).padStart(4, '0')}`;
  }

  function view(order: Order): OrderView {
    const totalMinor = order.lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice.minor, 0);
    const refundedMinor = refunds
      .filter(({ orderId }) => orderId === order.id)
      .reduce((sum, refund) => sum + refund.money.minor, 0);
    const status = refundedMinor === 0 ? order.status : refundedMinor < totalMinor ? 'partly refunded' : 'refunded';
    return { ...order, status, totalMinor, refundedMinor };
  }

  function order(id: string): OrderView | Refused {
    const found = orders.find((one) => one.id === id);
    if (!found)
      return { refused: `There is no order "${id}". Orders run from ${orders[0]!.id} to ${orders.at(-1)!.id}.` };
    return view(found);
  }

  function customer(idOrEmail: string): Customer | Refused {
    const wanted = idOrEmail.toLowerCase();
    const found = customers.find(({ id, email }) => id.toLowerCase() === wanted || email === wanted);
    if (!found || deleted.has(found.id)) return { refused: `There is no customer "${idOrEmail}".` };
    return found;
  }

  function refund(orderId: string, minor: number | undefined, reason: string): Refund | Refused {
    const found = order(orderId);
    if (isRefused(found)) return found;
    if (found.status === 'cancelled') return { refused: `Order ${orderId} was cancelled before it was paid.` };
    const left = found.totalMinor - found.refundedMinor;
    if (left === 0) return { refused: `Order ${orderId} is already refunded in full.` };
    const wanted = minor ?? left;
    if (wanted > left)
      return { refused: `Only ${(left / 100).toFixed(2)} GBP of order ${orderId} can still be refunded.` };
    const done: Refund = { id: nextId('re'), orderId, money: { minor: wanted, currency: 'GBP' }, reason };
    refunds.push(done);
    return done;
  }

  function deleteCustomer(id: string): Customer | Refused {
    const found = customer(id);
    if (!isRefused(found)) deleted.add(found.id);
    return found;
  }

  function search(query: string, maxMinor: number | undefined, limit: number): readonly Product[] {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    return products
      .filter(({ name, category }) => words.every((word) => `${name} ${category}`.toLowerCase().includes(word)))
      .filter(({ price }) => maxMinor === undefined || price.minor <= maxMinor)
      .slice(0, limit);
  }

  const ordersOf = (customerId: string) => orders.filter((one) => one.customerId === customerId).map(view);
  return { order, ordersOf, customer, search, refund, deleteCustomer, nextId };
}
