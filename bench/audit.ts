/** The audit trail at a million rows: inserts against an empty one, the ten usual queries with plans and times. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { measureTrail } from '../plugins/audit/test/measure.ts';

/** `rows` is a million unless told otherwise; lines go to `tell`. */
export function benchAudit(rows = 1_000_000, tell: (line: string) => void = () => {}) {
  const folder = mkdtempSync(join(tmpdir(), 'helio-bench-audit-'));
  try {
    return measureTrail(join(folder, 'audit.db'), folder, rows, tell);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const rows = Number(process.argv[2] ?? 1_000_000);
  const result = benchAudit(rows, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}
