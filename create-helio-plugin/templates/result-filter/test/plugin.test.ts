import { PluginTester, testPlugin, text } from '@gethelio/proxy/testing';
import { expect, it } from 'vitest';
import { myPlugin } from '../src/index.ts';

const setting = { with: ['policy'], yaml: 'policies: { default: allow }' };

PluginTester.run(myPlugin, {
  ...setting,
  allows: [
    {
      name: 'an answer with an address',
      call: 'find_customer',
      before: (test) => test.upstream.answers('find_customer', text('Ada <ada@example.com>, Leeds')),
      check: (told) => expect(told.text).toBe('Ada <[e-mail]>, Leeds'),
    },
    {
      name: 'an answer without one, byte for byte',
      call: 'find_order',
      before: (test) => test.upstream.answers('find_order', text('A-17')),
      check: (told) => expect(told.final.kind).toBe('as_landed'),
    },
  ],
});

it('masks structured content too', async () => {
  const test = await testPlugin(myPlugin, { ...setting, config: { mask: '***' } });
  test.upstream.answers('find', { content: [], structuredContent: { people: [{ mail: 'ada@example.com' }] } });
  const { answer } = await test.call('find');
  expect(answer?.value()).toMatchObject({ structuredContent: { people: [{ mail: '***' }] } });
  await test.stop();
});
