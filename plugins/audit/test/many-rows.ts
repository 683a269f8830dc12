/** Believable rows, as many as wanted, for queries and the benchmark. */
import { newRow } from './rows.ts';
import type { NewRow } from '../store/row.ts';

const tools = [
  'create_payment',
  'stripe_charge',
  'stripe_refund',
  'paypal_payout',
  'get_weather',
  'search_products',
  'orders.lookup',
  'send_email',
  'delete_account',
  'echo',
];
export const firstAtMs = Date.UTC(2026, 0, 1);

export function manyRow(index: number, everyMs = 7_000): NewRow {
  const tool = tools[index % tools.length]!;
  const denied = index % 23 === 0;
  return newRow({
    id: `${(firstAtMs + index).toString(16).padStart(12, '0')}-${index.toString(16).padStart(8, '0')}`,
    at: firstAtMs + index * everyMs,
    tool,
    session: `s-${Math.floor(index / 50) % 2_000}`,
    agent: `agent-${index % 12}`,
    rule: denied ? `rule-${index % 9}` : null,
    code: denied ? 'policy_denied' : 'allowed',
    effect: denied ? 'deny' : 'allow',
    outcome: denied ? 'denied' : 'forwarded',
    upstream_us: index % 400 === 0 ? 2_000_000 : 1_200,
    total_us: index % 400 === 0 ? 2_000_300 : 1_500,
    arguments: JSON.stringify({
      amount: (index * 7919) % 10_000,
      order: `A-${index % 5_000}`,
      note: 'for services rendered',
    }),
    detail: JSON.stringify({
      reason: denied ? 'This rule closes the tool.' : 'The default allows it.',
      verdicts: [{ plugin: 'policy', effect: denied ? 'deny' : 'allow', code: 'x' }],
    }),
    answer: Buffer.from(`{"content":[{"type":"text","text":"order A-${index % 5_000} is done"}]}`),
  });
}
