/** Measures a trail of so many rows: inserts empty and full, the ten usual queries, their plans. For the benchmark and the long test. */
import { findCandidates } from '../query/candidates.ts';
import { parseQuery } from '../query/language.ts';
import { createReaderOperations } from '../reader-operations.ts';
import { beginning, createAppender } from '../store/append.ts';
import { readOrCreateKey, readPublicKeys } from '../store/keys.ts';
import { openTrail } from '../store/schema.ts';
import { closeSegment, signHead } from '../store/seal.ts';
import { verifyTrail } from '../store/verify.ts';
import { createIndexer } from '../store/words.ts';
import { firstAtMs, manyRow } from './many-rows.ts';
import { tenQueries } from './ten-queries.ts';

const batchRows = 64;
const measuredRows = 20_000;

export function measureTrail(path: string, stateDir: string, rows: number, tell: (line: string) => void) {
  const database = openTrail(path);
  const key = readOrCreateKey(stateDir);
  const append = createAppender(database, beginning);
  let next = 0;
  /** CPU microseconds per row: other work on the machine does not count. */
  const insert = (count: number): number => {
    let spentUs = 0;
    for (const end = next + count; next < end; next += batchRows) {
      const batch = Array.from({ length: Math.min(batchRows, end - next) }, (_, index) => manyRow(next + index));
      const before = process.cpuUsage();
      append(batch);
      const { user, system } = process.cpuUsage(before);
      spentUs += user + system;
    }
    return spentUs / count;
  };
  insert(measuredRows); // warm
  const emptyUs = insert(measuredRows);
  tell(`insert into an almost empty trail: ${emptyUs.toFixed(1)} us of CPU a row`);
  insert(rows - 3 * measuredRows);
  const fullUs = insert(measuredRows);
  tell(`insert at ${rows} rows: ${fullUs.toFixed(1)} us of CPU a row (x ${(fullUs / emptyUs).toFixed(2)})`);
  const indexStartedMs = performance.now();
  const index = createIndexer(database);
  while (index()) continue;
  const indexUs = ((performance.now() - indexStartedMs) * 1000) / rows;
  tell(`text index: ${indexUs.toFixed(1)} us a row, behind the writer`);
  signHead(database, key, 1);
  while (closeSegment(database, key, 0)) continue;

  const nowMs = firstAtMs + rows * 7_000;
  const operations = createReaderOperations(database);
  const queries = tenQueries.map(({ name, q: written }) => {
    const q = written.replace('ID', manyRow(Math.floor(rows / 2)).id);
    const times = Array.from({ length: 5 }, () => {
      const startedMs = performance.now();
      operations.query({ q }, nowMs);
      return performance.now() - startedMs;
    }).sort((a, b) => a - b);
    const { sql } = findCandidates(database, parseQuery(q, nowMs), 'desc');
    const values = Array.from({ length: (sql.match(/\?/g) ?? []).length }, () => 1);
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all<{ detail: string }>(...values)
      .map(({ detail }) => detail)
      .join('; ');
    tell(`${name}: ${times[2]!.toFixed(2)} ms  [${plan.slice(0, 110)}]`);
    return { name, q, medianMs: times[2]!, plan };
  });
  const facetsStartedMs = performance.now();
  operations.facets({}, nowMs);
  const facetsMs = performance.now() - facetsStartedMs;
  tell(`facets over everything: ${facetsMs.toFixed(1)} ms`);
  const verifyStartedMs = performance.now();
  const verified = verifyTrail(database, readPublicKeys(stateDir));
  const verifyUs = ((performance.now() - verifyStartedMs) * 1000) / rows;
  tell(`verify: ${verifyUs.toFixed(1)} us a row`);
  database.close();
  return { rows, emptyUs, fullUs, insertRatio: fullUs / emptyUs, indexUs, queries, facetsMs, verifyUs, verified };
}
