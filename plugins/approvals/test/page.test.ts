import { expect, test } from 'vitest';
import type { Ticket } from '../contract.ts';
import { ticketPage, ticketTable } from '../cli/table.ts';

const ticket: Ticket = {
  id: 'apr_01kc2m5v3q9f7h2j4k6m8n0p1r',
  state: 'denied',
  createdAtMs: 1_790_000_000_000,
  deadlineAtMs: 1_790_000_300_000,
  decidedAtMs: 1_790_000_100_000,
  decidedBecause: 'this supplier is not on the list that purchasing sent around on Monday, ask them first',
  principal: 'agent:purchasing-assistant-of-the-london-office',
  upstream: 'payments',
  kind: 'tool',
  name: 'create_payment',
  argumentsText:
    '{\n  "memo": "a long line of text that a person has to read as it is, broken nowhere, whatever the width"\n}',
  argumentsCut: false,
  argumentsHash: 'ab'.repeat(32),
  definition: '',
  digest: 'cd'.repeat(32),
  callId: '0199',
  askers: [
    {
      plugin: 'budgets',
      code: 'budget_exceeded',
      reason:
        'The pot "advertising and everything that goes with it" would hold 12,000.00 of 10,000.00 GBP this month.',
      identity: 'budgets:ads',
    },
  ],
  channels: ['dashboard', 'slack-of-the-purchasing-department', 'pager-of-who-is-on-duty'],
  delegates: ['chief-financial-officer'],
  quorum: 2,
  scopes: ['once'],
  votes: [
    {
      decision: 'approve',
      approver: 'olga',
      channel: 'dashboard',
      atMs: 1,
      note: 'looks right to me, the invoice is in the folder of last week',
    },
  ],
  deliveries: {
    pager: {
      state: 'failed',
      atMs: 1,
      reason: 'connect ECONNREFUSED 127.0.0.1:9 while it was tried for the third time',
    },
  },
};

test('a ticket stands within the terminal; the hash stays in one piece and the arguments stay as they are', () => {
  const page = ticketPage(ticket, 1_790_000_000_000, 80);
  const [facts, args] = page.split('\narguments\n') as [string, string];
  for (const line of facts.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(args).toBe(ticket.argumentsText);
  expect(facts).toContain(`hash       ${ticket.argumentsHash}`);
  expect(facts.replace(/\n +/g, ' ')).toContain(ticket.decidedBecause);
  expect(facts.replace(/\n +/g, ' ')).toContain(ticket.askers[0]!.reason);
  for (const line of facts.split('\n')) expect(line).toMatch(/^([a-z]+ +|           +)\S/);
});

test('nothing is cut or broken in a pipe', () => {
  expect(ticketPage(ticket, 0, Infinity).split('\narguments\n')[0]!.split('\n')).toHaveLength(12);
  const [, row] = ticketTable([ticket], 0, Infinity).split('\n');
  expect(row).toContain('whatever the width');
  expect(ticketTable([ticket], 0, 80).split('\n')[1]!.length).toBeLessThanOrEqual(80);
});
