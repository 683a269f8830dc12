/** What is published works: the tarball holds what it should, and every kind of plugin made from it tests, checks and runs. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../create-helio-plugin/src/kinds.ts';
import { ranges } from '../../create-helio-plugin/src/versions.ts';
import { post, toolCall } from '../fixtures/helio.ts';

const root = join(import.meta.dirname, '../..');
let folder: string;
let tarball: string;
let running: ChildProcess | undefined;

/** Runs to the end, or rejects with everything that it said. */
function command(cwd: string, name: string, ...args: readonly string[]): Promise<string> {
  const path = [join(folder, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  return new Promise((resolve, reject) =>
    execFile(
      name,
      args,
      { cwd, env: { ...process.env, PATH: path }, timeout: 240_000, maxBuffer: 1e8 },
      (error, stdout, stderr) =>
        error
          ? reject(new Error(`${name} ${args.join(' ')}: ${error.message}\n${stdout}\n${stderr}`))
          : resolve(stdout),
    ),
  );
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'helio-scaffold-'));
  const packed = JSON.parse(
    await command(root, 'npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', folder),
  );
  tarball = join(folder, packed[0].filename);
  // Installed once, above the folders of all kinds: Node and npm look upwards.
  const others = Object.entries(ranges).filter(([name]) => name !== '@gethelio/proxy');
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "allowScripts": { "better-sqlite3": true } }');
  await command(
    folder,
    'npm',
    ...['install', '--prefer-offline', '--no-audit', '--no-fund', tarball],
    ...others.map(([name, range]) => `${name}@${range}`),
  );
}, 400_000);
afterEach(async () => {
  if (running?.exitCode === null) {
    process.kill(-running.pid!, 'SIGTERM');
    await new Promise((resolve) => running!.once('exit', resolve));
  }
  running = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts Helio as a person would and waits for the line that names its addresses. */
async function start(cwd: string, name: string, ...args: readonly string[]): Promise<string> {
  const path = [join(folder, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  // A process group of its own: npx starts Helio as a child of a child.
  const child = spawn(name, args, {
    cwd,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running = child;
  let [said, complained] = ['', ''];
  child.stderr.on('data', (chunk) => void (complained += chunk));
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`helio ended with ${code}: ${said}${complained}`)));
    child.stdout.on('data', (chunk) => {
      said += chunk;
      const line = said.split('\n').find((one) => one.includes('"listening"'));
      if (line !== undefined) resolve((JSON.parse(line) as { mcp: string }).mcp);
    });
  });
}

async function oneCall(mcp: string) {
  const hello = await post(mcp, {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  });
  const session = hello.headers.get('mcp-session-id');
  return post(
    mcp,
    toolCall('orders.lookup', { order_id: 'A-17' }),
    session === null ? {} : { 'mcp-session-id': session },
  );
}

it('the package holds what it promises, and nothing of the workshop', async () => {
  const [{ files }] = JSON.parse(await command(root, 'npm', 'pack', '--dry-run', '--ignore-scripts', '--json'));
  const paths: string[] = files.map(({ path }: { path: string }) => path);
  const allowed =
    /^(dist\/(kernel|plugins|dashboard|examples\/demo-upstream|create-helio-plugin)\/|examples\/quickstart\/(README\.md|helio\.yaml)$|(README|CHANGELOG)\.md$|LICENSE$|package\.json$|helio\.schema\.json$)/;
  expect(paths.filter((path) => !allowed.test(path))).toEqual([]);
  const inTests = paths.filter((path) => /(^|\/)test\/|\.test\./.test(path) && !path.includes('/templates/'));
  expect(inTests).toEqual([]);
  for (const path of [
    'dist/kernel/cli/main.js',
    'dist/kernel/plugin.d.ts',
    'dist/kernel/testing/index.js',
    'dist/plugins/approvals/contract.d.ts',
    'dist/dashboard/index.html',
    'dist/examples/demo-upstream/main.js',
    'helio.schema.json',
    'LICENSE',
    'CHANGELOG.md',
    'README.md',
    ...kinds.flatMap(({ name }) => [
      `dist/create-helio-plugin/templates/${name}/src/index.ts`,
      `dist/create-helio-plugin/templates/${name}/test/plugin.test.ts`,
    ]),
    'dist/create-helio-plugin/templates/shared/_gitignore',
    'dist/create-helio-plugin/templates/shared/package.json',
  ])
    expect(paths).toContain(path);
});

// Two of the kinds with a panel besides: one whose `register` only takes, one that has routes and a dashboard of its own.
const made = [
  ...kinds.map(({ name: kind }) => ({ kind, id: `quiet-${kind}`, more: [] })),
  ...['verdict', 'approval-channel'].map((kind) => ({ kind, id: `seen-${kind}`, more: ['--dashboard-panel'] })),
];
describe.each(made)('a new plugin of the kind $kind $more', ({ kind, id, more }) => {
  it('tests, checks, and lets a call through', async () => {
    const plugin = join(folder, id);
    await command(folder, 'helio', 'plugins', 'new', id, '--kind', kind, '--yes', '--no-install', ...more);
    expect(await command(plugin, 'npm', 'test')).toMatch(/Tests\s+.*\d+ passed/);
    expect(await command(plugin, 'npm', 'run', 'check')).toContain(`${id} 0.1.0 (file)`);
    await command(plugin, 'npm', 'run', 'docs');
    expect(readFileSync(join(plugin, 'README.md'), 'utf8')).not.toContain('writes the table of its configuration here');

    const free = readFileSync(join(plugin, 'helio.yaml'), 'utf8').replace(/port: \d+/g, 'port: 0');
    writeFileSync(join(plugin, 'helio.yaml'), free);
    const { json } = await oneCall(await start(plugin, 'helio', 'start'));
    expect(json.result.isError ?? false).toBe(false);
    expect(JSON.stringify(json.result)).toContain('A-17');

    const packed = JSON.parse(await command(plugin, 'npm', 'pack', '--dry-run', '--ignore-scripts', '--json'));
    const paths = packed[0].files.map(({ path }: { path: string }) => path);
    expect(paths).toEqual(expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'README.md', 'LICENSE']));
  }, 240_000);
});

it('npx of the tarball: init and start in an empty folder', async () => {
  // Outside of `folder`: npm looks upwards for a package.json and takes paths from there.
  const empty = mkdtempSync(join(tmpdir(), 'helio-empty-'));
  const local = `./${basename(tarball)}`;
  copyFileSync(tarball, join(empty, local));
  // Relative, as people write it: npx runs an absolute path as a program.
  const npx = (...args: string[]) => command(empty, 'npx', '--yes', '--prefer-offline', local, ...args);
  await npx('init', '--yes');
  expect(readdirSync(empty)).toEqual(expect.arrayContaining(['helio.yaml', '.env']));
  expect(existsSync(join(empty, 'node_modules'))).toBe(false);
  const free = readFileSync(join(empty, 'helio.yaml'), 'utf8').replace(/(^|\s|\{ )port: \d+/g, '$1port: 0');
  const sideband = /sideband/.test(free) && !/^sdk:/m.test(free) ? '\nsdk: { port: 0 }\n' : '';
  writeFileSync(join(empty, 'helio.yaml'), free + sideband);
  expect(await start(empty, 'npx', '--yes', '--prefer-offline', local, 'start')).toMatch(
    /^http:\/\/127\.0\.0\.1:\d+\/mcp$/,
  );
  rmSync(empty, { recursive: true, force: true });
}, 240_000);
