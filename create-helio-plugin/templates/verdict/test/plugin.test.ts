import { PluginTester } from '@gethelio/proxy/testing';
import { myPlugin } from '../src/index.ts';

// One row per answer that the plugin can give. The tester adds what nobody thinks of: judged alike twice, nothing left
// open, denied when something that it needs is broken.
PluginTester.run(myPlugin, {
  with: ['policy'],
  yaml: 'policies: { default: allow }',
  config: { words: ['classified'] },
  allows: [{ call: { name: 'send_mail', arguments: { text: 'Good morning' } } }],
  denies: [
    { call: { name: 'send_mail', arguments: { text: 'This is CLASSIFIED.' } }, code: 'forbidden_word' },
    {
      name: 'a word that hides deep inside',
      call: { name: 'send_mail', arguments: { parts: [{ body: 'classified' }] } },
      code: 'forbidden_word',
    },
  ],
});
