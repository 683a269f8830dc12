/** Refuses calls whose arguments say what they may not say. */
import { definePlugin, deny, type Json } from '@gethelio/proxy/plugin';
import { z } from 'zod';

export const myPlugin = definePlugin({
  name: 'my-plugin',
  apiVersion: 1,
  summary: 'Refuses calls whose arguments contain a forbidden word.',
  // Every key needs a description: it is what `helio plugins docs` and editors show.
  config: z
    .strictObject({
      words: z.array(z.string().min(1)).default([]).describe('Words that no text in the arguments may contain.'),
    })
    .prefault({}),
  taps: ['evaluate'], // a hook that is not named here does not exist below
  register({ config, hooks }) {
    const words = config.words.map((word) => word.toLowerCase());
    hooks.evaluate.tap(({ call }) => {
      const said = textsIn(call.arguments).map((text) => text.toLowerCase());
      const found = words.find((word) => said.some((text) => text.includes(word)));
      // Nothing to object to: say nothing. `allow` would speak for the call, and that is the policy's business.
      if (found === undefined) return undefined;
      return {
        ...deny('forbidden_word', `An argument of "${call.name}" contains "${found}".`),
        suggestion: 'Leave the word out and call again.',
        retry: { allowed: true },
      };
    });
  },
});
export default myPlugin;

/** Every text at any depth, keys included. */
function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsIn(item)]);
}
