import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkAfterKill } from './after-kill.ts';

test('after kill -9 every answered call has its row, every other that was sent is unknown, and the chain verifies', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'helio-kill-'));
  const { unknown } = await checkAfterKill(folder, 'a', 60);
  expect(unknown).toBeGreaterThanOrEqual(0);
  await checkAfterKill(folder, 'b', 60);
  rmSync(folder, { recursive: true, force: true });
});
