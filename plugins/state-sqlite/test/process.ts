/** A Helio-like process on a state.db, driven by the tests over its standard streams: `process.ts PATH MODE`. */
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createSqliteStore } from '../store.ts';

const [path, mode] = process.argv.slice(2);
const store = createSqliteStore({
  path: path!,
  maxBucketsPerFamily: 100_000,
  busyTimeoutMs: 5_000,
  nowMs: () => Date.now(),
});
// A line in a file is there at once; what waits in this process for a slow reader dies with it.
const say = (message: object) => {
  appendFileSync(`${path}.said.${process.pid}`, `${JSON.stringify(message)}\n`);
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

if (mode === 'take') {
  // Takes one at a time per lane until told to stop; says each take when it is durable, before the next begins.
  await store.open();
  say({ open: true });
  let count = 0;
  const lane = async (name: string): Promise<void> => {
    for (;;) {
      const entry = `${process.pid}-${name}-${(count += 1)}`;
      const atMs = Date.now();
      say({ trying: entry });
      const done = await store.commit.commit([
        { op: 'take', bucket: 'budget:pot:x', entry, amount: '0.07', limit: '1000000', atMs, sinceMs: 0 },
        { op: 'put', collection: 'intents', key: entry, value: { entry } },
      ]);
      say({ taken: entry, ok: done.ok });
    }
  };
  await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(lane));
} else {
  // `race N LIMIT`: N parallel takes when a line arrives; says how many fitted.
  await store.open();
  say({ open: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const { takes, limit } = JSON.parse(line) as { takes: number; limit: string };
    const done = await Promise.all(
      Array.from({ length: takes }, (_, n) =>
        store.commit.commit([
          { op: 'take', bucket: 'rate:r:a', entry: `${process.pid}-${n}`, amount: '1', limit, atMs: 5, sinceMs: 0 },
        ]),
      ),
    );
    say({ fitted: done.filter(({ ok }) => ok).length });
  }
  await store.close();
}
