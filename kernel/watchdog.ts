/**
 * Names the plugin that holds the process up. A synchronous loop lets nothing else run, the log included: only another
 * thread can tell while it lasts. The guard notes which tap runs in shared memory, the thread looks there twice a second.
 */
import type { Worker } from 'node:worker_threads';
import { startWorker } from './worker.ts';

/** Place of the tap that runs now (0: none), and how many have run, so that a quick tap is not taken for a long one. */
const running = new Int32Array(new SharedArrayBuffer(8));
const names = [''];
let thread: Worker | undefined;

export interface WatchdogStart {
  readonly running: Int32Array;
  /** By place. */
  readonly names: readonly string[];
  /** Lines for people instead of JSON, as the log. */
  readonly plain: boolean;
}

/** The number under which this plugin's taps of this hook are watched. */
export function placeOf(plugin: string, hook: string): number {
  const name = `${plugin}\n${hook}`;
  const known = names.indexOf(name);
  if (known > 0) return known;
  thread?.postMessage(name);
  return names.push(name) - 1;
}

export function enter(place: number): void {
  running[1]! += 1;
  running[0] = place;
}
export function leave(): void {
  running[0] = 0;
}

/** Starts the thread; the answer stops it. Only the process that serves has one. */
export function startWatchdog(plain: boolean): () => Promise<unknown> {
  const workerData: WatchdogStart = { running, names, plain };
  // It holds a few strings: without a bound a thread of its own costs more than all that it watches.
  const resourceLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };
  const started = startWorker('./watchdog-worker', import.meta.url, {
    workerData,
    resourceLimits,
    name: 'helio-watchdog',
  });
  started.unref();
  started.on('error', () => {}); // the guard still denies; only the early word is missing
  thread = started;
  return () => started.terminate();
}
