/**
 * docs/authors/first-plugin.md as it is written: its files are written, its commands run by a shell against the built
 * Helio, and what it shows is looked for in what they print. Two things differ from a reader's machine: `npm install`
 * links the packages of this checkout, and port 3000 is a free one.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cli } from '../../scripts/helio-process.mjs';
import { root } from '../architecture/sources.ts';

const page = readFileSync(join(root, 'docs/authors/first-plugin.md'), 'utf8');
const steps = [...page.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, language, file, text]) => ({
  language: language!,
  file,
  text: text!,
}));

let outside: string;
let folder: string;
let port: number;
let running: ChildProcess | undefined;

beforeAll(async () => {
  if (!existsSync(cli)) throw new Error('Helio is not built: run `npm run build` first');
  outside = mkdtempSync(join(tmpdir(), 'helio-first-plugin-'));
  folder = outside;
  port = await freePort();
});
afterAll(async () => {
  if (running?.exitCode === null) {
    process.kill(-running.pid!, 'SIGTERM');
    await new Promise((done) => running!.once('exit', done));
  }
  rmSync(outside, { recursive: true, force: true });
});

it('works as it is written', { timeout: 120_000 }, async () => {
  expect(steps.map(({ language }) => language)).toEqual(expect.arrayContaining(['sh', 'js', 'yaml', 'text']));
  let printed = '';
  for (const { language, file, text } of steps) {
    const here = text.replaceAll('3000', String(port));
    if (file !== undefined) writeFileSync(join(folder, file), here);
    else if (language === 'sh') printed = await perform(here);
    else if (language === 'text') for (const line of here.trim().split('\n')) expect(plain(printed)).toContain(line);
    else throw new Error(`a block of ${language} names no file`);
  }
});

it('is told where and what a mistyped key was meant to be', async () => {
  const file = join(folder, 'helio.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(join(folder, 'mistyped.yaml'), text.replace('  recipients:', '  recipient:'));
  const mistake = shell('npx helio validate -c mistyped.yaml');
  await expect(mistake).rejects.toThrow(/mistyped\.yaml:\d+:\d+[\s\S]*"recipients"/);
});

/** One block of commands. A backslash goes on in the next line; so does an open quote. */
async function perform(text: string): Promise<string> {
  if (text.startsWith('npx helio start')) return started();
  const kept: string[] = [];
  for (const line of text.trim().split('\n')) {
    if (line.startsWith('npm install ')) link(line);
    else kept.push(line);
    const made = /^mkdir (\S+) && cd \1$/.exec(line)?.[1];
    if (made === undefined) continue;
    await shell(line);
    kept.pop();
    folder = join(folder, made);
  }
  return kept.length === 0 ? '' : shell(kept.join('\n'));
}

const withTools = () => ({
  ...process.env,
  PATH: [join(folder, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
  NO_COLOR: '1',
});

function shell(script: string): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile('sh', ['-ec', script], { cwd: folder, env: withTools() }, (error, stdout, stderr) =>
      error ? reject(new Error(`${script}\n${stdout}${stderr}`)) : resolve(stdout + stderr),
    ),
  );
}

function link(line: string): void {
  const bin = join(folder, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  for (const name of line.split(' ').filter((word) => !['npm', 'install', '--save-dev'].includes(word))) {
    const home = name === '@gethelio/proxy' ? root : join(root, 'node_modules', name);
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
    symlinkSync(home, join(folder, 'node_modules', name));
    const { bin: bins = {} } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    for (const [command, path] of Object.entries<string>(bins)) symlinkSync(join(home, path), join(bin, command));
  }
}

function started(): Promise<string> {
  // A process group of its own: npx starts Helio as a child of a child.
  const child = spawn('npx', ['helio', 'start'], { cwd: folder, env: withTools(), detached: true });
  running = child;
  let said = '';
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`helio ended with ${code}: ${said}`)));
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        said += chunk;
        if (said.includes('"listening"')) resolve(said);
      });
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return free;
}

/** Without colours, and with the quotes of JSON inside of JSON as they were. */
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '').replaceAll('\\"', '"');
