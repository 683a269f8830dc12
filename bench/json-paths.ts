/**
 * What paths to several values cost beside jsonpath-plus, which they replaced: milliseconds of CPU for one look at one
 * call's arguments, numbers read exactly. `node --conditions=helio-source --import ./scripts/source.mjs bench/json-paths.ts`
 */
import { JSONPath } from 'jsonpath-plus';
import { readStrictText, type Json } from '@gethelio/proxy/plugin';
import { compilePath } from '../plugins/policy/path.ts';

const arguments_ = (count: number) =>
  strict(JSON.stringify({ items: Array.from({ length: count }, (_, i) => ({ id: i, x: i * 1.5, note: 'n' })) }));

function strict(text: string): Json {
  const read = readStrictText(text);
  if (!read.ok) throw new Error(read.reason);
  return read.value as Json;
}

function costMs(times: number, run: () => void): number {
  run();
  const started = process.cpuUsage(); // other processes cannot disturb it as they disturb a clock
  for (let i = 0; i < times; i++) run();
  return process.cpuUsage(started).user / times / 1000;
}

for (const [count, times] of [
  [5, 3_000],
  [40_000, 10],
] as const) {
  const root = arguments_(count);
  for (const text of ['$..x', '$.items[*].x', '$.items[1:].x', '$..*']) {
    const path = compilePath(text);
    const ours = costMs(times, () => path.read(root)?.forEach((found) => found.decimal()));
    const library = costMs(times, () =>
      JSONPath({ path: text, json: root as object, eval: false, resultType: 'pointer', wrap: true }),
    );
    process.stdout.write(
      `${count} objects, ${text}: ${ours.toFixed(4)} ms, jsonpath-plus ${library.toFixed(4)} ms, ${(library / ours).toFixed(0)} times\n`,
    );
  }
}
