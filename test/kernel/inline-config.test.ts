/** `config:` beside `use:` is a section of the plugin's own: checked, masked, and its mistakes found where they stand. */
import { mkdtemp, rm, symlink, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inspect } from '../../kernel/inspect.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const plugin = `import { definePlugin, secret } from '@gethelio/proxy/plugin';
import { z } from 'zod';
export default definePlugin({ name: 'tea', apiVersion: 1,
  config: z.strictObject({ pots: z.int(), leaf: secret() }), register() {} });`;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helio-inline-'));
  const root = join(import.meta.dirname, '../..');
  await mkdir(join(folder, 'node_modules/@gethelio'), { recursive: true });
  await symlink(root, join(folder, 'node_modules/@gethelio/proxy'));
  await symlink(join(root, 'node_modules/zod'), join(folder, 'node_modules/zod'));
  await writeFile(join(folder, 'tea.js'), plugin);
});
afterAll(() => rm(folder, { recursive: true }));

async function load(entry: string, more = '') {
  const path = join(folder, 'helio.yaml');
  await writeFile(
    path,
    `version: '1'\nupstream: { url: 'http://127.0.0.1:9/mcp' }\nplugins:\n  - policy\n  - ${entry}\n${more}`,
  );
  const { problems, inspected } = await inspect(path, { POTS: '3' }, silent);
  const sections = inspected?.kernel.configuration().sections;
  await inspected?.close();
  return { problems, sections };
}

it('counts as the section, variables included, and keeps its secrets', async () => {
  const { problems, sections } = await load("{ use: ./tea.js, config: { pots: '${POTS}', leaf: assam-first-flush } }");
  expect(problems).toEqual([]);
  expect(sections).toMatchObject({ tea: { pots: '3', leaf: '***' } });
  expect(JSON.stringify(sections)).not.toContain('assam');
});
it('tells a mistake where it stands', async () => {
  const { problems } = await load('{ use: ./tea.js, config: { pots: many, leaf: assam } }');
  expect(problems).toMatchObject([{ place: { line: 5 } }]);
});
it('beside a section of the same plugin is an error', async () => {
  const { problems } = await load(
    '{ use: ./tea.js, config: { pots: 1, leaf: assam } }',
    'tea: { pots: 2, leaf: assam }\n',
  );
  expect(problems).toMatchObject([{ code: 'HELIO_PLUGIN_CONFIG_TWICE', path: ['plugins', 1, 'config'] }]);
});
