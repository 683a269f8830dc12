/** A Helio in a process of its own, to be killed: calls a tool over and over and says what was sent and what was answered. */
import { writeSync } from 'node:fs';
import { testPlugin } from '@gethelio/proxy/testing';
import { audit } from '../index.ts';
import { gate } from './kit.ts';

const [folder, name] = process.argv.slice(2) as [string, string];
const say = (line: string) => writeSync(1, `${line}\n`); // synchronous: what is said was said, whatever comes next
const helio = await testPlugin(audit, { folder, with: ['state-sqlite'], plugins: [gate] });
helio.upstream.answers('create_payment', async (args) => {
  say(`reached ${String(args['n'])}`);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
  return { content: [{ type: 'text', text: 'done' }] };
});
let calls = 0;
await Promise.all(
  Array.from({ length: 16 }, async () => {
    for (;;) {
      const n = `${name}-${(calls += 1)}`;
      await helio.call({ name: 'create_payment', arguments: { n } });
      say(`answered ${n}`);
    }
  }),
);
