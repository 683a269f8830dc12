import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase, type Database } from '@gethelio/proxy/plugin';
import type { PluginTest } from '@gethelio/proxy/testing';
import { eventually, rowsOf, withAudit } from './kit.ts';

let folder: string;
let running: PluginTest | undefined;
let other: Database | undefined;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'helio-audit-'))));
afterEach(async () => {
  other?.close();
  await running?.stop();
  running = other = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Another process holds the write lock of audit.db. */
function lock(): () => void {
  other = openDatabase(join(folder, '.helio', 'audit.db'));
  other.exec('BEGIN IMMEDIATE');
  return () => other!.exec('COMMIT');
}
const call = (n: number) => running!.call({ name: 'create_payment', arguments: { n } });

test('strict: while the file is locked calls are refused with audit_unavailable; once it is free they go on, and nothing is lost', async () => {
  running = await withAudit({}, { folder });
  await call(1);
  const release = lock();
  const during = await call(2); // sent before anybody knew
  expect(during.outcome).toBe('forwarded');
  const refused = await call(3);
  expect(refused).toMatchObject({ effect: 'deny', code: 'audit_unavailable' });
  expect(running.upstream.received.map(({ arguments: { n } }) => n)).toEqual([1, 2]);
  release();
  await eventually(async () => (await call(4)).outcome === 'forwarded');
  const rows = rowsOf(folder).filter(({ kind }) => kind === 'call');
  const outcomes = (n: number) =>
    rows.filter(({ arguments: args }) => (args as { n: number }).n === n).map(({ outcome }) => outcome);
  expect(outcomes(2)).toEqual(['forwarded']);
  expect(outcomes(3)).toEqual(['denied']);
  expect(outcomes(4).at(-1)).toBe('forwarded');
});

test('relaxed: while the file is locked calls go on, and their rows are there once it is free', async () => {
  running = await withAudit({ durability: 'relaxed' }, { folder });
  await call(1);
  await eventually(() => rowsOf(folder).length === 1);
  const release = lock();
  for (let n = 2; n <= 5; n += 1) expect((await call(n)).outcome).toBe('forwarded');
  await new Promise((resolve) => setTimeout(resolve, 2_500)); // longer than the writer waits for a lock
  expect((await call(6)).outcome).toBe('forwarded');
  release();
  await eventually(() => rowsOf(folder).length === 6);
});

for (const durability of ['strict', 'relaxed'] as const) {
  test.skipIf(process.platform !== 'linux')(
    `${durability}: on a full disk calls are ${durability === 'strict' ? 'refused' : 'let through'}; with room again every row is there`,
    async () => {
      running = await withAudit({ durability }, { folder });
      await call(1);
      const full = await limitFileSize(0);
      if (durability === 'strict') await eventually(async () => (await call(2)).code === 'audit_unavailable');
      else expect((await call(2)).outcome).toBe('forwarded');
      const sent = running.upstream.received.length;
      const during = await call(3);
      expect(during.outcome).toBe(durability === 'strict' ? 'denied' : 'forwarded');
      expect(running.upstream.received.length).toBe(durability === 'strict' ? sent : sent + 1);
      await full.release();
      await eventually(async () => (await call(4)).outcome === 'forwarded');
      const rows = await eventually(() => {
        const found = rowsOf(folder).filter(({ kind }) => kind === 'call');
        return found.some(({ arguments: args }) => (args as { n: number }).n === 4) && found;
      });
      const recorded = new Set(
        rows.filter(({ outcome }) => outcome === 'forwarded').map(({ arguments: args }) => (args as { n: number }).n),
      );
      for (const { arguments: args } of running.upstream.received)
        expect(recorded.has(args['n'] as number), `call ${String(args['n'])}`).toBe(true);
    },
  );
}

/** `prlimit --fsize`: no file of this process takes a byte more; writes fail (EFBIG) as they do on a full disk. */
async function limitFileSize(bytes: number) {
  process.on('SIGXFSZ', () => {}); // it would end the process
  const limit = (text: string) => promisify(execFile)('prlimit', ['--pid', String(process.pid), `--fsize=${text}`]);
  await limit(`${bytes}:unlimited`);
  return { release: () => limit('unlimited:unlimited') };
}

test('what had to be given up is counted, and the count is itself on record', async () => {
  running = await withAudit({ durability: 'relaxed' }, { folder });
  await call(1);
  await eventually(() => rowsOf(folder).length === 1);
  const release = lock();
  const waiting = 20_000; // as many rows wait for a trail that cannot be written
  for (let n = 0; n < waiting + 300; n += 1) await running.kernel.record({ kind: 'note', data: { n } });
  release();
  const reader = openDatabase(join(folder, '.helio', 'audit.db'), { readOnly: true });
  const count = (kind: string) =>
    reader.prepare('SELECT count(*) AS n FROM rows WHERE kind = ?').get<{ n: number }>(kind)!.n;
  await eventually(() => count('unrecorded') === 1);
  const row = reader.prepare("SELECT detail FROM rows WHERE kind = 'unrecorded'").get<{ detail: string }>()!;
  const { unrecorded } = (JSON.parse(row.detail) as { data: { unrecorded: number } }).data;
  expect(unrecorded).toBeGreaterThan(0);
  await eventually(() => count('note') + unrecorded === waiting + 300);
  reader.close();
});
