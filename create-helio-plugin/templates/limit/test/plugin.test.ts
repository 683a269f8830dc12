import { notSent, PluginTester, testPlugin } from '@gethelio/proxy/testing';
import { expect, it } from 'vitest';
import { myPlugin } from '../src/index.ts';

const setting = {
  with: ['policy', 'identity'],
  yaml: 'policies: { default: allow }',
  config: { max_calls: 2, window: '1h' },
};
const call = { name: 'search', session: 's-1' };

PluginTester.run(myPlugin, {
  ...setting,
  allows: [
    { call },
    { name: 'the last one', call, before: async (test) => void (await test.call(call)) },
    {
      name: 'another session',
      call: { ...call, session: 's-2' },
      before: async (test) => void (await test.call(call), await test.call(call)),
    },
  ],
  denies: [
    {
      name: 'one too many',
      call,
      code: 'too_many_calls',
      before: async (test) => void (await test.call(call), await test.call(call)),
    },
  ],
});

it('lets exactly so many of parallel calls through', async () => {
  const test = await testPlugin(myPlugin, setting);
  const told = await Promise.all(Array.from({ length: 10 }, () => test.call(call)));
  expect(told.filter(({ outcome }) => outcome === 'forwarded')).toHaveLength(2);
  expect(test.upstream.received).toHaveLength(2);
  await test.stop();
});

it('gives back what a call took that never reached the upstream', async () => {
  const test = await testPlugin(myPlugin, setting);
  test.upstream.answers('search', notSent);
  for (let number = 0; number < 5; number += 1) await test.call(call);
  test.upstream.answers('search', { content: [] });
  expect((await test.call(call)).outcome).toBe('forwarded');
  await test.stop();
});

it('has room again when the window has passed', async () => {
  const test = await testPlugin(myPlugin, setting);
  for (let number = 0; number < 3; number += 1) await test.call(call);
  test.clock.advance(3_600_000);
  expect((await test.call(call)).outcome).toBe('forwarded');
  await test.stop();
});
