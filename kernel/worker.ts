/** Starts a worker thread from a file beside its caller: the built .js in production, the .ts source in tests. */
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts the worker `name` (`./worker`, no extension) that stands beside the module with this `import.meta.url`.
 *
 * From source (tests, development) the thread loads TypeScript by way of scripts/source.mjs, so that the worker under
 * test is the one that ships. The thread gets no environment variables: Helio's secrets are no business of a store.
 */
export function startWorker(name: string, besideUrl: string, options: WorkerOptions = {}): Worker {
  const source = besideUrl.split('?')[0]!.endsWith('.ts');
  const file = new URL(`${name}.${source ? 'ts' : 'js'}`, besideUrl);
  const execArgv = source
    ? ['--conditions=helio-source', '--import', new URL('../scripts/source.mjs', import.meta.url).href]
    : [];
  for (const module of imported) execArgv.push('--import', module);
  started += 1;
  return new Worker(file, { env: {}, execArgv, ...options });
}

const imported: string[] = [];
let started = 0;

/** Every worker that is started from now on loads this module first. */
export function importInWorkers(url: string): void {
  if (!imported.includes(url)) imported.push(url);
}
/** Workers started by this process. */
export function countWorkers(): number {
  return started;
}
