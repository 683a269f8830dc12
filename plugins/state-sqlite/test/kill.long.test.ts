import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { multiplyDecimal } from '@gethelio/proxy/plugin';
import { createSqliteStore } from '../store.ts';
import { startChild } from './child.ts';

const rounds = 20;
const answeredPerRound = 500;

it(`loses and invents nothing over ${rounds} kills at random points, two processes at a time`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'helio-state-'));
  const path = join(folder, 'state.db');
  const tried = new Set<string>();
  const taken = new Set<string>();
  for (let round = 0; round < rounds; round += 1) {
    const children = await Promise.all([startChild(path, 'take'), startChild(path, 'take')]);
    const enough = answeredPerRound / 2 + Math.floor(Math.random() * 200);
    await Promise.all(
      children.map(async (child) => {
        for (let n = 0; n < enough; n += 1) await child.next('taken');
        child.process.kill('SIGKILL');
        await child.ended;
      }),
    );
    for (const line of children.flatMap((child) => child.said())) {
      if ('trying' in line) tried.add(line.trying as string);
      if ('taken' in line && line.ok) taken.add(line.taken as string);
    }
    const store = createSqliteStore({ path, maxBucketsPerFamily: 10, busyTimeoutMs: 5_000, nowMs: () => Date.now() });
    const entries = (await store.ledger.entries('budget:pot:x', 0, 1_000_000)).map(({ entry }) => entry);
    const { total } = await store.ledger.balance('budget:pot:x', 0);
    const intents = await store.documents.count('intents');
    await store.close();

    const there = new Set(entries);
    expect([...taken].filter((entry) => !there.has(entry))).toEqual([]);
    expect(entries.filter((entry) => !tried.has(entry))).toEqual([]);
    expect(total).toBe(multiplyDecimal('0.07', String(entries.length)));
    expect(intents).toBe(entries.length); // of every transaction all or nothing
  }
  expect(taken.size).toBeGreaterThanOrEqual(rounds * answeredPerRound);
  rmSync(folder, { recursive: true, force: true });
});
