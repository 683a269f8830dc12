/** The processes of a benchmark run: started on their cores, with their CPU time and memory as the kernel counts them. */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** `['taskset', '-c', '0']`, or nothing where there is no taskset. */
export function pin(cores) {
  if (process.platform !== 'linux' || availableParallelism() < 2) return [];
  try {
    execFileSync('taskset', ['-c', String(cores), 'true'], { stdio: 'ignore' });
    return ['taskset', '-c', String(cores)];
  } catch {
    return [];
  }
}

/** The proxy has a core to itself; upstream and load generator share the other (the others, where there are more). */
export const cores = { proxy: pin(0), rest: pin(availableParallelism() > 2 ? `1-${availableParallelism() - 1}` : 1) };

/** Starts a program that prints `listening on URL` to stderr. */
export async function startProgram(name, { args = [], env = {}, prefix = [] } = {}) {
  const [command, ...rest] = [...prefix, process.execPath, join(here, name), ...args];
  const child = spawn(command, rest, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  const url = await new Promise((resolve, reject) => {
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      said += chunk;
      const found = /listening on (\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
    child.once('exit', () => reject(new Error(`${name} ended: ${said}`)));
  });
  return { url, mcp: url, pid: child.pid, stop: () => end(child) };
}

/** Runs orders one after the other in the load generator's process. */
export function startLoad() {
  const [command, ...args] = [...cores.rest, process.execPath, join(here, 'load.mjs')];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line)));
  child.once('exit', () => waiting.forEach(({ reject }) => reject(new Error('the load generator ended'))));
  return {
    run: (order) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(order)}\n`);
      }),
    stop: () => end(child),
  };
}

async function end(child) {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

/** CPU seconds so far of the whole process and of its main thread; undefined where there is no /proc. */
export function cpuSeconds(pid) {
  const ticksPerSecond = 100;
  const of = (path) => {
    const fields = readFileSync(path, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  };
  try {
    return { all: of(`/proc/${pid}/stat`), main: of(`/proc/${pid}/task/${pid}/stat`) };
  } catch {
    return undefined;
  }
}

/** Resident memory in MB; undefined where there is no /proc. */
export function memoryMb(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return undefined;
  }
}
