import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteStore } from '../store.ts';
import { startChild } from './child.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'helio-state-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('two processes on one state.db', () => {
  it('let exactly L of 200 parallel takes through together', async () => {
    const path = join(folder, 'state.db');
    const children = await Promise.all([startChild(path, 'race'), startChild(path, 'race')]);
    for (const child of children) child.process.stdin!.end(`${JSON.stringify({ takes: 100, limit: '63' })}\n`);
    const fitted = await Promise.all(children.map(async (child) => (await child.next('fitted')).fitted as number));
    expect(fitted[0]! + fitted[1]!).toBe(63);
    expect(await Promise.all(children.map(async (child) => (await child.ended) as unknown[]))).toEqual([
      [0, null],
      [0, null],
    ]);
  });

  it('keep what was answered when one is killed', async () => {
    const path = join(folder, 'state.db');
    const child = await startChild(path, 'take');
    for (let n = 0; n < 40; n += 1) await child.next('taken');
    child.process.kill('SIGKILL');
    await child.ended;
    const taken = child
      .said()
      .filter((line) => 'taken' in line)
      .map(({ taken }) => taken);
    const store = createSqliteStore({ path, maxBucketsPerFamily: 10, busyTimeoutMs: 5_000, nowMs: () => Date.now() });
    const entries = await store.ledger.entries('budget:pot:x', 0, 1_000_000);
    expect(entries.map(({ entry }) => entry)).toEqual(expect.arrayContaining(taken));
    await store.close();
  });
});
