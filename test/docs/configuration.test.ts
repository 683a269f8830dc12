/** docs/reference/configuration.md and helio.schema.json are what the schemas say. `npx vitest run test/docs -u` writes them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { composeJsonSchema } from '../../kernel/config/json-schema.ts';
import { configurationPage } from '../../kernel/config/reference.ts';
import { sectionOf, type Generation } from '../../kernel/generation.ts';
import { inspectOrThrow, type Inspected } from '../../kernel/inspect.ts';
import { createLog } from '../../kernel/log.ts';
import { readStandardPlugins } from '../../kernel/plugins/standard.ts';

const root = new URL('../../', import.meta.url).pathname;
let dir: string;
let inspected: Inspected;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'helio-docs-'));
  const names = (await readStandardPlugins()).map(({ name }) => name).filter((name) => name !== 'state-memory');
  const yaml = `version: '1'\nupstream: { url: 'http://127.0.0.1:9/mcp' }\nplugins: ${JSON.stringify(names)}\npolicies: { default: allow }\n`;
  writeFileSync(join(dir, 'helio.yaml'), yaml);
  inspected = await inspectOrThrow(
    join(dir, 'helio.yaml'),
    { HELIO_DASHBOARD_SECRET: 'a-long-enough-secret-for-this' },
    createLog({ level: 'silent' }),
  );
});
afterAll(async () => {
  await inspected?.close();
  rmSync(dir, { recursive: true, force: true });
});

it('docs/reference/configuration.md has every section of the kernel and of the standard plugins', async () => {
  await expect(configurationPage(sectionsOf(inspected.generation))).toMatchFileSnapshot(
    join(root, 'docs/reference/configuration.md'),
  );
});

it('helio.schema.json is the schema of the standard set', async () => {
  const text = `${JSON.stringify(composeJsonSchema(inspected.generation.schemas), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot(join(root, 'helio.schema.json'));
});

it('every key says what it is for', () => {
  const silent = configurationPage(sectionsOf(inspected.generation))
    .split('\n')
    .filter((line) => /^\| `[^`]*[^\]`>]` \|.*\|  \|$/.test(line));
  expect(silent).toEqual([]);
});

function sectionsOf({ schemas, plugins }: Generation) {
  const owners = new Map(plugins.map(({ plugin }) => [sectionOf(plugin.definition), plugin.definition.name]));
  return [...schemas].map(([name, schema]) => ({ name, schema, owner: owners.get(name) ?? 'kernel' }));
}
