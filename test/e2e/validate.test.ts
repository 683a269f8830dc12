/** `helio validate` as a person meets it: what is wrong, where, and what to do. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { root } from '../architecture/sources.ts';

const folder = mkdtempSync(join(tmpdir(), 'helio-validate-'));
afterAll(() => rmSync(folder, { recursive: true }));

function validate(yaml: string): { code: number | null; said: string } {
  writeFileSync(join(folder, 'helio.yaml'), yaml);
  const source = ['--conditions=helio-source', '--import', join(root, 'scripts/source.mjs')];
  const { status, stderr } = spawnSync(
    process.execPath,
    [...source, join(root, 'kernel/cli/main.ts'), 'validate', '-c', join(folder, 'helio.yaml')],
    { encoding: 'utf8', env: { PATH: process.env['PATH'], COLUMNS: '80', NO_COLOR: '1' } },
  );
  return { code: status, said: stderr.replace(/\s+/g, ' ') };
}

it('says on which line the YAML breaks', () => {
  const { code, said } = validate("version: '1'\n\tupstream: x\n");
  expect(code).toBe(3);
  expect(said).toContain('helio.yaml:2:1 this is not valid YAML: tabs are not allowed as indentation');
});

it("names the section to a person who wrote the plugin's name", () => {
  const { said } = validate(
    "version: '1'\nupstream: { url: 'http://localhost:3001/mcp' }\npolicy: { default: allow }\n",
  );
  expect(said).toContain('helio.yaml:3:1 policy: unknown key "policy" (did you mean "policies"?)');
});

it('takes upstream or upstreams, and never both in silence', () => {
  const { code, said } = validate(
    "version: '1'\nupstream: { url: 'http://localhost:3001/mcp' }\nupstreams:\n  shop: { url: 'http://localhost:3002/mcp' }\n",
  );
  expect(code).toBe(3);
  expect(said).toContain('helio.yaml:3:1 upstreams: `upstream` and `upstreams` exclude each other');
  expect(said).toContain('move the server of `upstream` into `upstreams` under a name of its own');
});
