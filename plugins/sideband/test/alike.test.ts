/** One pipeline, two ways in: what an MCP client is told, an adapter is told. */
import { afterEach, expect, it } from 'vitest';
import { desk, type Desk } from './desk.ts';

const tests: Desk[] = [];
afterEach(() => Promise.all(tests.splice(0).map((test) => test.stop())));

const options = {
  with: [
    ...['policy', 'identity', 'feedback', 'evidence', 'dependencies', 'rate-limits', 'spend-limits', 'budgets'],
    ...['dry-run', 'operator', 'approvals', 'approvals-dashboard', 'state-sqlite'],
  ],
  yaml: `
dashboard: { port: 0, api_secret: an-operator-secret-for-tests }
approval: { wait: 1ms, max_pending: 10000 }
policies:
  default: allow
  rules:
    - match: { tool: 'delete_*' }
      action: deny
    - match: { tool: process_refund }
      action: deny
      evidence: { requires: ['orders.lookup'] }
    - match: { tool: ship }
      requires: ['orders.lookup', 'customer.verify']
    - match: { tool: 'search_*' }
      action: rate_limit
      limits: { max_calls: 5, window: 1h, key: session }
    - match: { tool: create_payment }
      action: spend_limit
      limits: { max_spend: { field: '$.amount', limit: 300, currency: GBP, window: 24h, key: session } }
    - match: { tool: create_payment, input: { '$.amount': { gt: 10 } } }
      action: require_approval
    - match: { tool: preview }
      action: dry_run
`,
};

const tools = [
  'orders.lookup',
  'customer.verify',
  'process_refund',
  'ship',
  'search_web',
  'create_payment',
  'preview',
  'delete_account',
];
interface Made {
  readonly name: string;
  readonly session: string;
  readonly arguments: { readonly order_id: string; readonly amount: number; readonly kind: string };
}

/** The same calls in every run. */
function generated(count: number): readonly Made[] {
  let seed = 20261122;
  const next = (most: number): number => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * most);
  };
  return Array.from({ length: count }, () => ({
    name: tools[next(tools.length)]!,
    session: `session-${next(12)}`,
    arguments: { order_id: `A-${next(3)}`, amount: 5 + next(45), kind: 'ab'[next(2)]! },
  }));
}

it('400 generated calls are decided alike over MCP and over the adapter', { timeout: 120_000 }, async () => {
  const [mcp, adapter] = [await desk(options), await desk(options)];
  tests.push(mcp, adapter);
  const effects = new Map<string, number>();
  for (const [index, call] of generated(400).entries()) {
    const told = await mcp.call(call);
    const { body } = await adapter.ask('POST', '/evaluate', {
      session_id: call.session,
      tool_name: call.name,
      arguments: call.arguments,
    });
    if (body.allowed)
      await adapter.ask('POST', '/audit', { evaluation_id: body.evaluation_id, status: 'success', result: 'ok' });
    const effect = told.outcome === 'forwarded' ? 'allow' : told.outcome === 'pending' ? 'hold' : told.effect;
    expect([index, call, body.decision, body.feedback?.reason]).toEqual([
      index,
      call,
      effect,
      told.feedback?.['reason'],
    ]);
    effects.set(effect, (effects.get(effect) ?? 0) + 1);
  }
  for (const effect of ['allow', 'hold', 'simulate', 'deny'])
    expect(effects.get(effect), effect).toBeGreaterThanOrEqual(20);
});
