import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CliCommand, CliInput } from '@gethelio/proxy/plugin';
import type { PluginTest } from '@gethelio/proxy/testing';
import { commands } from '../cli/commands.ts';
import { printable } from '../cli/table.ts';
import { auditConfig } from '../config.ts';
import { csvCell, exportColumns } from '../export/formats.ts';
import { beginning, createAppender } from '../store/append.ts';
import { readOrCreateKey } from '../store/keys.ts';
import { openTrail } from '../store/schema.ts';
import { closeSegment, signHead } from '../store/seal.ts';
import { createIndexer } from '../store/words.ts';
import { manyRow } from './many-rows.ts';
import { newRow } from './rows.ts';
import { eventually, withAudit } from './kit.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'helio-audit-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = () => join(folder, 'audit.db');
function fill(rows = [newRow()], close = false) {
  mkdirSync(folder, { recursive: true });
  const database = openTrail(path());
  const key = readOrCreateKey(folder);
  createAppender(database, beginning)(rows);
  signHead(database, key, 1);
  if (close) closeSegment(database, key, 1e13, 0);
  const index = createIndexer(database);
  while (index()) continue;
  database.close();
}
async function helio(line: string, ...more: string[]) {
  const [name, ...rest] = [line, ...more];
  const list = commands({ path: path(), stateDir: folder, config: auditConfig.parse({}) });
  const command = list.find((each) => each.name === name) as CliCommand;
  const args = rest.filter((word) => !word.startsWith('--'));
  const options = Object.fromEntries(
    rest
      .filter((word) => word.startsWith('--'))
      .map((word) => {
        const [flag, value] = word.slice(2).split(/=(.*)/s) as [string, string | undefined];
        return flag.startsWith('no-')
          ? [flag.slice(3), false]
          : [flag.replace(/-(.)/g, (_all, letter: string) => letter.toUpperCase()), value ?? true];
      }),
  );
  let [out, note] = ['', ''];
  const progress: (string | undefined)[] = [];
  const input: CliInput = {
    args,
    options,
    json: options['json'] === true,
    columns: 200,
    out: (text) => void (out += text.endsWith('\n') ? text : `${text}\n`),
    note: (text) => void (note += `${text}\n`),
    progress: (text) => void progress.push(text),
    openStores: async () => {},
    ask: () => Promise.reject(new Error('not running')),
  };
  const exit = (await command.run(input)) ?? 0;
  return { out, note, exit, progress };
}

/** A strict reader of RFC 4180. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  const cells = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/gy;
  for (;;) {
    const found = cells.exec(text);
    if (!found) throw new Error(`no CSV at ${cells.lastIndex}`);
    rows.at(-1)!.push(found[1] !== undefined ? found[1].replaceAll('""', '"') : found[2]!);
    if (cells.lastIndex >= text.length) return rows;
    if (found[3] === '\r\n') rows.push([]);
  }
}

test('JSON, NDJSON and CSV hold the same rows in the same columns', async () => {
  fill(Array.from({ length: 1_234 }, (_, index) => manyRow(index)));
  const json = JSON.parse((await helio('audit export')).out) as Record<string, unknown>[];
  const ndjson = (await helio('export', '--format=ndjson')).out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const [heading, ...csv] = readCsv((await helio('export', '--format=csv')).out.replace(/\r\n$/, ''));
  expect(json).toHaveLength(1_234);
  expect(ndjson).toEqual(json);
  expect(heading).toEqual(Object.keys(json[0]!));
  expect(heading).toEqual(exportColumns);
  expect(csv).toHaveLength(1_234);
  csv.forEach((cells, index) => {
    const row = json[index]!;
    heading!.forEach((column, place) => {
      const value = row[column];
      const plain = value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
      expect(cells[place]).toBe(/^[=+\-@]/.test(plain) && typeof value === 'string' ? `'${plain}` : plain);
    });
  });
});

test('formulas, quotes, newlines and separators are inert in CSV and come back whole', () => {
  const cell = (text: string) => csvCell(JSON.stringify(text));
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\r=1', '＝1', '|cmd', '%0A=1']) {
    expect(cell(text), text).toMatch(/^"'/);
    expect(readCsv(cell(text))).toEqual([[`'${text}`]]);
  }
  for (const text of ['plain', 'a,b', 'say "hi"', 'two\r\nlines', 'ünï']) expect(readCsv(cell(text))).toEqual([[text]]);
});

test('a tool named as a formula with a terminal escape does nothing on a terminal, in CSV or JSON', async () => {
  const evil = '=cmd|\u001b]0;pwned\u0007\u202e<script>alert(1)</script>';
  fill([newRow({ tool: evil, arguments: JSON.stringify({ text: '\u001b[2J' }) })]);
  const { out } = await helio('audit query');
  expect(out).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  expect((await helio('audit show', newRow().id)).out).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
  expect(readCsv((await helio('export', '--format=csv')).out.replace(/\r\n$/, ''))[1]).toContain(`'${evil}`);
  expect(printable('a\nb')).toBe('a⏎b');
});

test('numbers leave as they came: no double on the way', async () => {
  fill([newRow({ arguments: '{"amount":10000000000000000.0100}' })]);
  for (const format of ['json', 'ndjson', 'csv'])
    expect((await helio('export', `--format=${format}`)).out).toContain('10000000000000000.0100');
});

test('an export goes to a file that nobody else may read, with its progress on a terminal', async () => {
  fill(Array.from({ length: 1_200 }, (_, index) => manyRow(index)));
  const file = join(folder, 'out.ndjson');
  const { out, note, progress } = await helio('audit export', 'tool:echo', '--format=ndjson', `--output=${file}`);
  expect(out).toBe('');
  expect(note).toContain('120 rows');
  expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(120);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(progress.at(-1)).toBeUndefined();
  expect((await helio('export', '--format=xml')).exit).toBe(2);
});

test('reading changes no byte of the database', async () => {
  fill(
    Array.from({ length: 500 }, (_, index) => manyRow(index)),
    true,
  );
  const digest = () => createHash('sha256').update(readFileSync(path())).digest('hex');
  const before = digest();
  for (const command of ['audit query', 'audit stats', 'audit export', 'audit verify', 'audit prune'])
    expect((await helio(command)).exit, command).toBe(0);
  expect((await helio('audit tail', '--no-follow')).out.trimEnd().split('\n')).toHaveLength(10);
  expect(digest()).toBe(before);
});

test('verify says what is whole, and ends with 6 and the first bad row when something is not', async () => {
  fill(Array.from({ length: 30 }, (_, index) => manyRow(index)));
  const whole = await helio('audit verify');
  expect(whole).toMatchObject({ exit: 0, out: expect.stringContaining('30 rows up to 30, signed up to 30') });
  const head = /Head: (\S+)/.exec(whole.out)![1]!;
  expect((await helio('audit verify', `--head=${head}`)).exit).toBe(0);
  const database = openTrail(path());
  database.exec("UPDATE rows SET outcome = 'denied' WHERE seq = 12");
  database.close();
  const broken = await helio('audit verify', '--json');
  expect(broken.exit).toBe(6);
  expect(JSON.parse(broken.out)).toMatchObject({
    ok: false,
    checked: 11,
    fault: { what: 'edited', seq: 12, id: manyRow(11).id },
  });
  expect((await helio('audit verify', '--head=nonsense')).exit).toBe(2);
});

test('an end that was noted elsewhere finds a trail that was rolled back and signed again', async () => {
  fill(Array.from({ length: 30 }, (_, index) => manyRow(index)));
  const head = /Head: (\S+)/.exec((await helio('audit verify')).out)![1]!;
  for (const file of [path(), `${path()}.head`]) rmSync(file);
  fill(Array.from({ length: 30 }, (_, index) => manyRow(index + (index === 29 ? 1 : 0)))); // by somebody who has the key
  expect((await helio('audit verify')).exit).toBe(0);
  expect((await helio('audit verify', `--head=${head}`)).exit).toBe(6);
});

test('prune takes whole segments, leaves signed stubs, and the rest still verifies', async () => {
  fill(
    Array.from({ length: 700 }, (_, index) => manyRow(index)),
    true,
  );
  const database = openTrail(path());
  createAppender(database, beginning)([newRow({ id: 'young', at: Date.now() })]);
  signHead(database, readOrCreateKey(folder), 2);
  database.close();
  expect((await helio('audit prune', '--older-than=1d')).out).toContain('Nothing was removed');
  expect((await helio('audit prune', '--older-than=1d', '--yes')).out).toContain('700 rows are gone');
  expect((await helio('audit verify')).out).toContain('1 rows up to 701, signed up to 701, 1 segments pruned');
  expect(JSON.parse((await helio('audit stats', '--json')).out)).toMatchObject({
    rows: 1,
    total: 1,
    segments: { pruned: 1 },
  });
  expect((await helio('audit query', 'order')).note).toContain('No rows match');
});

test('no trail yet, a file that is none, an odd query: a sentence and an exit code', async () => {
  expect(await helio('audit query')).toMatchObject({
    exit: 1,
    note: expect.stringContaining('There is no audit trail'),
  });
  fill();
  expect(await helio('audit query', 'tool:')).toMatchObject({ exit: 2, note: expect.stringContaining('no value') });
  expect(await helio('audit show', 'nobody')).toMatchObject({ exit: 1 });
  expect(existsSync(path())).toBe(true);
});

let running: PluginTest | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

test('the API lists, shows, counts, exports and verifies what the commands do', async () => {
  running = await withAudit(
    {},
    { with: ['operator'], yaml: "dashboard: { port: 0, api_secret: 'a-secret-of-some-length-0123456789' }" },
  );
  for (let n = 0; n < 25; n += 1) await running.call({ name: n % 5 ? 'tool_a' : 'tool_b', arguments: { n } });
  const get = (path: string) =>
    fetch(`${running!.url('dashboard')}/api/audit${path}`, {
      headers: { authorization: 'Bearer a-secret-of-some-length-0123456789' },
    });
  const page = (await (await get('?q=tool:tool_a&limit=15')).json()) as { rows: { id: string }[]; next: string };
  expect(page.rows).toHaveLength(15);
  const next = (await (await get(`?q=tool:tool_a&limit=15&cursor=${page.next}`)).json()) as { rows: object[] };
  expect(next.rows).toHaveLength(5);
  expect(await (await get(`/${page.rows[0]!.id}`)).json()).toMatchObject({ tool: 'tool_a', arguments: { n: 24 } });
  expect((await get('/nobody')).status).toBe(404);
  expect(await (await get('/facets?q=tool:tool_b')).json()).toMatchObject({
    total: 5,
    facets: { tool: [{ value: 'tool_b', count: 5 }] },
  });
  expect(await (await get('/stats')).json()).toMatchObject({ rows: 25, unrecorded: 0 });
  const csv = await get('/export?format=csv&q=tool:tool_b');
  expect(csv.headers.get('content-disposition')).toMatch(/attachment; filename="helio-audit-.*\.csv"/);
  const [heading, ...rows] = readCsv((await csv.text()).replace(/\r\n$/, ''));
  expect(heading).toEqual(exportColumns);
  expect(rows).toHaveLength(5);
  expect((await get('?q=since:yesterday')).status).toBe(400);
  expect((await get('/export?q=since:yesterday')).status).toBe(400);
  expect(
    await eventually(async () => {
      const verified = (await (await get('/verify')).json()) as { ok?: boolean };
      return verified.ok !== undefined && verified;
    }),
  ).toMatchObject({ ok: true, checked: 25 });
  expect((await fetch(`${running.url('dashboard')}/api/audit`)).status).toBe(401);
});
