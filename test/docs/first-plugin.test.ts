/** docs/authors/first-plugin.md as it is written; on the pages after it, every command. */
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../architecture/sources.ts';
import { blocksOf, createSandbox, type Sandbox } from './sandbox.ts';

const blocksOfPage = (name: string) => blocksOf(readFileSync(join(root, 'docs/authors', name), 'utf8'));

/** Without colours, and with the quotes of JSON inside of JSON as they were. */
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '').replaceAll('\\"', '"');
function expectLines(printed: string, lines: string): void {
  for (const line of lines.trim().split('\n')) expect(plain(printed)).toContain(line.trim());
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

describe('a reader of first-plugin.md', () => {
  let sandbox: Sandbox;
  beforeAll(() => void (sandbox = createSandbox()));
  afterAll(() => sandbox.remove());

  it('sees what the page shows', { timeout: 300_000 }, async () => {
    const blocks = blocksOfPage('first-plugin.md');
    expect(new Set(blocks.map(({ language }) => language))).toEqual(new Set(['sh', 'js', 'yaml', 'text']));
    const port = await freePort();
    let printed = '';
    for (const { language, file, text } of blocks) {
      const here = text.replaceAll('3000', String(port));
      if (file !== undefined) sandbox.write(file, here);
      else if (language === 'sh') printed = await sandbox.perform(here);
      else expectLines(printed, here);
    }
  });

  it('is told where a mistyped key stands and what it was meant to be', async () => {
    sandbox.write('mistyped.yaml', sandbox.read('helio.yaml').replace('  recipients:', '  recipient:'));
    await expect(sandbox.perform('npx helio validate -c mistyped.yaml')).rejects.toThrow(
      /mistyped\.yaml:\d+:\d+[\s\S]*"recipients"/,
    );
  });

  it('goes on to security.md and versioning.md, where an upgrade does more than was accepted', async () => {
    const perform = async (page: string) => {
      let printed = '';
      for (const { language, text } of blocksOfPage(page))
        if (language === 'sh')
          printed = await sandbox.perform(text).catch((error: unknown) => `FAILED ${(error as Error).message}`);
        else if (language === 'text') expectLines(printed, text);
      return printed;
    };
    expect(await perform('security.md')).not.toContain('FAILED');

    const before = sandbox.read('known-recipients.js');
    const after = before
      .replace("taps: ['evaluate'],", "taps: ['onRequest', 'evaluate'],\n  reaches: { network: ['api.example.com'] },")
      .replace(
        'register({ config, hooks }) {',
        'register({ config, hooks }) {\n    hooks.onRequest.tap(() => undefined);',
      );
    expect(after.length).toBeGreaterThan(before.length + 80);
    sandbox.write('known-recipients.js', after);
    expect(await perform('versioning.md')).not.toContain('FAILED');
    expect(await sandbox.perform('helio plugins check')).not.toContain('newly');
  });
});

describe('a reader of the other pages', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = createSandbox();
    sandbox.write('package.json', '{ "private": true }');
    sandbox.write(
      'helio.yaml',
      "version: '1'\nupstream: { command: helio-demo-upstream }\npolicies: { default: allow }\n",
    );
    await sandbox.perform('npm install @gethelio/proxy');
  });
  afterAll(() => sandbox.remove());

  it.each(['hooks.md', 'services.md', 'README.md', 'publishing.md'])(
    'can carry out every command of %s',
    { timeout: 300_000 },
    async (page) => {
      for (const { language, text } of blocksOfPage(page)) if (language === 'sh') await sandbox.perform(text);
    },
  );
  it('has a README with the table of the configuration then', () => {
    expect(sandbox.folder()).toMatch(/quiet-days$/);
    expect(sandbox.read('README.md')).toContain('| `words` |');
  });
});
