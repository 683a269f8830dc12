import { PluginTester, testPlugin } from '@gethelio/proxy/testing';
import { expect, it } from 'vitest';
import { myPlugin } from '../src/index.ts';

const secret = 'operator-secret-of-the-test';
const setting = {
  with: ['policy', 'operator', 'audit', 'dashboard'],
  yaml: `policies: { default: allow }
dashboard: { port: 0, api_secret: '${secret}' }`,
};

PluginTester.run(myPlugin, { ...setting, allows: [{ call: 'echo' }], secrets: [secret] });

it('counts calls for its card, for people who are logged in', async () => {
  const test = await testPlugin(myPlugin, setting);
  await test.call('echo');
  await test.call('echo');
  await test.call('search');
  const ask = (path: string, headers = {}) => fetch(`${test.url('dashboard')}${path}`, { headers });
  const loggedIn = { authorization: `Bearer ${secret}` };

  expect((await ask('/api/plugins/my-plugin/counts')).status).toBe(401);
  const answer = await ask('/api/plugins/my-plugin/counts', loggedIn);
  expect(await answer.json()).toEqual({
    counts: [
      { tool: 'echo', calls: 2 },
      { tool: 'search', calls: 1 },
    ],
  });
  const module = await ask('/plugins/my-plugin/card.js', loggedIn);
  expect(await module.text()).toContain("customElements.define('my-plugin-card'");
  await test.stop();
});
