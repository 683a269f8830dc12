/** What looks after a tap that does not return, in whatever thread. It writes to stderr itself: `console` waits for the main thread. */
import { writeSync } from 'node:fs';
import { getEnvironmentData, isMainThread, workerData } from 'node:worker_threads';
import { onlyLook, watchedKey, type Watched } from './watchdog.ts';

const lookEveryMs = 500;
const firstWordMs = 3_000;

const watched = getEnvironmentData(watchedKey) as unknown as Watched | undefined;
if (watched !== undefined && !isMainThread) {
  const looking = setInterval(lookAt(watched), lookEveryMs);
  if (workerData !== onlyLook) looking.unref(); // a store's thread ends when the store does
}

function lookAt({ running, names, plain }: Watched): () => void {
  let seen = { runs: 0, sinceMs: 0, nextWordMs: firstWordMs };
  return () => {
    const [place, runs] = [Atomics.load(running, 0), Atomics.load(running, 1)];
    const nowMs = performance.now();
    if (place === 0 || runs !== seen.runs) {
      seen = { runs, sinceMs: nowMs, nextWordMs: firstWordMs };
      return;
    }
    const heldMs = nowMs - seen.sinceMs;
    if (heldMs < seen.nextWordMs) return;
    const word = (runs * 31 + seen.nextWordMs) | 0;
    seen = { ...seen, nextWordMs: seen.nextWordMs * 2 };
    if (Atomics.exchange(running, 2, word) === word) return; // another thread said so
    say(nameAt(names, place), Math.round(heldMs / 1_000), plain);
  };
}

function nameAt(names: Uint8Array, place: number): [plugin: string, hook: string] {
  const text = Buffer.from(names.slice(place, names.indexOf(0, place))).toString();
  return text.split('\n') as [string, string];
}

function say([plugin, hook]: [string, string], seconds: number, plain: boolean): void {
  const message = `plugin "${plugin}" has held Helio up in ${hook} for ${seconds} s: nothing else runs until it returns; when it never does, restart Helio without it`;
  const time = new Date().toISOString();
  const line = plain
    ? `${time.slice(11, 19)} error [${plugin}] ${message}  code=HELIO_PLUGIN_HOLDS_UP`
    : JSON.stringify({ level: 'error', time, plugin, code: 'HELIO_PLUGIN_HOLDS_UP', message });
  writeSync(2, `${line}\n`);
}
