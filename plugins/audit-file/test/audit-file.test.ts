import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AuditRow } from '@gethelio/proxy/contracts/audit';
import { testPlugin } from '@gethelio/proxy/testing';
import { createFileSink } from '../file-sink.ts';
import { auditFile } from '../index.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'helio-sink-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const row = (seq: number, reason = 'fine') => ({ seq, id: `id-${seq}`, reason, hash: `h${seq}` }) as AuditRow;
const rows = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => row(from + index));
const { signal } = new AbortController();
const path = () => join(folder, 'audit.ndjson');
const sink = (over = {}) =>
  createFileSink({ name: 'file', path: path(), maxBytes: 1e9, maxFiles: 3, from: 'next', fsync: false, ...over });
const seqs = (file = path()) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as AuditRow).seq);

test('every row is one line, and nobody else may read the file', async () => {
  const file = sink();
  await file.write([row(1, 'two\nlines'), row(2)], signal);
  await file.close?.();
  expect(seqs()).toEqual([1, 2]);
  expect(statSync(path()).mode & 0o777).toBe(0o600);
});

test('rows that come again after a crash are not written again', async () => {
  const before = sink();
  await before.write(rows(1, 5), signal);
  await before.close?.();
  const after = sink();
  await after.open?.();
  await after.write(rows(3, 8), signal); // the batch in which it crashed
  await after.close?.();
  expect(seqs()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('rows of another trail are written, though the numbers were there before', async () => {
  const before = sink();
  await before.write(rows(1, 5), signal);
  await before.close?.();
  const after = sink();
  await after.write(
    rows(1, 5).map((each) => ({ ...each, hash: `other${each.seq}` })),
    signal,
  );
  await after.close?.();
  expect(seqs()).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
});

test('a line that a crash left unfinished is cut off and written whole', async () => {
  const before = sink();
  await before.write(rows(1, 3), signal);
  await before.close?.();
  appendFileSync(path(), '{"seq":4,"id":"id-');
  const after = sink();
  await after.write(rows(4, 5), signal);
  await after.close?.();
  expect(seqs()).toEqual([1, 2, 3, 4, 5]);
});

test('a full file is put aside, and the oldest goes', async () => {
  const file = sink({ maxBytes: 200 });
  for (let seq = 1; seq <= 40; seq += 1) await file.write([row(seq)], signal);
  await file.close?.();
  expect(existsSync(`${path()}.2`)).toBe(true);
  expect(existsSync(`${path()}.3`)).toBe(false);
  const kept = [...seqs(`${path()}.2`), ...seqs(`${path()}.1`), ...seqs()];
  expect(kept).toEqual(rows(kept[0]!, 40).map(({ seq }) => seq));
});

test('with the audit plugin every row arrives in the file', async () => {
  const running = await testPlugin(auditFile, { with: ['audit'], config: { from: 'first' } });
  await running.call('some_tool');
  await running.call('other_tool');
  const file = join(running.folder, '.helio', 'audit.ndjson');
  for (let tries = 0; tries < 400 && (!existsSync(file) || seqs(file).length < 2); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 25));
  expect(
    readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as AuditRow).tool),
  ).toEqual(['some_tool', 'other_tool']);
  await running.stop();
});
