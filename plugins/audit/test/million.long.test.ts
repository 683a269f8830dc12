import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { measureTrail } from './measure.ts';

test('at 1,000,000 rows an insert costs what it does in an empty database, and the ten usual queries answer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'helio-million-'));
  const { insertRatio, queries, verified } = measureTrail(join(folder, 'audit.db'), folder, 1_000_000, () => {});
  expect(verified).toMatchObject({ ok: true, checked: expect.any(Number) });
  expect(queries).toHaveLength(10);
  for (const { name, plan } of queries) expect(plan, name).not.toMatch(/SCAN rows/);
  // The target is 1.2 (bench/audit.ts reports it); here only what no noise explains fails.
  expect(insertRatio).toBeLessThan(3);
  rmSync(folder, { recursive: true, force: true });
});
