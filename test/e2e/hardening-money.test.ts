/** Limits, pots and evidence hold under parallel calls, through one process and through two on one state store alike. */
import { afterEach, describe, expect, it } from 'vitest';
import { setStage, tally, type Stage } from '../fixtures/stage.ts';

let stage: Stage;
afterEach(() => stage.stop());

/** 200 calls at once, spread over the processes. */
const flood = (call: (index: number) => Promise<string>) =>
  Promise.all(Array.from({ length: 200 }, (_, index) => call(index)));

describe.each([1, 2])('with %i process(es) on one store, of 200 parallel calls', (processes) => {
  it('exactly as many are sent as the rate limit lets', async () => {
    stage = await setStage(
      `plugins: [policy, state-sqlite, rate-limits, feedback]
policies:
  default: allow
  rules:
    - match: { tool: echo }
      action: rate_limit
      limits: { max_calls: 37, window: 1h, key: tool }
`,
      { processes },
    );
    const told = await flood((index) => stage.reason('echo', { index }, { through: index }));
    expect(tally(told)).toEqual({ sent: 37, rate_limited: 163 });
    expect(stage.upstream.calls()).toHaveLength(37);
  });

  it('exactly those payments are sent that fit, to the penny', async () => {
    stage = await setStage(
      `plugins: [policy, state-sqlite, spend-limits, budgets, feedback]
policies:
  default: allow
  rules:
    - match: { tool: echo }
      action: spend_limit
      limits: { max_spend: { field: '$.amount', limit: 6.3, currency: GBP, window: 24h } }
budgets:
  - { name: all, limit: 100, currency: GBP, window: 24h, contributors: [{ tool: '*', field: '$.amount' }] }
`,
      { processes },
    );
    const told = await flood((index) => stage.reason('echo', { amount: 0.1 }, { through: index }));
    expect(tally(told)).toEqual({ sent: 63, spend_limited: 137 });
    expect(stage.upstream.calls()).toHaveLength(63);
  });

  it('two tools empty one pot exactly, and what the second pot refuses the first one does not keep', async () => {
    stage = await setStage(
      `plugins: [policy, state-sqlite, operator, budgets, feedback]
policies: { default: allow }
budgets:
  - { name: all, limit: 10, window: day, contributors: [{ tool: '*', field: '$.amount' }] }
  - { name: cards, limit: 2.5, window: day, contributors: [{ tool: 'create_*', field: '$.amount' }] }
`,
      { processes },
    );
    const told = await flood((index) =>
      stage.reason(index % 4 < 2 ? 'create_payment' : 'echo', { amount: 0.25 }, { through: index }),
    );
    // 10 of create_payment fill "cards" (2.5); 30 of echo fill what is left of "all" (7.5).
    expect(tally(told)).toEqual({ sent: 40, budget_exceeded: 160 });
    const sent = stage.upstream.calls().map(({ message }) => message.params.name as string);
    expect(tally(sent)).toEqual({ create_payment: 10, echo: 30 });
    const { budgets } = await stage.operator('GET', '/api/budgets');
    expect(budgets.map((pot: any) => [pot.name, pot.keys[0].used, pot.keys[0].entries])).toEqual([
      ['all', '10', 40],
      ['cards', '2.5', 10],
    ]);
  });

  it('one refund goes on one lookup that may be used once', async () => {
    stage = await setStage(
      `plugins: [policy, identity, state-sqlite, evidence, feedback]
policies:
  default: allow
  rules:
    - match: { tool: process_refund }
      evidence: { requires: [{ name: orders.lookup, single_use: true }] }
`,
      { processes },
    );
    const headers = { 'x-helio-session-id': 'shift-1' };
    for (const through of [0, 1]) {
      expect(await stage.reason('orders.lookup', { order_id: `A-${through}` }, { headers })).toBe('sent');
    }
    const told = await flood((index) => stage.reason('process_refund', { index }, { through: index, headers }));
    const refunds = stage.upstream.calls().filter(({ message }) => message.params.name === 'process_refund');
    expect(refunds).toHaveLength(1);
    expect(tally(told)).toEqual({ sent: 1, evidence_missing: 199 });
  });
});
