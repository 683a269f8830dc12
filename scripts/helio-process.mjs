/** Starts the built Helio (dist/kernel/cli/main.js) on free ports in a folder of its own, for tests and benchmarks. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const cli = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist/kernel/cli/main.js');
const startTimeoutMs = 30_000;

/**
 * Resolves once Helio said that it listens. `env` is added to a bare environment (PATH and HOME only); `folder` is kept
 * when given, else made and removed by `stop`; `prefix` runs before node (`['taskset', '-c', '0']`).
 */
export async function startHelioProcess(yaml, { env = {}, folder, prefix = [], args = [] } = {}) {
  const home = folder ?? (await mkdtemp(join(tmpdir(), 'helio-run-')));
  await writeFile(join(home, 'helio.yaml'), yaml);
  const [command, ...rest] = [...prefix, process.execPath, cli, 'start', '-c', join(home, 'helio.yaml'), ...args];
  const child = spawn(command, rest, {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const logs = { text: '' };
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => resolve({ code: null, signal: error.message }));
  });
  const banner = await new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`no banner within ${startTimeoutMs / 1000} s\n${logs.text}`)),
      startTimeoutMs,
    );
    const settle = (act, value) => {
      clearTimeout(late);
      act(value);
    };
    let stdout = '';
    child.stderr.setEncoding('utf8').on('data', (chunk) => (logs.text += chunk));
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      logs.text += chunk;
      stdout += chunk;
      const line = stdout
        .split('\n')
        .find((one) => one.startsWith('{') && one.includes('"listening"') && one.endsWith('}'));
      if (line) settle(resolve, JSON.parse(line));
    });
    exited.then(({ code, signal }) =>
      settle(reject, new Error(`Helio ended at start (${code ?? signal})\n${logs.text}`)),
    );
  }).catch(async (error) => {
    child.kill('SIGKILL');
    if (!folder) await rm(home, { recursive: true, force: true });
    throw error;
  });

  return {
    mcp: banner.mcp,
    dashboard: banner.dashboard,
    sideband: banner.sideband,
    banner,
    folder: home,
    pid: child.pid,
    exited,
    /** Everything it wrote so far, stdout and stderr together. */
    logs: () => logs.text,
    /** SIGTERM, then SIGKILL after ten seconds; removes the folder unless it was given. Resolves with code and signal. */
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      const end = await exited;
      clearTimeout(late);
      if (!folder) await rm(home, { recursive: true, force: true });
      return end;
    },
    /** kill -9; the folder stays, so that a second start can look at what is left. */
    async kill() {
      child.kill('SIGKILL');
      return exited;
    },
    signal: (name) => child.kill(name),
  };
}
