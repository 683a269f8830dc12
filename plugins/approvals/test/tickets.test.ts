import { afterEach, describe, expect, test } from 'vitest';
import { bench, until, type Bench } from './bench.ts';

let b: Bench;
afterEach(async () => b?.stop());

const pay = (amount = 10, agent = 'agent-1') => ({ name: 'pay', arguments: { amount }, agent });

describe('who decides', () => {
  test('a quorum counts different people, and each of them once', async () => {
    b = await bench();
    b.rules = [{ name: 'pay', approval: { quorum: 2 } }];
    const call = b.call(pay());
    const ticket = await b.pending();
    expect(await b.approve(ticket, 'alice')).toMatchObject({ ok: true, counted: true });
    expect(await b.approve(ticket, 'alice')).toMatchObject({ ok: false, why: 'voted' });
    expect(b.upstream.received).toHaveLength(0);
    expect(await b.approve(ticket, 'bob')).toMatchObject({ ok: true, counted: false, ticket: { state: 'approved' } });
    expect((await call).outcome).toBe('forwarded');
  });

  test('the strictest of all the rules that ask: largest quorum, shortest time, only approvers of every list', async () => {
    b = await bench();
    b.rules = [
      { name: 'a', approval: { quorum: 1, timeout: '100s', approvers: ['alice', 'bob'], channel: 'ops' } },
      { name: 'b', approval: { quorum: 2, timeout: '40s', approvers: ['bob', 'zoe'], channel: 'boss' } },
    ];
    const call = b.call(pay());
    const ticket = await b.pending();
    expect(ticket).toMatchObject({ quorum: 2, approvers: ['bob'], channels: ['ops', 'boss'] });
    expect(ticket.deadlineAtMs - ticket.createdAtMs).toBe(40_000);
    expect(await b.approve(ticket, 'alice')).toMatchObject({ ok: false, why: 'not_an_approver' });
    expect(
      await b.desk.decide({ ticket: ticket.id, channel: 'dashboard', decision: 'approve', approver: 'olga' }),
    ).toMatchObject({ ok: false, why: 'not_an_approver' });
    await b.deny(ticket).then((refused) => expect(refused.ok).toBe(false));
    b.clock.advance(40_000);
    expect((await call).code).toBe('approval_timeout');
  });

  test('one no is a no, whatever was said before', async () => {
    b = await bench();
    b.rules = [{ name: 'pay', approval: { quorum: 2 } }];
    const call = b.call(pay());
    const ticket = await b.pending();
    await b.approve(ticket, 'bob');
    await b.deny(ticket, 'no');
    expect((await call).code).toBe('approval_denied');
    expect(await b.approve(ticket, 'alice')).toMatchObject({ ok: false, why: 'decided' });
  });

  test('break-glass overrides approvers and quorum, is flagged, and lifts no deny', async () => {
    b = await bench();
    b.rules = [{ name: 'pay', approval: { quorum: 2, approvers: ['bob', 'alice'] } }];
    const call = b.call(pay());
    const ticket = await b.pending();
    const broken = await b.desk.breakGlass({ ticket: ticket.id, approver: 'olga', reason: 'the shop is down' });
    expect(broken).toMatchObject({ ok: true, ticket: { state: 'break_glass', decidedBecause: 'the shop is down' } });
    expect((await call).outcome).toBe('forwarded');

    const second = b.call(pay(11));
    const other = await b.pending();
    b.more = [{ effect: 'deny', code: 'policy_denied', reason: 'Never.' }];
    await b.desk.breakGlass({ ticket: other.id, approver: 'olga', reason: 'again' });
    expect((await second).code).toBe('policy_denied');
    expect(b.upstream.received).toHaveLength(1);
  });

  test('delegates hear of it after the escalation, and may decide from then on', async () => {
    b = await bench();
    b.rules = [{ name: 'pay', approval: { channel: 'ops', delegates: ['boss'], escalation_after: '60s' } }];
    const call = b.call(pay());
    const ticket = await b.pending();
    const word = { ticket: ticket.id, channel: 'boss', decision: 'approve', approver: 'zoe' } as const;
    expect(await b.desk.decide(word)).toMatchObject({ ok: false, why: 'not_an_approver' });
    expect(b.shown.map(({ event }) => event)).toEqual(['requested']);
    b.clock.advance(60_000);
    await until(() => b.shown.find(({ event }) => event === 'escalated'));
    expect(b.records.some(({ kind }) => kind === 'approval_escalated')).toBe(true);
    expect(await b.desk.decide(word)).toMatchObject({ ok: true });
    expect((await call).outcome).toBe('forwarded');
  });
});

describe('many tickets', () => {
  test('a principal has at most max_pending, others are not touched', async () => {
    b = await bench({ config: { wait: '10ms', max_pending: 3 } });
    for (let i = 0; i < 3; i++) expect((await b.call(pay(i))).outcome).toBe('pending');
    const over = await b.call(pay(99));
    expect(over.outcome).toBe('denied');
    expect(over.text).toContain('3 approvals are open');
    expect(b.desk.pending()).toBe(3);
    expect((await b.call(pay(99, 'agent-2'))).outcome).toBe('pending');
    const { tickets } = await b.desk.list({ status: 'pending', limit: 10 });
    await b.deny(tickets.find(({ principal }) => principal === 'agent-1')!);
    expect((await b.call(pay(99))).outcome).toBe('pending');
  });

  test('fifty parallel identical calls make one ticket and one card', async () => {
    b = await bench({ config: { wait: '100ms' } });
    await Promise.all(Array.from({ length: 50 }, () => b.call(pay())));
    expect((await b.desk.list({ status: 'all', limit: 100 })).tickets).toHaveLength(1);
    expect(b.shown).toHaveLength(1);
  });

  test('a hundred clicks at once decide once', async () => {
    b = await bench();
    const call = b.call(pay());
    const ticket = await b.pending();
    const words = Array.from({ length: 100 }, (_, i) => (i % 2 ? b.approve(ticket, 'bob') : b.deny(ticket)));
    const decided = await Promise.all(words);
    expect(decided.filter(({ ok }) => ok)).toHaveLength(1);
    await call;
    expect(b.upstream.received.length).toBeLessThanOrEqual(1);
  });
});

describe('what is told', () => {
  test('every step is an event without arguments', async () => {
    b = await bench();
    const call = b.call({ ...pay(), arguments: { iban: 'GB33BUKB20201555555555' } });
    await b.approve(await b.pending());
    await call;
    const events = b.records.filter(({ kind }) => kind.startsWith('approval_'));
    expect(events.map(({ kind }) => kind)).toEqual(['approval_requested', 'approval_resolved']);
    expect(JSON.stringify(events.map(({ data }) => data))).not.toContain('GB33');
    await until(() => b.updated[0]);
  });

  test('a channel that fails is logged and recorded, and the ticket stays', async () => {
    b = await bench();
    b.breakChannel = 'the pager is on fire';
    const call = b.call(pay());
    const ticket = await b.pending();
    const failed = await until(() => b.records.find(({ kind }) => kind === 'approval_notification_failed'));
    expect(failed.data).toMatchObject({ ticket: ticket.id, channel: 'ops', reason: 'the pager is on fire' });
    await b.approve(ticket);
    expect((await call).outcome).toBe('forwarded');
  });

  test('the card shows what hides, and says when it is cut', async () => {
    b = await bench({ config: { wait: '10ms' } });
    await b.call({ ...pay(), arguments: { to: '\u202egnp.exe\u200b', tail: 'y'.repeat(300_000) } });
    const ticket = await b.pending();
    expect(ticket.argumentsText).toContain('\\u202egnp.exe\\u200b');
    expect(ticket.argumentsCut).toBe(true);
    expect(ticket.argumentsText).toContain('[cut here');
    expect(ticket.argumentsHash).toMatch(/^[0-9a-f]{64}$/);
  });
});

test('a judged-only question makes no ticket', async () => {
  b = await bench();
  const { decision } = await b.explain({ name: 'pay', arguments: { amount: 10 } });
  expect(decision.effect).toBe('hold');
  expect(b.desk.pending()).toBe(0);
  expect(b.shown).toHaveLength(0);
});

test('on_shutdown: cancel ends the open tickets of this process, and tells who waits', async () => {
  b = await bench({ config: { on_shutdown: 'cancel' } });
  const call = b.call(pay());
  await b.pending();
  await b.stop();
  expect(await call).toMatchObject({ code: 'shutdown_cancelled', outcome: 'denied' });
  expect(b.upstream.received).toHaveLength(0);
  expect(b.records.filter(({ kind }) => kind === 'approval_resolved').map(({ data }) => data?.['state'])).toEqual([
    'shutdown_cancelled',
  ]);
  b = await bench();
});
