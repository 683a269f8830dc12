/** A day in front of the demo shop: three agents at work, with what is refused, held and paid on such a day. For pictures and tests. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

export const demoSecret = 'demo-secret-for-pictures';

/** helio.yaml of the demo: every standard plugin has something to show. */
export function demoConfig(upstreamUrl, more = '') {
  return `version: '1'
environment: production
upstream:
  name: shop
  url: '${upstreamUrl}'
listen: { port: 0 }
identity:
  agent: { header: x-helio-agent }
policies:
  default: allow
  rules:
    - name: large-payments
      match: { tool: 'create_payment', input: { '$.amount': { gt: 1000 } } }
      action: require_approval
      approval: { channel: dashboard, timeout: 900s, scopes: [once, session] }
    - name: no-deletes
      match: { tool: 'delete_*' }
      action: deny
      feedback: { message: 'Destructive operations are disabled' }
    - name: refund-needs-order
      match: { tool: 'process_refund' }
      requires: ['orders.lookup']
    - name: search-rate
      match: { tool: 'search_*' }
      action: rate_limit
      limits: { max_calls: 3, window: 1h, key: agent }
    - name: charge-limit
      match: { tool: 'stripe_charge' }
      action: spend_limit
      limits: { max_spend: { field: '$.amount', limit: 3200, currency: 'GBP', window: 24h } }
    - name: mail-outside
      match: { tool: 'send_email', not: { input: { '$.to': { ends_with: '@example.com' } } } }
      action: deny
      mode: shadow
budgets:
  - name: money-out
    limit: 10000
    currency: GBP
    window: 24h
    contributors:
      - { tool: create_payment, field: '$.amount' }
      - { tool: paypal_payout, field: '$.amount' }
dashboard: { port: 0, api_secret: '\${HELIO_DASHBOARD_SECRET}' }
sdk: { port: 0 }
${more}`;
}

export async function connectAgent(url, agent, session) {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { 'x-helio-agent': agent, 'x-helio-session-id': session } },
  });
  const client = new Client({ name: agent.split('@')[0], version: '1.4.0' });
  await client.connect(transport);
  return client;
}

const agents = [
  ['support-agent', 'support-4471'],
  ['support-agent', 'support-4472'],
  ['billing-agent', 'billing-run-18'],
  ['research-agent', 'research-7'],
];
const orders = ['A-10', 'A-11', 'A-13', 'A-14', 'A-15', 'A-16', 'A-17'];
const customers = ['C-1001', 'C-1002', 'C-1003'];
const queries = ['oak chair', 'desk lamp', 'walnut table', 'wool rug', 'reading light'];
const cities = ['Edinburgh', 'Leeds', 'Bristol', 'London'];

/** Plays 24 hours; `at` is told how far behind now the next call happens. */
export async function demoDay(url, at, calls = 260) {
  const hourMs = 3_600_000;
  const random = seeded(7);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const clients = await Promise.all(agents.map(([agent, session]) => connectAgent(url, agent, session)));
  // More by day than by night: times are drawn twice and the later one is kept.
  const times = Array.from({ length: calls }, () => Math.min(random(), random()) * 24 * hourMs).sort((a, b) => b - a);
  for (const behindMs of times) {
    at(Math.round(behindMs));
    const which = Math.floor(random() * clients.length);
    const [name, args] = nextCall(agents[which][0], pick, random);
    await clients[which].callTool({ name, arguments: args }).catch(() => undefined);
  }
  at(0);
  await Promise.all(clients.map((client) => client.close()));
}

function nextCall(agent, pick, random) {
  const roll = random();
  if (agent === 'billing-agent') {
    if (roll < 0.4)
      return [
        'stripe_charge',
        { customer_id: pick(customers), amount: Math.round(random() * 18000) / 100, currency: 'GBP' },
      ];
    if (roll < 0.7)
      return [
        'create_payment',
        {
          amount: Math.round(random() * 30000) / 100,
          currency: 'GBP',
          recipient: pick(['Northern Timber Ltd', 'Kelpie Couriers', 'Ada Okafor']),
          reference: `INV-${1000 + Math.floor(random() * 900)}`,
        },
      ];
    if (roll < 0.85)
      return [
        'paypal_payout',
        { recipient: 'bruno@example.com', amount: Math.round(random() * 9000) / 100, currency: 'GBP' },
      ];
    return ['customer.verify', { customer_id: 'C-1001', postcode: 'EH3 9DR' }];
  }
  if (agent === 'research-agent') {
    if (roll < 0.75) return ['search_products', { query: pick(queries), max_price: 400, limit: 10 }];
    return ['get_weather', { city: pick(cities) }];
  }
  if (roll < 0.35) return ['orders.lookup', { order_id: pick(orders) }];
  if (roll < 0.55) return ['customer.verify', { customer_id: 'C-1002', postcode: 'M1 4BT' }];
  if (roll < 0.68) return ['process_refund', { order_id: pick(orders), amount: 12.5, reason: 'arrived damaged' }];
  if (roll < 0.85)
    return [
      'send_email',
      {
        to: pick(['ada@example.com', 'chiara@example.com', 'press@outside.test']),
        subject: 'Your order',
        body: 'Thank you for your patience. Your refund is on its way.',
      },
    ];
  if (roll < 0.93) return ['delete_account', { customer_id: pick(customers) }];
  return ['search_products', { query: pick(queries), limit: 5 }];
}

/** Calls that wait for a person, kept open until `stop`. */
export async function demoWaiting(url) {
  const billing = await connectAgent(url, 'billing-agent', 'billing-run-18');
  const support = await connectAgent(url, 'support-agent', 'support-4471');
  const stop = new AbortController();
  const ask = (client, args) =>
    client
      .callTool({ name: 'create_payment', arguments: args }, undefined, { signal: stop.signal, timeout: 900_000 })
      .catch(() => undefined);
  void ask(billing, { amount: 2400, currency: 'GBP', recipient: 'Northern Timber Ltd', reference: 'INV-1881' });
  await settle();
  void ask(support, { amount: 1180.5, currency: 'GBP', recipient: 'Ada Okafor', reference: 'goodwill, order A-17' });
  await settle();
  void ask(billing, { amount: 1999.99, currency: 'GBP', recipient: 'Kelpie Couriers', reference: 'INV-1907' });
  await settle();
  return {
    async stop() {
      stop.abort();
      await Promise.all([billing.close(), support.close()]);
    },
  };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 400));

/** The same day on every machine (mulberry32). */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
