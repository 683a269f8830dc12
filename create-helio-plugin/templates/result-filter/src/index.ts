/** Masks e-mail addresses in what tools answer, before the client reads it. */
import { definePlugin, resultAnswer, type Answer, type Json, type JsonObject } from '@gethelio/proxy/plugin';
import { z } from 'zod';

// One pass, no nested repetition: a hostile answer must not cost more than its length.
const address = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g;

export const myPlugin = definePlugin({
  name: 'my-plugin',
  apiVersion: 1,
  summary: 'Masks e-mail addresses in results.',
  config: z
    .strictObject({
      mask: z.string().min(1).default('[e-mail]').describe('What stands in the place of an address.'),
    })
    .prefault({}),
  taps: ['afterResponse'],
  register({ config, hooks }) {
    const masked = (value: Json): Json => {
      if (typeof value === 'string') return value.replace(address, config.mask);
      if (typeof value !== 'object' || value === null) return value;
      if (Array.isArray(value)) return value.map(masked);
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item as Json)]));
    };
    // `redact` comes before `annotate`: nobody after it sees what was taken out. The audit keeps what the client got.
    hooks.afterResponse.tap({ stage: 'redact' }, (answer): Answer | void => {
      // Results only: an error has no content, and lists of tools (`kind: 'list'`) come through here too.
      if (answer.kind !== 'result') return;
      const before = answer.value() as JsonObject;
      const after = masked(before) as JsonObject;
      // Unchanged answers pass byte for byte. A made one is written anew: very large numbers may lose digits.
      if (JSON.stringify(after) !== JSON.stringify(before)) return resultAnswer(after);
    });
  },
});
export default myPlugin;
