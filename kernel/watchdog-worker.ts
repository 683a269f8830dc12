/** The watchdog's thread. It writes to stderr itself: `console` and `process.stderr` of a thread wait for the main one. */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { WatchdogStart } from './watchdog.ts';

const { running, names: first, plain } = workerData as WatchdogStart;
const names = [...first];
const lookEveryMs = 500;
const firstWordMs = 3_000;

let seen = { place: 0, runs: 0, sinceMs: 0, nextWordMs: firstWordMs };

parentPort!.on('message', (name: string) => void names.push(name));
setInterval(() => {
  const [place, runs] = [Atomics.load(running, 0), Atomics.load(running, 1)];
  const nowMs = performance.now();
  if (place === 0 || runs !== seen.runs) {
    seen = { place, runs, sinceMs: nowMs, nextWordMs: firstWordMs };
    return;
  }
  const heldMs = nowMs - seen.sinceMs;
  if (heldMs < seen.nextWordMs) return;
  seen = { ...seen, nextWordMs: seen.nextWordMs * 2 };
  say(names[place] ?? 'unknown\nunknown', Math.round(heldMs / 1_000));
}, lookEveryMs);

function say(name: string, seconds: number): void {
  const [plugin, hook] = name.split('\n') as [string, string];
  const message = `plugin "${plugin}" has held Helio up in ${hook} for ${seconds} s: nothing else runs until it returns; when it never does, restart Helio without it`;
  const time = new Date().toISOString();
  const line = plain
    ? `${time.slice(11, 19)} error [${plugin}] ${message}  code=HELIO_PLUGIN_HOLDS_UP`
    : JSON.stringify({ level: 'error', time, plugin, code: 'HELIO_PLUGIN_HOLDS_UP', message });
  writeSync(2, `${line}\n`);
}
