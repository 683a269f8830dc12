/** What must hold after a Helio was killed and another one started on its files. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { openDatabase } from '@gethelio/proxy/plugin';
import { testPlugin } from '@gethelio/proxy/testing';
import { audit } from '../index.ts';
import { readPublicKeys } from '../store/keys.ts';
import { verifyTrail } from '../store/verify.ts';
import { runAndKill } from './kill.ts';
import { gate, rowsOf } from './kit.ts';

export async function checkAfterKill(folder: string, name: string, answers: number) {
  const { reached, answered } = await runAndKill(folder, name, answers);
  const next = await testPlugin(audit, { folder, with: ['state-sqlite'], plugins: [gate] });
  await next.stop();
  const rows = rowsOf(folder).filter(
    ({ kind, arguments: args }) => kind === 'call' && String((args as { n: string }).n).startsWith(`${name}-`),
  );
  const outcomes = new Map(rows.map(({ arguments: args, outcome }) => [(args as { n: string }).n, outcome]));
  expect(outcomes.size).toBe(rows.length); // nothing twice
  for (const n of answered) expect(outcomes.get(n), `answered ${n}`).toBe('forwarded');
  for (const n of reached) expect(outcomes.get(n), `sent ${n}`).toMatch(/^(forwarded|unknown)$/);
  const database = openDatabase(join(folder, '.helio', 'audit.db'), { readOnly: true });
  const verified = verifyTrail(database, readPublicKeys(join(folder, '.helio')));
  database.close();
  expect(verified.fault).toBeUndefined();
  return { unknown: rows.filter(({ outcome }) => outcome === 'unknown').length };
}
