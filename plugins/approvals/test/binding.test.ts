/** What is shown of a call's arguments is bound to them, and says nothing to who would guess them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { definePlugin, type Call, type Commit, type StoreOp } from '@gethelio/proxy/plugin';
import { commit, documents, type Documents } from '@gethelio/proxy/contracts/state';
import { testPlugin } from '@gethelio/proxy/testing';
import { sha256 } from '../digest.ts';
import { collections } from '../store.ts';
import { bench, type Bench } from './bench.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
async function started(options: Parameters<typeof bench>[0] = {}): Promise<Bench> {
  const b = await bench({ config: { wait: '30ms' }, ...options });
  stops.push(() => b.stop());
  return b;
}
const pin = (pin: number, name = 'pay') => ({ name, argumentsText: `{"pin":${pin}}`, agent: 'agent-1' });
const plainSubject = (call: Call): string => sha256('subject', 'agent-1', call.digest());

test('the same arguments have the same hash here, and another one in another installation', async () => {
  const [here, there] = [await started(), await started()];
  await here.call(pin(1234));
  const first = await here.pending();
  here.rules = [{ name: 'pay', identity: 'another match' }];
  await here.call(pin(1234));
  const second = await here.pending();
  expect(second.id).not.toBe(first.id);
  expect(second.argumentsHash).toBe(first.argumentsHash);
  expect(second.digest).not.toBe(first.digest);
  await there.call(pin(1234));
  const elsewhere = await there.pending();
  expect(elsewhere.argumentsHash).not.toBe(first.argumentsHash);
  expect(elsewhere.digest).not.toBe(first.digest);
});

test('nothing that leaves Helio lets a short secret be found by trying: tickets, grants, events, records', async () => {
  const b = await started();
  const [told] = [await b.call(pin(1234))];
  await b.approve(await b.pending());
  const { grants } = await b.desk.grants({ limit: 10 });
  const ran = await b.call(pin(1234));
  const { tickets } = await b.desk.list({ status: 'all', limit: 10 });
  expect([told.outcome, ran.outcome]).toEqual(['pending', 'forwarded']);
  const shown = JSON.stringify([
    tickets,
    grants,
    b.shown,
    b.updated,
    told.feedback,
    b.records.map(({ kind, data, id }) => ({ kind, data, id })),
    b.records.map(({ facts }) => facts.get({ id: 'approvals.ticket' } as never) ?? null),
  ]);
  const call = ran.record.call!;
  const plain = createHash('sha256')
    .update(JSON.stringify({ pin: 1234 }))
    .digest('hex');
  const guesses = [call.digest(), plainSubject(call), plain, sha256('ticket', plainSubject(call), '', 'rule:pay')];
  for (const guess of guesses) expect(shown).not.toContain(guess);
  expect(shown).toContain(tickets[0]!.argumentsHash);
});

test('tickets, yeses and noes that an earlier version kept under plain hashes still count', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'helio-rekey-'));
  stops.push(() => rm(folder, { recursive: true, force: true }));
  const options = { with: ['state-sqlite'], folder, nowMs: Date.now() };
  const before = await bench({ config: { wait: '30ms' }, ...options });
  const calls: Call[] = [];
  for (const n of [1, 2, 3]) {
    calls.push((await before.call(pin(n))).record.call!);
    const ticket = await before.pending();
    if (n === 1) await before.approve(ticket);
    if (n === 2) await before.deny(ticket, 'not this one');
  }
  const open = await before.pending();
  await before.stop();
  await asBeforeKeys(options, calls);

  const after = await started(options);
  expect((await after.call(pin(1))).outcome).toBe('forwarded');
  expect((await after.call(pin(2))).code).toBe('approval_denied');
  expect((await after.call(pin(3))).outcome).toBe('pending');
  expect((await after.pending()).id).toBe(open.id);
  await after.approve(open);
  expect((await after.call(pin(3))).outcome).toBe('forwarded');
  expect(after.upstream.received).toHaveLength(2);
  const { tickets } = await after.desk.list({ status: 'all', limit: 10 });
  for (const call of calls) expect(JSON.stringify(tickets)).not.toContain(call.digest());
});

/** Writes what stands in the store as a version without keys wrote it. */
async function asBeforeKeys(options: Parameters<typeof testPlugin>[1], calls: readonly Call[]): Promise<void> {
  const store: { documents?: Documents; commit?: Commit } = {};
  const looker = definePlugin({
    name: 'looker',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    needs: { documents, commit },
    register: ({ needs }) => void Object.assign(store, needs),
  });
  const t = await testPlugin(looker, options);
  const ops: StoreOp[] = [
    { op: 'remove', collection: collections.keys, key: 'binding', mustExist: true },
    { op: 'remove', collection: collections.keys, key: 'rekeyed', mustExist: true },
  ];
  const plainOf = new Map<string, Call>();
  for (const collection of [collections.open, collections.decided]) {
    for (const { key, value } of await store.documents!.list(collection)) {
      const ticket = value as { subject: string; callId: string; id: string };
      const call = calls.find(({ id }) => id === ticket.callId)!;
      plainOf.set(ticket.subject, call);
      const was = { ...ticket, subject: plainSubject(call), argumentsHash: call.digest() };
      ops.push({ op: 'put', collection, key, value: was, expiresAtMs: Date.now() + 3_600_000 });
      if (collection === collections.open) {
        ops.push({ op: 'remove', collection: collections.subjects, key: ticket.subject, mustExist: true });
        ops.push({ op: 'put', collection: collections.subjects, key: was.subject, value: { ticket: was.id } });
      }
    }
  }
  for (const { key, value } of await store.documents!.list(collections.grants)) {
    const id = `once.${plainSubject(plainOf.get(key.slice('once.'.length))!)}`;
    ops.push({ op: 'remove', collection: collections.grants, key, mustExist: true });
    ops.push({ op: 'put', collection: collections.grants, key: id, value: { ...(value as object), id } });
  }
  for (const { key, value } of await store.documents!.list(collections.denied)) {
    ops.push({ op: 'remove', collection: collections.denied, key, mustExist: true });
    ops.push({ op: 'put', collection: collections.denied, key: plainSubject(plainOf.get(key)!), value });
  }
  expect(ops.length).toBe(2 + 3 + 2 + 2 + 2);
  expect((await store.commit!.commit(ops)).ok).toBe(true);
  await t.stop();
}
