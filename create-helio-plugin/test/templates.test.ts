/** Every template is a plugin that works as it lies there: its own tests run here, with the name left as my-plugin. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kinds } from '../src/kinds.ts';
import { ranges } from '../src/versions.ts';

const templates = join(import.meta.dirname, '../templates');

describe.each(kinds)('the template $name', async ({ name }) => {
  await import(join(templates, name, 'test/plugin.test.ts'));
});

describe('the panel that any kind can have', async () => {
  await import(join(templates, 'panel/test/panel.test.ts'));
});

it('there is a folder for every kind, and a kind for every folder', () => {
  expect(readdirSync(templates).sort()).toEqual([...kinds.map(({ name }) => name), 'panel', 'shared'].sort());
});

it('depends on the versions that this repository runs', () => {
  const own = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  const running = { [own.name]: own.version, ...own.devDependencies, ...own.dependencies };
  expect(ranges).toEqual(
    Object.fromEntries(Object.keys(ranges).map((name) => [name, `^${String(running[name]).replace('^', '')}`])),
  );
});

it('the store that a state-store begins with is the one of Helio itself', () => {
  for (const file of ['store.ts', 'buckets.ts', 'documents.ts']) {
    const [own, standard] = [join(templates, 'state-store/src', file), `plugins/state-memory/${file}`];
    expect(readFileSync(own, 'utf8')).toBe(readFileSync(join(import.meta.dirname, '../..', standard), 'utf8'));
  }
});
