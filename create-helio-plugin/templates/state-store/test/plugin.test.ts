import { stateStoreContract, testPlugin } from '@gethelio/proxy/testing';
import { expect, it } from 'vitest';
import { myPlugin } from '../src/index.ts';
import { createMemoryStore } from '../src/store.ts';

// Hundreds of cases, written and random, against a model: limits exact, refusals whole, documents versioned. With a store
// that several processes share, add `another` to what is returned here, and `{ severalDoors: true }` after it.
stateStoreContract(({ nowMs, maxBuckets }) => ({
  ...createMemoryStore({ nowMs, maxBucketsPerFamily: maxBuckets }),
  close: () => undefined,
}));

it('counts for the plugins of Helio', async () => {
  const test = await testPlugin(myPlugin, {
    with: ['policy', 'rate-limits'],
    yaml: `policies:
  default: allow
  rules:
    - { match: { tool: search }, action: rate_limit, limits: { max_calls: 1, window: 1h, key: tool } }`,
  });
  expect((await test.call('search')).outcome).toBe('forwarded');
  expect((await test.call('search')).code).toBe('rate_limited');
  await test.stop();
});
