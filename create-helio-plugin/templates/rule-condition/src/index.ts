/** A key of `match:` that tells long arguments from short ones: `my_plugin: { longer_than: 100 }`. */
import { definePlugin, type Json } from '@gethelio/proxy/plugin';
import { ruleCondition } from '@gethelio/proxy/contracts/policy';
import { z } from 'zod';

const condition = z.strictObject({
  longer_than: z.int().min(0).describe('Holds when any text in the arguments has more characters than this.'),
});

export const myPlugin = definePlugin({
  name: 'my-plugin',
  apiVersion: 1,
  summary: 'Gives rules the condition my_plugin: how long the texts of a call are.',
  config: z.strictObject({}).prefault({}),
  register({ contribute }) {
    contribute(ruleCondition, {
      key: 'my_plugin',
      summary: 'How long the texts in the arguments are.',
      schema: condition,
      // Once per rule, when helio.yaml is read: prepare here what every call needs.
      compile:
        ({ longer_than: most }) =>
        ({ call, note }) => {
          const longest = Math.max(0, ...textsIn(call.arguments).map((text) => [...text].length));
          note(`the longest text has ${longest} characters`); // what `helio explain` shows
          // Return undefined where it cannot be judged: Helio then takes the side that restricts.
          return longest > most;
        },
    });
  },
});
export default myPlugin;

/** Every text at any depth. */
function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
