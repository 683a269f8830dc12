import { afterEach, expect, test } from 'vitest';
import type { CliInput, Json } from '@gethelio/proxy/plugin';
import { approvalCommands } from '../cli/commands.ts';
import { approvalsDashboard } from '../../approvals-dashboard/index.ts';
import { operatorSecret, startApprovals, type Running } from './running.ts';

let t: Running;
afterEach(async () => t?.stop());

/** Runs `helio approvals ...` against the running Helio, as the command line does. */
async function helio(name: string, args: readonly string[] = [], options: CliInput['options'] = {}, json = false) {
  const [out, notes]: [string[], string[]] = [[], []];
  const command = approvalCommands.find((each) => each.name === `approvals ${name}`)!;
  const code = await command.run({
    args,
    options,
    json,
    out: (text) => void out.push(text),
    note: (text) => void notes.push(text),
    columns: 120,
    openStores: async () => undefined,
    async ask(method, path, body) {
      const answer = await fetch(`${t.url('dashboard')}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${operatorSecret}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const said = (await answer.json()) as Json & { error?: { message: string } };
      if (!answer.ok) throw new Error(said.error?.message);
      return said;
    },
  });
  return { code: code ?? 0, out: out.join('\n'), notes: notes.join('\n') };
}

async function start(): Promise<string> {
  t = await startApprovals(approvalsDashboard, { channels: '', approval: 'wait: 30ms' });
  await t.call({ name: 'pay', argumentsText: '{"amount":12.30,"note":"\\u001b[31mred"}' });
  return (await t.api('GET', '/api/approvals')).body.tickets[0].id;
}

test('lists, shows, approves; the grant is listed and can be revoked', async () => {
  const id = await start();
  const listed = await helio('list');
  expect(listed.out).toContain(id);
  expect(listed.out).toContain('upstream/pay');
  expect(listed.out).not.toContain('\u001b');
  const shown = await helio('show', [id]);
  for (const part of ['12.30', 'pending', 'rule "held"', 'hash']) expect(shown.out).toContain(part);
  expect(shown.out).not.toContain('\u001b');
  expect(JSON.parse((await helio('show', [id], {}, true)).out)).toMatchObject({ id, state: 'pending' });
  expect((await helio('watch', [], { once: true })).out).toContain(id);

  expect((await helio('approve', [id], { note: 'fine' })).notes).toContain('approved');
  await expect(helio('approve', [id])).rejects.toThrow('final');
  const grants = await helio('grants');
  expect(grants.out).toContain(id);
  const [grant] = JSON.parse((await helio('grants', [], {}, true)).out).grants;
  expect((await helio('grants', [], { revoke: grant.id })).notes).toContain('Revoked');
  expect((await helio('list')).notes).toContain('Nothing waits');
  expect((await helio('list', [], { status: 'decided' })).out).toContain('approved');
});

test('denies with a reason, and says what a wrong status is', async () => {
  const id = await start();
  expect((await helio('deny', [id], { reason: 'no' })).notes).toContain('denied');
  expect((await t.call({ name: 'pay', argumentsText: '{"amount":12.3,"note":"\\u001b[31mred"}' })).text).toContain(
    '"no"',
  );
  expect((await helio('list', [], { status: 'open' })).code).toBe(2);
});
