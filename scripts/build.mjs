/**
 * `npm run build`: compiles kernel, plugins and the demo upstream to dist/, bundles the dashboard, copies what is not
 * TypeScript. The new dist/ replaces the old one in one step, and only when everything compiled.
 *
 *   node scripts/build.mjs [--despite-errors]
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { checkNode, root, run, sourceStamp, writeStamp } from './prepare.mjs';

checkNode();
const despiteErrors = process.argv.includes('--despite-errors');
const dist = join(root, 'dist');
// Beside dist, not in /tmp: a rename must not cross file systems. One per process: two builds may run at once.
const next = join(root, 'node_modules', '.cache', 'helio', `dist-${process.pid}`);
const stamp = sourceStamp();

try {
  build();
} catch {
  // What went wrong was printed by the compiler or the bundler itself.
  process.stderr.write('build failed; dist/ is unchanged\n');
  process.exitCode = 1;
} finally {
  rmSync(next, { recursive: true, force: true });
}

function build() {
  const startedAtMs = Date.now();
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  compile();
  for (const folder of ['kernel', 'plugins']) copyAssets(join(root, folder), join(next, folder));
  bundleDashboard();
  const templates = join(root, 'create-helio-plugin/templates');
  if (existsSync(templates))
    cpSync(templates, join(next, 'create-helio-plugin/templates'), { recursive: true, filter: wantedOfTemplates });
  for (const bin of ['kernel/cli/main.js', 'examples/demo-upstream/main.js', 'create-helio-plugin/src/main.js']) {
    if (existsSync(join(next, bin))) chmodSync(join(next, bin), 0o755);
  }
  // The package create-helio-plugin carries its own copy of its code.
  const own = join(root, 'create-helio-plugin/dist');
  rmSync(own, { recursive: true, force: true });
  cpSync(join(next, 'create-helio-plugin/src'), own, { recursive: true, filter: (path) => !path.endsWith('.map') });
  swap();
  writeStamp('build', stamp);
  process.stderr.write(`built dist/ in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s\n`);
}

function compile() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  try {
    run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', next, '--pretty', 'false']);
  } catch (error) {
    if (!despiteErrors || !existsSync(join(next, 'kernel'))) throw error;
    process.stderr.write('type errors, going on as asked\n');
  }
}

/** Everything beside the sources that the program reads: YAML templates, SQL, static files. */
function copyAssets(from, to) {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (!wanted(source)) continue;
    if (entry.isDirectory()) copyAssets(source, target);
    else if (!['.ts', '.md'].includes(extname(entry.name))) {
      mkdirSync(dirname(target), { recursive: true });
      cpSync(source, target);
    }
  }
}

function wanted(path) {
  return !/[\\/](node_modules|test|tests|dist|\.helio)$/.test(path);
}

/** Tests are a part of what a template makes. */
function wantedOfTemplates(path) {
  return !/[\\/](node_modules|dist|\.helio)$/.test(path);
}

function bundleDashboard() {
  const folder = join(root, 'dashboard');
  if (!['vite.config.ts', 'vite.config.js', 'vite.config.mjs'].some((name) => existsSync(join(folder, name)))) return;
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', '--outDir', join(next, 'dashboard'), '--emptyOutDir', '--logLevel', 'warn'];
  try {
    run(process.execPath, args, { cwd: folder });
  } catch (error) {
    if (!despiteErrors) throw error;
    process.stderr.write('the dashboard was not bundled, going on as asked\n');
  }
}

function swap() {
  const old = `${next}-old`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(next, dist);
  rmSync(old, { recursive: true, force: true });
}
