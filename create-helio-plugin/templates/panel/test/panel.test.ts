import { definePlugin } from '@gethelio/proxy/plugin';
import { testPlugin } from '@gethelio/proxy/testing';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { addPanel } from '../src/panel.ts';

const secret = 'operator-secret-of-the-test';
const plugin = definePlugin({
  name: 'my-plugin',
  apiVersion: 1,
  config: z.strictObject({}).prefault({}),
  taps: ['evaluate'],
  register(api) {
    addPanel(api);
    api.hooks.evaluate.tap(() => undefined);
  },
});

it('tells its card what it did, for people who are logged in', async () => {
  const test = await testPlugin(plugin, {
    with: ['policy', 'operator', 'dashboard'],
    yaml: `policies: { default: allow }
dashboard: { port: 0, api_secret: '${secret}' }`,
  });
  await test.call('echo');
  const ask = (path: string, headers = {}) => fetch(`${test.url('dashboard')}${path}`, { headers });
  const loggedIn = { authorization: `Bearer ${secret}` };

  expect((await ask('/api/plugins/my-plugin/panel')).status).toBe(401);
  const answer = await ask('/api/plugins/my-plugin/panel', loggedIn);
  expect(await answer.json()).toEqual({ calls: 1, failures: 0, lastFailure: null });
  const module = await ask('/plugins/my-plugin/card.js', loggedIn);
  expect(await module.text()).toContain("customElements.define('my-plugin-card'");
  await test.stop();
});
