/** The command: what it makes, what it refuses, what it says - and that it asks nobody who is not there. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isError } from '../../kernel/generation.ts';
import { inspect } from '../../kernel/inspect.ts';
import { dashboardPanel } from '../../plugins/dashboard/contract.ts';
import { isRunByAgent } from '../src/agent.ts';
import { whomToAsk } from '../src/ask.ts';
import { kinds } from '../src/kinds.ts';
import { namesOf } from '../src/names.ts';
import { run } from '../src/run.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'helio-create-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function create(words: readonly string[], ask?: { input: PassThrough; output: PassThrough }) {
  const said = { out: '', note: '' };
  const code = await run(words, {
    out: (text) => void (said.out += `${text}\n`),
    note: (text) => void (said.note += `${text}\n`),
    called: 'npm create helio-plugin@latest',
    ask,
  });
  return { code, ...said };
}
const at = (...path: string[]) => join(folder, ...path);
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
function everyFile(root: string): string[] {
  const entries = readdirSync(root, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe.each(kinds)('a plugin of the kind $name', ({ name: kind }) => {
  it('bears its own name everywhere, and depends on real versions', async () => {
    const { code, out } = await create([at('quiet-hours'), '--kind', kind, '--yes']);
    expect(code).toBe(0);
    expect(out).toContain('src/index.ts');
    for (const path of everyFile(at('quiet-hours')))
      expect(readFileSync(path, 'utf8'), path).not.toMatch(/my.?plugin/i);
    const made = json(at('quiet-hours/package.json'));
    expect(made).toMatchObject({ name: 'helio-plugin-quiet-hours', keywords: ['helio-plugin'], type: 'module' });
    for (const range of Object.values({ ...made.dependencies, ...made.devDependencies, ...made.peerDependencies }))
      expect(range).toMatch(/^\^\d+\.\d+\.\d+$/);
    expect(readdirSync(at('quiet-hours'))).toEqual(
      expect.arrayContaining([
        '.github',
        '.gitignore',
        'LICENSE',
        'README.md',
        'helio.yaml',
        'src',
        'test',
        'tsconfig.json',
      ]),
    );
    expect(readdirSync(folder)).toEqual(['quiet-hours']); // nothing else was left
  });
  it('has an index.ts that one reads in a minute', () => {
    const text = readFileSync(join(import.meta.dirname, '../templates', kind, 'src/index.ts'), 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  });
});

describe.each(kinds.filter(({ name }) => name !== 'dashboard-panel'))('a $name with a panel', ({ name: kind }) => {
  it('loads with its card, and differs from one without in nothing else', async () => {
    const root = join(import.meta.dirname, '../..');
    mkdirSync(at('node_modules/@gethelio'), { recursive: true });
    symlinkSync(root, at('node_modules/@gethelio/proxy'));
    symlinkSync(join(root, 'node_modules/zod'), at('node_modules/zod'));
    await create([at('plain'), '--kind', kind, '--yes']);
    expect((await create([at('plain-card'), '--kind', kind, '--yes', '--dashboard-panel'])).code).toBe(0);

    const [plain, card] = [at('plain'), at('plain-card')].map((folder) =>
      everyFile(folder).map((path) => path.slice(folder.length + 1)),
    );
    expect(card!.filter((path) => !plain!.includes(path)).sort()).toEqual([
      'panel/card.js',
      'src/panel.ts',
      'test/panel.test.ts',
    ]);
    expect(json(at('plain-card/package.json')).files).toEqual(['dist', 'panel']);
    expect(readFileSync(at('plain-card/README.md'), 'utf8')).toMatch(/  - dashboard\n[\s\S]*It has a card/);

    const yaml = readFileSync(at('plain-card/helio.yaml'), 'utf8').replace('./dist/index.js', './src/index.ts');
    writeFileSync(at('plain-card/helio.yaml'), yaml);
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const { problems, inspected } = await inspect(at('plain-card/helio.yaml'), {}, silent);
    expect(problems.filter(isError)).toEqual([]);
    expect(inspected!.generation.extensions.collect(dashboardPanel)).toMatchObject([
      { plugin: 'plain-card', slot: 'overview-card', element: 'plain-card-card' },
    ]);
    await inspected!.close();
  });
});

describe('the command', () => {
  it('lists the files and writes nothing with --print', async () => {
    const { code, out } = await create([at('tea'), '--kind', 'verdict', '--print']);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual(expect.arrayContaining(['package.json', 'src/index.ts', '.gitignore']));
    expect(existsSync(at('tea'))).toBe(false);
  });
  it('tells machines one JSON object', async () => {
    const { code, out } = await create([at('tea'), '--kind', 'limit', '--json', '--scope', '@acme']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      name: 'tea',
      package: '@acme/helio-plugin-tea',
      kind: 'limit',
      written: true,
    });
    expect(readFileSync(at('tea/README.md'), 'utf8')).toContain('npm install @acme/helio-plugin-tea');
  });
  it('refuses a folder that is not empty, and leaves it as it was', async () => {
    mkdirSync(at('tea'));
    writeFileSync(at('tea/notes.txt'), 'mine');
    const { code, note } = await create([at('tea'), '--kind', 'verdict', '--yes']);
    expect(code).toBe(1);
    expect(note).toContain('--force');
    expect(readdirSync(at('tea'))).toEqual(['notes.txt']);
    expect((await create([at('tea'), '--kind', 'verdict', '--yes', '--force'])).code).toBe(0);
    expect(readFileSync(at('tea/notes.txt'), 'utf8')).toBe('mine');
    expect(existsSync(at('tea/src/index.ts'))).toBe(true);
  });
  it('writes into a folder that is there and empty', async () => {
    mkdirSync(at('tea'));
    expect((await create([at('tea'), '--kind', 'verdict', '--yes'])).code).toBe(0);
    expect(existsSync(at('tea/package.json'))).toBe(true);
  });
  it('refuses an unknown kind with the list and the nearest name', async () => {
    const { code, note } = await create([at('tea'), '--kind', 'aproval-chanel', '--yes']);
    expect(code).toBe(1);
    expect(note).toContain('did you mean "approval-channel"');
    for (const { name } of kinds) expect(note).toContain(name);
    expect(readdirSync(folder)).toEqual([]);
  });
  it.each([
    [[], /name the plugin/],
    [['tea'], /say what it is to do[\s\S]*--kind verdict --yes --no-install/],
    [['tea', '--knd', 'verdict'], /--knd/],
    [['tea', 'coffee', '--kind', 'verdict'], /one folder/],
    [['tea', '--kind', 'verdict', '--pm', 'pip'], /npm, pnpm, yarn/],
    [['tea', '--kind', 'dashboard-panel', '--dashboard-panel'], /a panel already/],
  ])('off a terminal asks nothing and says what is missing: %j', async (words, sentence) => {
    const { code, note } = await create(words);
    expect(code).toBe(2);
    expect(note).toMatch(sentence);
  });
  it('asks on a terminal for what is missing', async () => {
    const ask = { input: new PassThrough(), output: new PassThrough() };
    const answers = [at('tea'), '2', 'n'];
    ask.output.on('data', (chunk) => String(chunk).endsWith(': ') && ask.input.write(`${answers.shift()}\n`));
    expect((await create([], ask)).code).toBe(0);
    expect(readFileSync(at('tea/src/index.ts'), 'utf8')).toContain('beforeForward');
  });
  it('ends with 130 and writes nothing when it is cancelled', async () => {
    const ask = { input: new PassThrough(), output: new PassThrough() };
    ask.output.once('data', () => ask.input.end());
    expect((await create([], ask)).code).toBe(130);
    expect(readdirSync(folder)).toEqual([]);
  });
  it('is the same as helio plugins new, every flag passed on', async () => {
    let told = '';
    const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => ((told += String(chunk)), true));
    const { run: plugins } = await import('../../kernel/cli/commands/plugins.ts');
    const code = await plugins(['new', at('tea'), '--kind', 'limit', '--dashboard-panel', '--print', '--json']);
    stdout.mockRestore();
    expect(code).toBe(0);
    expect(JSON.parse(told).files).toContain('panel/card.js');
    expect(existsSync(at('tea'))).toBe(false);
  });
  it('runs as a program', async () => {
    const args = ['--conditions=helio-source', '--import', './scripts/source.mjs', 'create-helio-plugin/src/main.ts'];
    const { stdout } = await new Promise<{ stdout: string }>((resolve, reject) =>
      execFile(
        process.execPath,
        [...args, at('tea'), '--kind', 'verdict'],
        { cwd: join(import.meta.dirname, '../..') },
        (error, stdout) => (error ? reject(error) : resolve({ stdout })),
      ),
    );
    expect(stdout).toContain('npm install');
  });
});

describe('whom it asks', () => {
  const terminal = { stdin: { isTTY: true }, stderr: { isTTY: true } } as Pick<NodeJS.Process, 'stdin' | 'stderr'>;
  it('asks a person at a terminal', () => {
    expect(whomToAsk(terminal, {})).toMatchObject({ input: terminal.stdin, output: terminal.stderr });
  });
  it.each([
    ['nobody without a terminal', { ...terminal, stdin: { isTTY: false } }, {}],
    ['nobody who cannot see the question', { ...terminal, stderr: { isTTY: false } }, {}],
    ['no agent, though it has a terminal', terminal, { AI_AGENT: 'some-agent' }],
  ])('asks %s', (_whom, streams, env) => {
    expect(whomToAsk(streams as typeof terminal, env as {})).toBeUndefined();
  });
  it('takes a sign that says no for what it says', () => {
    expect(isRunByAgent({ AGENT: '0', CLINE_ACTIVE: 'false', AI_AGENT: '' })).toBe(false);
    expect(isRunByAgent({ CODEX_SANDBOX: 'seatbelt' })).toBe(true);
  });
});

describe('the name', () => {
  it.each([
    ['quiet-hours', 'quiet-hours'],
    ['./plugins/quietHours', 'quiet-hours'],
    ['helio-plugin-quiet_hours', 'quiet-hours'],
  ])('%s becomes %s', (written, kebab) => expect(namesOf(written)?.kebab).toBe(kebab));
  it.each(['', '7up', '-tea', 'te/', 'tea!'])('"%s" is refused', (written) => expect(namesOf(written)).toBeUndefined());
});
