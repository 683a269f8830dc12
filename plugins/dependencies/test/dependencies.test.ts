import { notSent, PluginTester, testPlugin, text, type PluginTest } from '@gethelio/proxy/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { dependencies } from '../index.ts';

const refund = { name: 'process_refund', arguments: { order_id: 'A-17' }, session: 's1' };
const rules = (requires: string) => `
policies:
  default: allow
  rules:
    - match: { tool: process_refund }
      requires: ${requires}
`;
const both = rules("['orders.lookup', 'customer.verify']");
const beside = ['policy', 'identity', 'feedback'];

let test: PluginTest;
const start = async (yaml: string) => (test = await testPlugin(dependencies, { with: beside, yaml }));
const call = (name: string, session = 's1') => test.call({ name, session });

describe('a rule with requires', () => {
  afterEach(() => test.stop());

  it('names every call that is missing, and lets the call go when all have succeeded', async () => {
    await start(both);
    expect(await test.call(refund)).toMatchObject({
      code: 'dependency_missing',
      feedback: { missing_dependencies: ['orders.lookup', 'customer.verify'] },
    });
    await call('orders.lookup');
    expect(await test.call(refund)).toMatchObject({ feedback: { missing_dependencies: ['customer.verify'] } });
    await call('customer.verify');
    expect((await test.call(refund)).outcome).toBe('forwarded');
  });

  it('counts neither failures nor isError nor another session', async () => {
    await start(rules("['orders.lookup']"));
    test.upstream.answers('orders.lookup', text('no', { isError: true }));
    await call('orders.lookup');
    test.upstream.answers('orders.lookup', notSent);
    await call('orders.lookup');
    test.upstream.answers('orders.lookup', text('ok'));
    await call('orders.lookup', 's2');
    expect((await test.call(refund)).code).toBe('dependency_missing');
  });

  it('is not taken back by a later failure', async () => {
    await start(rules("['orders.lookup']"));
    await call('orders.lookup');
    test.upstream.answers('orders.lookup', text('no', { isError: true }));
    await call('orders.lookup');
    expect((await test.call(refund)).outcome).toBe('forwarded');
  });

  it('counts attempts when success is not asked for', async () => {
    await start(rules("{ tools: ['orders.lookup'], requires_success: false }"));
    test.upstream.answers('orders.lookup', text('no', { isError: true }));
    await call('orders.lookup');
    expect((await test.call(refund)).outcome).toBe('forwarded');
  });

  it('forgets what is longer ago than within', async () => {
    await start(rules("{ tools: ['orders.lookup'], within: 1m }"));
    await call('orders.lookup');
    test.clock.advance(61_000);
    expect((await test.call(refund)).code).toBe('dependency_missing');
  });

  it('insists on the order when it is strict', async () => {
    await start(rules("{ tools: ['orders.lookup', 'customer.verify'], order: strict }"));
    await call('customer.verify');
    await call('orders.lookup');
    expect(await test.call(refund)).toMatchObject({ code: 'dependency_missing', feedback: { out_of_order: true } });
    await call('customer.verify');
    expect((await test.call(refund)).outcome).toBe('forwarded');
  });

  it('denies a call that belongs to no session', async () => {
    await start(both);
    expect((await test.call({ name: 'process_refund' })).code).toBe('session_unresolved');
  });
});

PluginTester.run(dependencies, {
  with: beside,
  yaml: both,
  allows: [
    { name: 'a call that no rule names', call: { name: 'echo', session: 's1' } },
    {
      name: 'a call whose prerequisites have succeeded',
      call: refund,
      before: async (running) => {
        await running.call({ name: 'orders.lookup', session: 's1' });
        await running.call({ name: 'customer.verify', session: 's1' });
      },
    },
  ],
  denies: [{ name: 'a call whose prerequisites are missing', call: refund, code: 'dependency_missing' }],
});
