import { PluginTester, text, type PluginTest } from '@gethelio/proxy/testing';
import { evidence } from '../index.ts';
import { policyTests } from './refund.ts';

const { simple, bound, order } = policyTests;
const refund = (args: { order_id: string; amount: number }, session: string | undefined = 's1') => ({
  name: 'process_refund',
  arguments: args,
  ...(session && { session }),
});
async function lookedUp(test: PluginTest, session = 's1'): Promise<void> {
  test.upstream.answers('orders.lookup', (args) =>
    text('found', { structuredContent: order(args['order_id'] as string) }),
  );
  await test.call({ name: 'orders.lookup', arguments: { order_id: 'A-17' }, session });
}
const shadow = simple.replace('action: deny', 'action: deny\n      mode: shadow');

PluginTester.run(evidence, {
  with: ['policy', 'identity', 'feedback'],
  yaml: bound,
  secrets: ['jane@example.com'],
  allows: [
    { name: 'a call that no rule speaks about', call: 'get_weather' },
    {
      name: 'a refund of the order that was looked up',
      call: refund({ order_id: 'A-17', amount: 40 }),
      before: lookedUp,
    },
    {
      name: 'a refund without evidence, under a rule that only watches',
      yaml: shadow,
      call: refund({ order_id: 'A-17', amount: 5 }),
    },
  ],
  denies: [
    {
      name: 'a refund of an order that nobody looked up',
      call: refund({ order_id: 'A-17', amount: 5 }),
      code: 'evidence_missing',
    },
    {
      name: 'a refund on what another session looked up',
      call: refund({ order_id: 'A-17', amount: 5 }),
      before: (test) => lookedUp(test, 's2'),
      code: 'evidence_missing',
    },
    {
      name: 'a refund of another order',
      call: refund({ order_id: 'B-42', amount: 5 }),
      before: lookedUp,
      code: 'evidence_mismatch',
    },
    {
      name: 'a refund of more than the total, by a tenth of a cent',
      call: refund({ order_id: 'A-17', amount: 40.001 }),
      before: lookedUp,
      code: 'evidence_mismatch',
    },
    {
      name: 'a refund on a lookup that is too old',
      call: refund({ order_id: 'A-17', amount: 5 }),
      before: async (test) => {
        await lookedUp(test);
        test.clock.advance(601_000);
      },
      code: 'evidence_expired',
    },
    {
      name: 'a call that belongs to no session',
      call: refund({ order_id: 'A-17', amount: 5 }, ''),
      code: 'session_unresolved',
    },
  ],
});
