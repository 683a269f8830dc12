/**
 * Names the plugin that holds the process up. A synchronous loop lets nothing else run, the log included: only another
 * thread can tell while it lasts. The guard notes which tap runs in shared memory; the threads that Helio has anyway (its
 * stores) look there twice a second, because a thread of its own costs 10 MB.
 */
import { setEnvironmentData } from 'node:worker_threads';
import { countWorkers, importInWorkers, startWorker } from './worker.ts';

/** What runs now, as a place in `names` (0: nothing); how many taps have run; what was said last. */
const running = new Int32Array(new SharedArrayBuffer(12));
/** Every `plugin\nhook\0` one after the other: threads learn of new ones without a message. */
const names = new Uint8Array(new SharedArrayBuffer(64 * 1024));
const places = new Map<string, number>();
let used = 1; // 0 is no place

export interface Watched {
  readonly running: Int32Array;
  readonly names: Uint8Array;
  /** Lines for people instead of JSON, as the log. */
  readonly plain: boolean;
}
export const watchedKey = 'helio.watchdog';
export const onlyLook = 'look';

/** The number under which this plugin's taps of this hook are watched; 0 when there are too many to name. */
export function placeOf(plugin: string, hook: string): number {
  const name = `${plugin}\n${hook}`;
  const known = places.get(name);
  if (known !== undefined) return known;
  const bytes = Buffer.from(`${name}\0`);
  if (used + bytes.length > names.length) return 0;
  const place = used;
  names.set(bytes, place);
  used += bytes.length;
  places.set(name, place);
  return place;
}

export function enter(place: number): void {
  running[1]! += 1;
  running[0] = place;
}
export function leave(): void {
  running[0] = 0;
}

/** From now on every thread that is started looks too. Only the process that serves is watched. */
export function watch(plain: boolean): void {
  setEnvironmentData(watchedKey, { running, names, plain } satisfies Watched as never);
  importInWorkers(new URL(`./watchdog-look.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url).href);
}

/** Where no plugin brought a thread, one that does nothing but look. */
export function watchAnyway(): void {
  if (countWorkers() === 0) startWorker('./watchdog-look', import.meta.url, { workerData: onlyLook }).unref();
}
