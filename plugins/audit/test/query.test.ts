import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '@gethelio/proxy/plugin';
import { findCandidates } from '../query/candidates.ts';
import { parseQuery, QueryError } from '../query/language.ts';
import { createReaderOperations, type ReaderOperations } from '../reader-operations.ts';
import { beginning, createAppender } from '../store/append.ts';
import { openTrail } from '../store/schema.ts';
import { createIndexer } from '../store/words.ts';
import { firstAtMs, manyRow } from './many-rows.ts';
import { newRow } from './rows.ts';
import { tenQueries } from './ten-queries.ts';

let folder: string;
let database: Database;
let operations: ReaderOperations;
const count = 3_000;
const nowMs = firstAtMs + count * 60_000;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'helio-audit-'));
  database = openTrail(join(folder, 'audit.db'));
  const append = createAppender(database, beginning);
  append(Array.from({ length: count }, (_, index) => manyRow(index, 60_000)));
  append([
    newRow({
      id: 'odd',
      at: nowMs,
      tool: 'odd[1]?',
      arguments: '{"a":{"b":[{"c":"x*y"}]},"ok":true,"big":12.5,"text":"7"}',
      is_error: 1,
      detail: '{"flags":["destructive"]}',
      session: null,
      agent: null,
    }),
  ]);
  const index = createIndexer(database);
  while (index()) continue;
  operations = createReaderOperations(database);
});
afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const all = (q: string) => {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = operations.query({ q, limit: 70, ...(cursor !== undefined && { cursor }) }, nowMs);
    ids.push(...page.rows.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  return ids;
};
const expected = (matches: (row: ReturnType<typeof manyRow>, index: number) => boolean) =>
  Array.from({ length: count }, (_, index) => manyRow(index, 60_000))
    .filter(matches)
    .map(({ id }) => id)
    .reverse();
const args = (row: { arguments: string | null }) => JSON.parse(row.arguments!) as { amount: number; order: string };

describe('a query finds exactly the rows that match, newest first, page by page', () => {
  const cases: [q: string, matches: (row: ReturnType<typeof manyRow>, index: number) => boolean][] = [
    ['kind:call -id:odd', () => true],
    ['tool:create_payment', ({ tool }) => tool === 'create_payment'],
    ['tool:stripe_*', ({ tool }) => tool!.startsWith('stripe_')],
    ['tool:*_p*', ({ tool }) => /_p/.test(tool!)],
    ['tool:create_payment,echo', ({ tool }) => tool === 'create_payment' || tool === 'echo'],
    ['-tool:stripe_* -id:odd', ({ tool }) => !tool!.startsWith('stripe_')],
    ['outcome:deny', ({ outcome }) => outcome === 'denied'],
    ['effect:denied', ({ effect }) => effect === 'deny'],
    ['outcome:denied since:24h', ({ outcome, at }) => outcome === 'denied' && at >= nowMs - 86_400_000],
    ['session:s-7', ({ session }) => session === 's-7'],
    ['session:s-7 tool:echo', ({ session, tool }) => session === 's-7' && tool === 'echo'],
    ['rule:rule-5', ({ rule }) => rule === 'rule-5'],
    ['agent:agent-3 outcome:denied', ({ agent, outcome }) => agent === 'agent-3' && outcome === 'denied'],
    ['amount>9900', (row) => args(row).amount > 9900],
    ['amount>=9900 amount<9950', (row) => args(row).amount >= 9900 && args(row).amount < 9950],
    ['tool:create_payment $.amount>9900', (row) => row.tool === 'create_payment' && args(row).amount > 9900],
    ['order:A-4242', (row) => args(row).order === 'A-4242'],
    ['order:A-42*', (row) => args(row).order.startsWith('A-42')],
    ['arguments.order~a-99', (row) => args(row).order.toLowerCase().includes('a-99')],
    ['order!=A-1 session:s-0', (row) => args(row).order !== 'A-1' && row.session === 's-0'],
    ['latency>1s', ({ total_us }) => total_us > 1_000_000],
    ['latency>1 tool:echo', ({ total_us, tool }) => total_us > 1_000 && tool === 'echo'],
    ['"order A-1234"', (_row, index) => index === 1234],
    ['closes outcome:denied', ({ outcome }) => outcome === 'denied'],
    ['"order A-1234" -tool:*', () => false],
    [
      `after:${new Date(firstAtMs + 600_000).toISOString()} before:${new Date(firstAtMs + 900_000).toISOString()}`,
      (_row, index) => index >= 10 && index < 15,
    ],
  ];
  for (const [q, matches] of cases) test(q, () => expect(all(q)).toEqual(expected(matches)));
});

test('odd names, nested paths, flags, errors and booleans are found', () => {
  for (const q of [
    'tool:odd[1]?',
    'tool:odd[*',
    'error:true',
    'flag:destructive',
    'a.b[0].c="x*y"',
    'ok:true',
    'big>12.4',
    'big=12.5',
    'text="7"',
    'text:7',
  ])
    expect(all(q), q).toEqual(['odd']);
  expect(all('text>6 id:odd')).toEqual([]); // a text is no number
});

test('a row that is not indexed yet is found by its arguments', () => {
  const fresh = openTrail(join(folder, 'fresh.db'));
  createAppender(fresh, beginning)([newRow({ id: 'new', arguments: '{"amount":5}' })]);
  expect(createReaderOperations(fresh).query({ q: 'amount=5' }, nowMs)).toMatchObject({
    rows: [{ id: 'new' }],
    unindexed: 1,
  });
  fresh.close();
});

test('pages begin where the page before ended, also in the other order and while rows arrive', () => {
  const first = operations.query({ q: 'tool:echo', limit: 10, order: 'asc' }, nowMs);
  const second = operations.query({ q: 'tool:echo', limit: 10, order: 'asc', cursor: first.next! }, nowMs);
  const ids = [...first.rows, ...second.rows].map(({ id }) => id);
  expect(ids).toEqual(
    expected(({ tool }) => tool === 'echo')
      .reverse()
      .slice(0, 20),
  );
});

test('what cannot be read is refused with a sentence', () => {
  for (const q of ['tool:', 'since:yesterday', 'after:never', 'latency>fast', '-', 'a[b]>1'])
    expect(() => parseQuery(q, nowMs), q).toThrow(QueryError);
  expect(() => operations.query({ cursor: 'nonsense' }, nowMs)).toThrow(QueryError);
});

test('hostile words do not reach the index as operators', () => {
  const hostile = ['"a" OR "b"', 'NEAR(', '"tool : x"', '*', '^x', '{a}', '"' + '""', '"', "'; DROP TABLE rows; --"];
  for (const q of hostile) {
    try {
      operations.query({ q }, nowMs);
    } catch (error) {
      expect(error, q).toBeInstanceOf(QueryError);
    }
  }
  expect(operations.query({ limit: 1 }, nowMs).rows).toHaveLength(1);
});

test('facets count by value, from the tallies and from the rows alike', () => {
  const whole = operations.facets({}, nowMs);
  expect(whole).toMatchObject({ total: count + 1, complete: true });
  const filtered = operations.facets({ q: 'kind:call' }, nowMs);
  expect(filtered.facets['tool']).toEqual(whole.facets['tool']);
  expect(filtered.facets['outcome']).toEqual(whole.facets['outcome']);
  expect(operations.facets({ q: 'tool:create_payment' }, nowMs)).toMatchObject({
    total: count / 10,
    facets: { tool: [{ value: 'create_payment', count: count / 10 }] },
  });
});

test('none of the ten usual queries scans the table or sorts it', () => {
  for (const { name, q } of tenQueries) {
    const { sql } = findCandidates(database, parseQuery(q, nowMs), 'desc');
    const values = Array.from({ length: (sql.match(/\?/g) ?? []).length }, () => 1);
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all<{ detail: string }>(...values)
      .map(({ detail }) => detail);
    expect(plan.join('\n'), name).not.toMatch(/SCAN rows/);
    if (!sql.includes('UNION')) expect(plan.join('\n'), name).not.toMatch(/TEMP B-TREE/);
    expect(plan.join('\n'), name).toMatch(/USING (COVERING )?INDEX|VIRTUAL TABLE INDEX/);
  }
});
