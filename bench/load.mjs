/**
 * The load generator, a process of its own: reads one JSON order per line from stdin, `{ url, c, seconds, calls?, body,
 * headers?, sessions?, expect }`, runs `c` keep-alive connections for that long (or that many calls), and prints one JSON line:
 * `{ calls, seconds, perSecond, p50Ms, p99Ms, wrong, firstWrong }`. Every answer must be 200 and contain `expect`; a wrong
 * answer is counted, so that a proxy that refuses is not taken for a fast one. `{{n}}` in the body becomes a running number.
 * With `sessions` every call carries one of so many session ids, in an order that goes round and comes to each once.
 */
import { createInterface } from 'node:readline';
import { Pool } from 'undici';

const pools = new Map();
/** A prime: calls that follow each other belong to sessions that were made far apart. */
const stride = 7_919;
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await run(order))}\n`);
}
process.exit(0);

async function run({ url, c, seconds, calls, body, headers = {}, sessions, expect }) {
  const { origin, pathname } = new URL(url);
  const key = `${origin} ${c}`;
  if (!pools.has(key))
    pools.set(key, new Pool(origin, { connections: c, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000 }));
  const pool = pools.get(key);
  const [before, after] = body.split('{{n}}');
  const sent = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers };
  const latencies = [];
  const wrong = { count: 0, first: undefined };
  const needle = Buffer.from(expect);
  const startedAtMs = performance.now();
  const endsAtMs = seconds ? startedAtMs + seconds * 1000 : Infinity;
  let number = 0;

  async function connection() {
    for (;;) {
      const atMs = performance.now();
      if (atMs >= endsAtMs || (calls !== undefined && number >= calls)) return;
      const n = number++;
      await one(after === undefined ? body : `${before}${startedAtMs.toFixed(0)}${n}${after}`, headersOf(n));
      latencies.push(performance.now() - atMs);
    }
  }

  const headersOf = (n) => (sessions ? { ...sent, 'x-helio-session-id': `session-${(n * stride) % sessions}` } : sent);

  /** `dispatch` directly: half the generator's cost of `request`, so that the proxy is what is measured. */
  const one = (text, headers) =>
    new Promise((resolve) => {
      let status = 0;
      let first;
      const done = (error) => {
        if (error || status !== 200 || !first?.includes(needle)) {
          wrong.count += 1;
          wrong.first ??= error ? String(error) : `${status} ${first?.toString('utf8', 0, 300)}`;
        }
        resolve();
      };
      pool.dispatch(
        { path: pathname, method: 'POST', headers, body: text },
        {
          onRequestStart() {},
          onResponseStart(_controller, code) {
            status = code;
          },
          onResponseData(_controller, chunk) {
            first = first ? (first.length < 4096 ? Buffer.concat([first, chunk]) : first) : Buffer.from(chunk);
          },
          onResponseEnd: () => done(),
          onResponseError: (_controller, error) => done(error),
        },
      );
    });

  await Promise.all(Array.from({ length: c }, connection));
  const took = (performance.now() - startedAtMs) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    calls: latencies.length,
    seconds: took,
    perSecond: latencies.length / took,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    wrong: wrong.count,
    firstWrong: wrong.first,
  };
}
