/** The shop's seed data: the same on every start, so that a walk-through reads the same on every machine. */

/** Money is kept in minor units (pence, cents): 4999 is 49.99. */
export interface Money {
  readonly minor: number;
  readonly currency: 'GBP' | 'EUR' | 'USD';
}
export interface Customer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly postcode: string;
  readonly since: string;
}
export interface Product {
  readonly sku: string;
  readonly name: string;
  readonly category: string;
  readonly price: Money;
  readonly stock: number;
}
export interface OrderLine {
  readonly sku: string;
  readonly quantity: number;
  readonly unitPrice: Money;
}
export interface Order {
  readonly id: string;
  readonly customerId: string;
  readonly placedOn: string;
  readonly status: 'paid' | 'shipped' | 'delivered' | 'cancelled';
  readonly lines: readonly OrderLine[];
}

const gbp = (minor: number): Money => ({ minor, currency: 'GBP' });

export const customers: readonly Customer[] = [
  { id: 'C-1001', name: 'Ada Okafor', email: 'ada@example.com', postcode: 'EH3 9DR', since: '2023-03-14' },
  { id: 'C-1002', name: 'Bruno Keller', email: 'bruno@example.com', postcode: 'M1 4BT', since: '2021-11-02' },
  { id: 'C-1003', name: 'Chiara Rossi', email: 'chiara@example.com', postcode: 'BS1 5UH', since: '2024-06-21' },
  { id: 'C-1004', name: 'Dev Patel', email: 'dev@example.com', postcode: 'LS2 7EW', since: '2022-08-30' },
  { id: 'C-1005', name: 'Elin Sundberg', email: 'elin@example.com', postcode: 'CF10 1EP', since: '2025-01-09' },
  { id: 'C-1006', name: 'Farid Haddad', email: 'farid@example.com', postcode: 'N1 9GU', since: '2020-02-17' },
];

export const products: readonly Product[] = [
  { sku: 'LAMP-01', name: 'Brass desk lamp', category: 'lighting', price: gbp(6450), stock: 18 },
  { sku: 'LAMP-02', name: 'Clip-on reading lamp', category: 'lighting', price: gbp(2200), stock: 64 },
  { sku: 'CHAIR-01', name: 'Oak dining chair', category: 'furniture', price: gbp(12900), stock: 12 },
  { sku: 'CHAIR-02', name: 'Folding garden chair', category: 'furniture', price: gbp(3950), stock: 41 },
  { sku: 'DESK-01', name: 'Standing desk, walnut', category: 'furniture', price: gbp(48900), stock: 4 },
  { sku: 'MUG-01', name: 'Stoneware mug', category: 'kitchen', price: gbp(1250), stock: 210 },
  { sku: 'KETTLE-01', name: 'Gooseneck kettle', category: 'kitchen', price: gbp(8400), stock: 9 },
  { sku: 'GRIND-01', name: 'Hand coffee grinder', category: 'kitchen', price: gbp(5675), stock: 27 },
  { sku: 'THROW-01', name: 'Merino throw', category: 'textiles', price: gbp(9900), stock: 15 },
  { sku: 'RUG-01', name: 'Hand-woven rug, 160 x 230', category: 'textiles', price: gbp(27500), stock: 3 },
  { sku: 'NOTE-01', name: 'Dotted notebook', category: 'stationery', price: gbp(890), stock: 320 },
  { sku: 'PEN-01', name: 'Fountain pen, fine', category: 'stationery', price: gbp(3400), stock: 36 },
];

const line = (sku: string, quantity: number, minor: number): OrderLine => ({ sku, quantity, unitPrice: gbp(minor) });

export const orders: readonly Order[] = [
  {
    id: 'A-10',
    customerId: 'C-1002',
    placedOn: '2026-09-28',
    status: 'delivered',
    lines: [line('CHAIR-01', 4, 12900)],
  },
  { id: 'A-11', customerId: 'C-1006', placedOn: '2026-10-01', status: 'delivered', lines: [line('DESK-01', 1, 48900)] },
  { id: 'A-12', customerId: 'C-1001', placedOn: '2026-10-04', status: 'cancelled', lines: [line('RUG-01', 1, 27500)] },
  {
    id: 'A-13',
    customerId: 'C-1003',
    placedOn: '2026-10-09',
    status: 'delivered',
    lines: [line('MUG-01', 6, 1250), line('KETTLE-01', 1, 8400)],
  },
  { id: 'A-14', customerId: 'C-1004', placedOn: '2026-10-15', status: 'shipped', lines: [line('PEN-01', 2, 3400)] },
  { id: 'A-15', customerId: 'C-1005', placedOn: '2026-10-19', status: 'shipped', lines: [line('THROW-01', 1, 9900)] },
  {
    id: 'A-16',
    customerId: 'C-1002',
    placedOn: '2026-10-22',
    status: 'paid',
    lines: [line('NOTE-01', 10, 890), line('LAMP-02', 1, 2200)],
  },
  { id: 'A-17', customerId: 'C-1001', placedOn: '2026-10-24', status: 'delivered', lines: [line('LAMP-01', 2, 6450)] },
];
