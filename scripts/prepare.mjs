/** Installs and builds when needed, for the scripts that a fresh clone starts with. Node's own modules only. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamps = join(root, 'node_modules', '.cache', 'helio');

/** Runs a command in the repository and shows what it prints on stderr, so that stdout stays for results. */
export function run(command, args, options = {}) {
  const shell = process.platform === 'win32';
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell, ...options });
}

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  process.stderr.write(`Helio needs Node 20.19 or newer; this is ${process.versions.node}\n`);
  process.exit(1);
}

/** `npm ci` when node_modules is missing or older than package-lock.json. */
export function installIfNeeded() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  const lock = join(root, 'package-lock.json');
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (existsSync(installed)) {
    if (readStamp('install') === wanted) return;
    if (statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return writeStamp('install', wanted);
  }
  process.stderr.write('installing dependencies (npm ci)\n');
  run('npm', ['ci', '--no-audit', '--no-fund']);
  writeStamp('install', wanted);
}

/** Builds when a source file, its size or its time changed since the last build. */
export function buildIfNeeded() {
  if (existsSync(join(root, 'dist')) && readStamp('build') === sourceStamp()) return;
  run(process.execPath, [join(root, 'scripts/build.mjs')]);
}

const sources = ['kernel', 'plugins', 'examples/demo-upstream', 'dashboard', 'create-helio-plugin'];
const configs = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs'];
const skipped = new Set(['node_modules', 'dist', 'test', 'tests', '.helio']);

/** Names, sizes and times of everything that a build reads. */
export function sourceStamp() {
  const hash = createHash('sha256');
  const add = (path) => {
    if (!existsSync(path)) return;
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  };
  const walk = (folder) => {
    if (!existsSync(folder)) return;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      // Tests are no part of a build, but for those of a template.
      if (skipped.has(entry.name) && !(entry.name === 'test' && path.includes('templates'))) continue;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) add(path);
    }
  };
  for (const folder of sources) walk(join(root, folder));
  for (const file of configs) add(join(root, file));
  return hash.digest('hex');
}

const readStamp = (name) => (existsSync(join(stamps, name)) ? readFileSync(join(stamps, name), 'utf8') : undefined);
export function writeStamp(name, value) {
  mkdirSync(stamps, { recursive: true });
  writeFileSync(join(stamps, name), value);
}
