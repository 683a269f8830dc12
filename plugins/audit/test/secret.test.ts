import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { definePlugin, openDatabase } from '@gethelio/proxy/plugin';
import { z } from 'zod';
import { auditFeed, auditSink, type AuditFeed } from '../contract.ts';
import { eventually, rowsOf, withAudit } from './kit.ts';

const secret = 'PLANTED-s3cr3t-value';

test('a planted secret is nowhere: not in the database or its WAL, state, rows, events, sinks or logs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'helio-secret-'));
  const told: unknown[] = [];
  let feed: AuditFeed | undefined;
  const listener = definePlugin({
    name: 'listener',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    needs: { feed: auditFeed },
    register(api) {
      feed = api.needs.feed;
      api.contribute(auditSink, { name: 'ear', from: 'first', write: async (rows) => void told.push(...rows) });
    },
  });
  const helio = await withAudit(
    {
      redact: [
        { keys: ['api_key', 'card'] },
        { paths: ['/arguments/pin'], mode: 'hash' },
        { keys: ['gone'], mode: 'drop' },
      ],
    },
    { folder, plugins: [listener], with: ['state-sqlite'] },
  );
  feed!.subscribe((event) => told.push(event));
  const files = () =>
    readdirSync(join(folder, '.helio')).map((name) => ({ name, bytes: readFileSync(join(folder, '.helio', name)) }));
  let during: { name: string; bytes: Buffer }[] = [];
  helio.upstream.answers('create_payment', async () => {
    during = files(); // while the call is out its intent lies in state.db
    return {
      content: [
        { type: 'text', text: `charged ${secret}; {"api_key":"${secret}"}` },
        { type: 'text', text: JSON.stringify({ deep: { card: [secret] } }) },
      ],
      structuredContent: { card: { number: secret }, filler: 'x'.repeat(3_000) },
    };
  });
  helio.upstream.answers('fails', async () => ({ kind: 'unknown', reason: `lost api_key=${secret}` }) as const);
  for (const name of ['create_payment', 'denied_thing', 'fails'])
    await helio.call({
      name,
      arguments: {
        api_key: secret,
        inner: { card: secret, gone: secret },
        pin: secret,
        url: `https://h/?api_key=${secret}`,
        note: `my ${secret} is here`,
      },
    });
  await helio.kernel.record({
    kind: 'refusal',
    outcome: 'denied',
    data: { sent: `{"method":"tools/call","params":{"arguments":{"pin":"${secret}","api_key":"${secret}"` },
  });
  const rows = await eventually(() => told.length >= 5 && rowsOf(folder));
  expect(rows.length).toBeGreaterThanOrEqual(4);
  await eventually(() => {
    const database = openDatabase(join(folder, '.helio', 'audit.db'), { readOnly: true });
    const indexed = database.prepare("SELECT value FROM marks WHERE name = 'words'").get<{ value: number }>()?.value;
    database.close();
    return indexed === rows.length;
  });
  const nowhere = (text: string, where: string) => expect(text.includes(secret), where).toBe(false);
  for (const { name, bytes } of [...during, ...files()]) nowhere(bytes.toString('latin1'), name);
  nowhere(JSON.stringify(rows), 'rows');
  nowhere(JSON.stringify(told), 'events and sinks');
  nowhere(JSON.stringify(helio.logs.filter(({ fields }) => fields['plugin'] === 'audit')), 'log');
  const database = openDatabase(join(folder, '.helio', 'audit.db'), { readOnly: true });
  const answers = database
    .prepare("SELECT answer FROM rows WHERE answer_encoding = 'deflate'")
    .all<{ answer: Uint8Array }>();
  expect(answers.length).toBeGreaterThan(0);
  for (const { answer } of answers) nowhere(inflateRawSync(answer).toString(), 'compressed answers');
  for (const table of ['rule', 'reason', 'arguments', 'answer', 'tool']) {
    const found = database
      .prepare(`SELECT count(*) AS n FROM words WHERE ${table} MATCH '"s3cr3t"'`)
      .get<{ n: number }>()!;
    expect(found.n, table).toBe(0);
  }
  database.close();
  await helio.stop();
  for (const { name, bytes } of files()) nowhere(bytes.toString('latin1'), name);
  rmSync(folder, { recursive: true, force: true });
});
