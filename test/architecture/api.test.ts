/** The public API as a snapshot: what third parties import does not change by accident. */
import { expect, it } from 'vitest';
import * as plugin from '@gethelio/proxy/plugin';
import * as testing from '@gethelio/proxy/testing';
import { sourcesOf } from './sources.ts';

it('exports these values', async () => {
  const values = [
    ...Object.keys(plugin)
      .sort()
      .map((name) => `plugin ${name}`),
    ...Object.keys(testing)
      .sort()
      .map((name) => `testing ${name}`),
  ];
  await expect(`${values.join('\n')}\n`).toMatchFileSnapshot('./api.values.golden.txt');
});

it('declares these types', async () => {
  const { text } = sourcesOf('kernel').find(({ path }) => path === 'kernel/plugin.ts')!;
  const bare = text
    .replace(/\/\*\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/\n\s*\n/g, '\n');
  await expect(bare).toMatchFileSnapshot('./api.types.golden.txt');
});
