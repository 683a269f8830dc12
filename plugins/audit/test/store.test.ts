import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import fc from 'fast-check';
import { createAppender, beginning } from '../store/append.ts';
import { readOrCreateKey, readPublicKeys } from '../store/keys.ts';
import { canonical, columns, type NewRow } from '../store/row.ts';
import { createPruner, usedBytes } from '../store/prune.ts';
import { openTrail } from '../store/schema.ts';
import { closeSegment, signHead, signedFloor } from '../store/seal.ts';
import { verifyTrail } from '../store/verify.ts';
import { newRow } from './rows.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'helio-audit-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function trail(rows: number) {
  const database = openTrail(join(folder, 'audit.db'));
  const key = readOrCreateKey(folder);
  signHead(database, key, 1);
  const append = createAppender(database, beginning);
  for (let from = 0; from < rows; from += 500)
    append(
      Array.from({ length: Math.min(500, rows - from) }, (_, index) =>
        newRow({ id: `id-${from + index}`, at: 1_000 + from + index }),
      ),
    );
  signHead(database, key, 2);
  return {
    database,
    key,
    append,
    keys: readPublicKeys(folder),
    verify: () => verifyTrail(database, readPublicKeys(folder)),
  };
}

test('a whole trail verifies to its last row, with segments and a signed end', () => {
  const { database, key, verify } = trail(1_200);
  closeSegment(database, key, 1e13, 0);
  expect(verify()).toMatchObject({
    ok: true,
    checked: 1_200,
    signedTo: 1_200,
    lastSeq: 1_200,
    segments: { closed: 1, pruned: 0 },
  });
  database.close();
});

test('verification names the first row that was edited, whatever column', () => {
  for (const [column, value] of [
    ['outcome', 'denied'],
    ['at', 7],
    ['arguments', '{"amount":1}'],
    ['answer', Buffer.from('x')],
    ['detail', '{}'],
    ['session', null],
    ['hash', Buffer.alloc(32)],
  ] as const) {
    const { database, verify } = trail(20);
    database.prepare(`UPDATE rows SET ${column} = ? WHERE seq = 7`).run(value);
    expect(verify().fault, column).toMatchObject({ what: 'edited', seq: 7, id: 'id-6' });
    database.close();
    rmSync(join(folder, 'audit.db'));
  }
});

test('verification names the first row of what was deleted in the middle', () => {
  const { database, verify } = trail(20);
  database.exec('DELETE FROM rows WHERE seq IN (5, 6)');
  expect(verify().fault).toMatchObject({ what: 'missing', seq: 5 });
  database.close();
});

test('verification names the first of two rows that changed places', () => {
  const { database, verify } = trail(20);
  database.exec(
    'UPDATE rows SET seq = 900 WHERE seq = 4; UPDATE rows SET seq = 4 WHERE seq = 9; UPDATE rows SET seq = 9 WHERE seq = 900',
  );
  expect(verify().fault).toMatchObject({ what: 'edited', seq: 4 });
  database.close();
});

test('rows made up at the end, with hashes that fit, are found by the place that was noted', () => {
  const { database, verify } = trail(20);
  const { head } = verify();
  database.exec("DELETE FROM rows WHERE seq > 18; UPDATE head SET statement = replace(statement, '20', '18')");
  expect(verify().fault).toMatchObject({ what: 'signature' });
  expect(head).toMatch(/^[0-9a-f]{64}$/);
  database.close();
});

test('a cut tail is found, also when the signed end inside the database was rolled back with it', () => {
  const { database, verify } = trail(20);
  database.exec('DELETE FROM rows WHERE seq > 15');
  expect(verify().fault).toMatchObject({ what: 'cut', seq: 16 });
  database.exec('DELETE FROM head');
  expect(verify().fault).toMatchObject({ what: 'cut', seq: 16, message: expect.stringContaining('audit.db.head') });
  rmSync(join(folder, 'audit.db.head'));
  expect(verify().fault).toMatchObject({ what: 'unsigned' });
  database.close();
});

test('a chain that goes on after its tail was cut keeps the hole', () => {
  const { database, keys, key, verify } = trail(20);
  database.exec('DELETE FROM rows WHERE seq > 15');
  createAppender(database, signedFloor(database, keys))([newRow({ id: 'later' })]);
  signHead(database, key, 3);
  expect(verify().fault).toMatchObject({ what: 'missing', seq: 16, message: expect.stringContaining('16 to 20') });
  database.close();
});

test('a segment whose statement or signature was touched is found', () => {
  const { database, key, verify } = trail(20);
  closeSegment(database, key, 1e13, 0);
  database.exec('UPDATE segments SET last_at = 1');
  expect(verify().fault).toMatchObject({ what: 'segment' });
  database.close();
});

test('a trail that another key signed is not taken for ours', () => {
  const { database } = trail(20);
  const other = mkdtempSync(join(tmpdir(), 'helio-audit-'));
  readOrCreateKey(other);
  expect(verifyTrail(database, readPublicKeys(other)).fault).toMatchObject({ what: 'signature' });
  rmSync(other, { recursive: true });
  database.close();
});

test('the same id is written once', () => {
  const { database, append, verify } = trail(3);
  expect(append([newRow({ id: 'id-1' }), newRow({ id: 'new' })]).written).toBe(1);
  expect(verify()).toMatchObject({ ok: true, lastSeq: 4 });
  database.close();
});

test('two writers on one file make one chain', () => {
  const { database, append, verify } = trail(3);
  const second = openTrail(join(folder, 'audit.db'));
  const appendToo = createAppender(second, beginning);
  for (let round = 0; round < 20; round += 1) {
    append([newRow({ id: `a${round}` })]);
    appendToo([newRow({ id: `b${round}` }), newRow({ id: `c${round}` })]);
  }
  expect(verify()).toMatchObject({ ok: true, lastSeq: 63 });
  second.close();
  database.close();
});

test('the signing key is made once and nobody else may read it', () => {
  const key = readOrCreateKey(folder);
  expect(readOrCreateKey(folder).id).toBe(key.id);
  expect(statSync(join(folder, 'audit.key')).mode & 0o777).toBe(0o600);
  expect(readPublicKeys(folder).ids).toEqual([key.id]);
});

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\0', '","', '\\', 'null', '\u2028'),
);
const nullable = fc.option(text, { nil: null });
const count = fc.nat(Number.MAX_SAFE_INTEGER);
const anyRow: fc.Arbitrary<NewRow> = fc.record({
  id: text,
  at: count,
  kind: text,
  method: nullable,
  tool: nullable,
  upstream: nullable,
  session: nullable,
  session_source: nullable,
  agent: nullable,
  agent_source: nullable,
  client: nullable,
  door: nullable,
  peer: nullable,
  effect: text,
  outcome: text,
  code: nullable,
  rule: nullable,
  plugin: nullable,
  is_error: fc.constantFrom(0 as const, 1 as const),
  helio_us: count,
  waited_us: count,
  upstream_us: count,
  total_us: count,
  config_hash: nullable,
  version: text,
  process: text,
  arguments: nullable,
  sent_arguments: nullable,
  detail: text,
  error: nullable,
  answer_form: fc.constantFrom('whole' as const, 'none' as const),
  answer_encoding: fc.constantFrom('json' as const, null),
  answer: fc.option(fc.uint8Array(), { nil: null }),
});

test('what is hashed is what is stored: any row read back has the same canonical form', () => {
  const { database, append, verify } = trail(0);
  let made = 0;
  fc.assert(
    fc.property(anyRow, (row) => {
      const unique = { ...row, id: `${(made += 1)}` };
      const { head } = append([unique]);
      const found = database.prepare('SELECT * FROM rows WHERE seq = ?').get<NewRow>(head.seq)!;
      expect(canonical(head.seq, found)).toBe(canonical(head.seq, unique));
    }),
    { numRuns: 300 },
  );
  expect(verify().ok).toBe(true);
  database.close();
});

test('two rows that differ in any column differ in their canonical form', () => {
  fc.assert(
    fc.property(anyRow, anyRow, fc.constantFrom(...columns), (one, other, column) => {
      const changed = { ...one, [column]: other[column] };
      const differs = JSON.stringify(one[column]) !== JSON.stringify(other[column]);
      expect(canonical(1, one) !== canonical(1, changed)).toBe(differs);
      expect(canonical(1, one)).not.toBe(canonical(2, one));
    }),
    { numRuns: 500 },
  );
});

test('retention by size and by age takes the oldest segments in small steps, and what is left verifies and is found', () => {
  const { database, key, append, verify } = trail(0);
  for (let segment = 0; segment < 6; segment += 1) {
    append(
      Array.from({ length: 300 }, (_, index) =>
        newRow({ id: `s${segment}-${index}`, at: segment * 1_000_000 + index, answer: randomBytes(2_000) }),
      ),
    );
    closeSegment(database, key, 1e13, 0);
  }
  signHead(database, key, 3);
  const whole = usedBytes(database);
  const prune = createPruner(database, key);
  let steps = 0;
  while (prune({ ageMs: undefined, sizeBytes: whole / 2 }, 6_000_000, true)) steps += 1;
  expect(steps).toBeGreaterThan(10);
  expect(usedBytes(database)).toBeLessThanOrEqual(whole / 2);
  const left = database
    .prepare('SELECT min(seq) AS first, count(*) AS n FROM rows')
    .get<{ first: number; n: number }>()!;
  expect(left.n).toBeGreaterThan(300);
  expect((left.first - 1) % 300).toBe(0);
  while (prune({ ageMs: 1_500_000, sizeBytes: undefined }, 6_000_000, true)) continue;
  expect(database.prepare('SELECT min(at) AS at FROM rows').get<{ at: number }>()!.at).toBeGreaterThanOrEqual(
    4_500_000,
  );
  const rows = database.prepare('SELECT count(*) AS n FROM rows').get<{ n: number }>()!.n;
  expect(verify()).toMatchObject({ ok: true, checked: rows, lastSeq: 1_800 });
  const tallied = database.prepare("SELECT sum(count) AS n FROM tallies WHERE field = 'rows'").get<{ n: number }>()!;
  expect(tallied.n).toBe(rows);
  while (prune({ ageMs: 1, sizeBytes: undefined }, 1e12, true)) continue;
  append([newRow({ id: 'after everything went' })]);
  signHead(database, key, 4);
  expect(verify()).toMatchObject({ ok: true, checked: 1, lastSeq: 1_801, segments: { closed: 0, pruned: 6 } });
  database.exec("UPDATE segments SET statement = replace(statement, 'pruned', 'closed') WHERE number = 2");
  expect(verify().fault).toMatchObject({ what: 'segment' });
  database.close();
});
