import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { definePlugin } from '@gethelio/proxy/plugin';
import { documents, type Documents } from '@gethelio/proxy/contracts/state';
import type { PluginTest } from '@gethelio/proxy/testing';
import { z } from 'zod';
import { identifyProcess, startOf } from '../process-identity.ts';
import { isGone, silentAfterMs } from '../store/processes.ts';
import { verifyTrail } from '../store/verify.ts';
import { readPublicKeys } from '../store/keys.ts';
import { openTrail } from '../store/schema.ts';
import { eventually, rowsOf, withAudit } from './kit.ts';

let folder: string;
const running: PluginTest[] = [];
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'helio-audit-'))));
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop();
  rmSync(folder, { recursive: true, force: true });
});
async function start(config = {}) {
  let store: Documents | undefined;
  const looker = definePlugin({
    name: 'looker',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    needs: { documents },
    register: ({ needs }) => void (store = needs.documents),
  });
  const helio = await withAudit(config, { folder, with: ['state-sqlite'], plugins: [looker] });
  running.push(helio);
  return { helio, store: store! };
}

test('several Helios on one folder write one chain, and none declares calls of a living one unknown', async () => {
  const one = await start();
  let release!: () => void;
  const held = new Promise<void>((resolve) => (release = resolve));
  one.helio.upstream.answers('create_payment', async () => (await held, { content: [] }));
  const pending = one.helio.call({ name: 'create_payment', arguments: { from: 'one' } });
  await eventually(async () => (await one.store.count('audit.intents')) === 1);
  // The other one has the same pid here, which a restart in a container has too: it is known by its own id and start.
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const self = identifyProcess();
  const database = openTrail(join(folder, '.helio', 'audit.db'));
  const [owner] = (await one.store.list('audit.intents')).map(({ key }) => key.split('/')[0]!);
  database
    .prepare('UPDATE processes SET pid = ?, started = ? WHERE id = ?')
    .run(child.pid!, startOf(child.pid!), owner!);
  const two = await start();
  await two.helio.call({ name: 'create_payment', arguments: { from: 'two' } });
  expect(rowsOf(folder).map(({ outcome }) => outcome)).toEqual(['forwarded']);
  release();
  await pending;
  expect(rowsOf(folder).map(({ outcome }) => outcome)).toEqual(['forwarded', 'forwarded']);
  expect(verifyTrail(database, readPublicKeys(join(folder, '.helio'))).ok).toBe(true);
  expect(self.pid).toBe(process.pid);
  database.close();
  child.kill();
});

test('a process is gone when its pid is, or is somebody else, or was silent where pids say nothing', () => {
  const self = { id: 'a', host: 'h boot ns', pid: process.pid, started: startOf(process.pid) };
  const nowMs = 1_000_000;
  const other = { id: 'b', host: self.host, pid: process.ppid, started: startOf(process.ppid), beat: 0 };
  expect(isGone(other, self, nowMs)).toBe(false); // it lives, however silent
  expect(isGone({ ...other, started: '1' }, self, nowMs)).toBe(true);
  expect(isGone({ ...other, pid: 4_000_000 }, self, nowMs)).toBe(true);
  expect(isGone({ ...other, pid: self.pid }, self, nowMs)).toBe(true);
  expect(isGone({ ...other, host: 'elsewhere', beat: nowMs - silentAfterMs + 1 }, self, nowMs)).toBe(false);
  expect(isGone({ ...other, host: 'elsewhere', beat: nowMs - silentAfterMs - 1 }, self, nowMs)).toBe(true);
  expect(isGone({ ...other, started: '', beat: nowMs }, self, nowMs)).toBe(false);
});

test('a file of a newer Helio is refused with a sentence, and is left as it is', async () => {
  (await start()).helio;
  await running.pop()!.stop();
  const database = openTrail(join(folder, '.helio', 'audit.db'));
  database.exec('PRAGMA user_version = 99');
  database.close();
  await expect(withAudit({}, { folder })).rejects.toThrow(/newer Helio/);
});
