/** The pages of docs/clients: their commands run as printed, and the entry "by hand" is the one that `helio connect` writes. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { clients } from '../../kernel/cli/clients/clients.ts';
import { cli } from '../../scripts/helio-process.mjs';

const docs = join(import.meta.dirname, '../../docs/clients');
const pages = readdirSync(docs).filter((name) => name !== 'README.md');
const home = mkdtempSync(join(tmpdir(), 'helio-client-pages-'));
const yaml = `version: '1'\nupstream: { url: 'http://127.0.0.1:3001/mcp' }\npolicies: { default: allow }\n`;
writeFileSync(join(home, 'helio.yaml'), yaml);
afterAll(() => rmSync(home, { recursive: true, force: true }));

const env = { PATH: process.env['PATH'], HOME: home, NO_COLOR: '1' };
/** Runs `helio ...` as it is printed; rejects when it fails. */
const helio = (line: string) =>
  promisify(execFile)(process.execPath, [cli, ...line.split(' ').slice(1)], { cwd: home, env });
const blocks = (text: string, kind: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${kind}\\n(.*?)^\`\`\``, 'gms'))].map(([, block]) => block!);
/** Left as placeholders in the pages, because they differ from machine to machine. */
const anyPath = (text: string): string =>
  text.replace(/"command": ?"[^"]*"/, '"command": "NODE"').replace(/"\/[^"]*(main\.js|helio\.yaml)"/g, '"$1"');

it('there is a page for every client that is told in code or on a page, and for those with most users', () => {
  const told = clients().filter(({ files }) => files.length === 0);
  const all = [...told.map(({ name }) => name), 'claude-desktop', 'claude-code', 'cursor', 'vscode', 'codex'];
  expect(pages.map((page) => page.replace('.md', '')).sort()).toEqual(all.sort());
});

describe.each(pages)('%s', (page) => {
  const text = readFileSync(join(docs, page), 'utf8');
  const name = page.replace('.md', '');

  it('says whether it is verified, with which version or why not', () => {
    expect(text).toMatch(/\*\*Verified\*\* with \S+ \d|\*\*(U|u)nverified\*\*: (?!not run)/);
    expect(readFileSync(join(docs, 'README.md'), 'utf8')).toContain(`(${page})`);
  });

  it('holds only commands that run, and can be undone', async () => {
    const lines = blocks(text, 'sh').flatMap((block) => block.trim().split('\n'));
    for (const line of lines.filter((one) => one.startsWith('helio '))) {
      await helio(line);
      expect(line).toBe(`helio connect ${name} --write`);
      await helio(`helio connect ${name} --write --stdio`);
      const { stdout } = await helio(`helio connect ${name} --undo --json`);
      expect(JSON.parse(stdout)).toMatchObject({ client: name, changed: true });
    }
    expect(lines.length > 0).toBe(clients().find((client) => client.name === name)!.files.length > 0);
  });

  it('shows what helio connect shows', async () => {
    const { snippet } = JSON.parse((await helio(`helio connect ${name} --json`)).stdout);
    const byHand = [...blocks(text, 'json'), ...blocks(text, 'toml')][0];
    if (byHand === undefined) return expect(blocks(text, 'sh')).toEqual([]);
    const compact = (one: string): string => anyPath(one).replace(/\s+/g, '');
    expect(compact(byHand)).toBe(compact(snippet));
  });
});
