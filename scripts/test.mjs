/**
 * `npm test` and `npm run test:long`: install and build if needed, run the tests, say every skip aloud, and end with
 * one line: `N passed, N failed, N skipped`.
 *
 *   node scripts/test.mjs [--long] [PATH]...
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buildIfNeeded, checkNode, installIfNeeded, root } from './prepare.mjs';

const long = process.argv.includes('--long');
const paths = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
checkNode();
const counts = { passed: 0, failed: 0, skipped: 0 };

try {
  installIfNeeded();
  buildIfNeeded();
  await runVitest();
  if (!long && paths.length === 0) runPython();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  counts.failed += 1;
}
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;

async function runVitest() {
  const folder = mkdtempSync(join(tmpdir(), 'helio-test-'));
  const report = join(folder, 'report.json');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const project = long ? 'long' : 'short';
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = [vitest, 'run', '--project', project, '--passWithNoTests', ...reporters, ...paths];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  const before = counts.failed;
  if (existsSync(report)) countVitest(JSON.parse(readFileSync(report, 'utf8')));
  // A crash or an error outside of every test fails the run although no test failed.
  if (code !== 0 && counts.failed === before) counts.failed += 1;
  rmSync(folder, { recursive: true, force: true });
}

function countVitest(report) {
  for (const file of report.testResults) {
    const name = relative(root, file.name);
    if (file.status === 'failed' && file.assertionResults.length === 0) {
      counts.failed += 1;
      process.stdout.write(`FAILED ${name}: ${String(file.message).split('\n')[0]}\n`);
    }
    for (const { status, fullName, failureMessages, meta } of file.assertionResults) {
      if (status === 'passed') counts.passed += 1;
      else if (status === 'failed') {
        counts.failed += 1;
        process.stdout.write(`FAILED ${name}: ${fullName.trim()}: ${String(failureMessages?.[0]).split('\n')[0]}\n`);
      } else {
        counts.skipped += 1;
        process.stdout.write(`SKIPPED ${name}: ${fullName.trim()}${meta?.why ? `: ${meta.why}` : ''}\n`);
      }
    }
  }
}

function runPython() {
  const folder = join(root, 'sdk-python');
  if (!existsSync(join(folder, 'tests'))) return;
  const env = { ...process.env, PYTHONPATH: join(folder, 'src'), PYTHONDONTWRITEBYTECODE: '1' };
  const known = spawnSync('python3', ['-c', 'import sys; print(sys.version_info >= (3, 10))'], { encoding: 'utf8' });
  if (known.error === undefined && known.stdout.trim() !== 'True') {
    counts.skipped += 1;
    process.stdout.write('SKIPPED sdk-python: this python3 is older than 3.10\n');
    return;
  }
  const args = ['-m', 'unittest', 'discover', '-v', '-s', 'tests'];
  const { error, stderr, status } = spawnSync('python3', args, {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 600_000,
  });
  if (error?.code === 'ENOENT') {
    counts.skipped += 1;
    process.stdout.write('SKIPPED sdk-python: there is no python3 on this machine\n');
    return;
  }
  process.stdout.write(stderr ?? '');
  for (const [, test, why] of (stderr ?? '').matchAll(/^(\S+ \(\S+\))[^\n]*(?:\n[^\n]*)? \.\.\. skipped (.*)$/gm))
    process.stdout.write(`SKIPPED sdk-python: ${test}: ${why}\n`);
  const number = (pattern) => Number(pattern.exec(stderr ?? '')?.[1] ?? 0);
  const ran = number(/^Ran (\d+) test/m);
  const bad = number(/failures=(\d+)/) + number(/errors=(\d+)/);
  const skipped = number(/skipped=(\d+)/);
  counts.failed += status === 0 ? 0 : Math.max(1, bad);
  counts.skipped += skipped;
  counts.passed += Math.max(0, ran - bad - skipped);
}
