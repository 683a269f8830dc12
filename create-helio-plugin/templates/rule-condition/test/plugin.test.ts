import { PluginTester, testPlugin } from '@gethelio/proxy/testing';
import { expect, it } from 'vitest';
import { myPlugin } from '../src/index.ts';

const rule = `
policies:
  default: allow
  rules:
    - match: { tool: send_mail, my_plugin: { longer_than: 10 } }
      action: deny`;

PluginTester.run(myPlugin, {
  with: ['policy'],
  yaml: rule,
  allows: [
    { call: { name: 'send_mail', arguments: { text: 'short' } } },
    { name: 'another tool', call: { name: 'echo', arguments: { text: 'quite a bit longer' } } },
  ],
  denies: [{ call: { name: 'send_mail', arguments: { text: 'quite a bit longer' } }, code: 'policy_denied' }],
});

it('refuses to start with a condition that it does not know', async () => {
  const mistyped = testPlugin(myPlugin, { with: ['policy'], yaml: rule.replace('longer_than', 'longer_then') });
  await expect(mistyped).rejects.toThrow(/longer_then/);
});
