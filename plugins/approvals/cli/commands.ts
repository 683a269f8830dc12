/** `helio approvals list|show|approve|deny|grants|watch`: the inbox from a terminal, through the operator's API. */
import type { CliCommand, CliInput, Json, JsonObject } from '@gethelio/proxy/plugin';
import type { Grant, Ticket } from '../contract.ts';
import { grantTable, ticketPage, ticketTable } from './table.ts';

const states = [
  'pending',
  'decided',
  'all',
  'approved',
  'denied',
  'timeout',
  'break_glass',
  'shutdown_cancelled',
  'superseded',
];
const usageExit = 2;
const api = '/api/approvals';

const list: CliCommand = {
  name: 'approvals list',
  summary: 'Shows the approvals that wait, or decided ones.',
  options: [
    { flags: '--status <status>', description: `${states.join(', ')} (default pending)` },
    { flags: '--limit <n>', description: 'at most so many (default 50, at most 200)' },
    { flags: '--cursor <cursor>', description: 'go on after this reference' },
  ],
  async run(input) {
    const status = String(input.options['status'] ?? 'pending');
    if (!states.includes(status)) return usage(input, `--status must be one of ${states.join(', ')}`);
    const query = new URLSearchParams({ status, limit: String(input.options['limit'] ?? 50) });
    if (typeof input.options['cursor'] === 'string') query.set('cursor', input.options['cursor']);
    const page = (await input.ask('GET', `${api}?${query}`)) as unknown as { tickets: Ticket[]; cursor?: string };
    if (input.json) return print(input, page);
    if (page.tickets.length === 0)
      return input.note(status === 'pending' ? 'Nothing waits for you.' : 'There are none.');
    input.out(ticketTable(page.tickets, Date.now(), input.columns));
    if (page.cursor) input.note(`There are more: --cursor ${page.cursor}`);
  },
};

const show: CliCommand = {
  name: 'approvals show',
  summary: 'Shows one approval with its arguments, votes and deliveries.',
  arguments: [{ name: 'reference', description: 'apr_...', required: true }],
  async run(input) {
    const ticket = (await input.ask('GET', `${api}/${path(input)}`)) as unknown as Ticket;
    if (input.json) return print(input, ticket);
    input.out(ticketPage(ticket, Date.now(), input.columns));
  },
};

const approve: CliCommand = {
  name: 'approvals approve',
  summary: 'Approves: the call runs once, with exactly the arguments that are shown.',
  arguments: [{ name: 'reference', description: 'apr_...', required: true }],
  options: [
    { flags: '--note <text>', description: 'kept beside the decision' },
    { flags: '--scope <scope>', description: 'once or session, where the rule offers it' },
  ],
  run: (input) => decide(input, 'approve', given(input, { note: 'note', scope: 'scope' })),
};

const deny: CliCommand = {
  name: 'approvals deny',
  summary: 'Denies; the agent reads the reason.',
  arguments: [{ name: 'reference', description: 'apr_...', required: true }],
  options: [{ flags: '--reason <text>', description: 'what the agent is told' }],
  run: (input) => decide(input, 'deny', given(input, { reason: 'reason' })),
};

const grants: CliCommand = {
  name: 'approvals grants',
  summary: 'Shows approvals that were given and are not used up, or revokes one.',
  options: [{ flags: '--revoke <grant>', description: 'takes this grant back' }],
  async run(input) {
    const revoke = input.options['revoke'];
    if (typeof revoke === 'string') {
      const revoked = await input.ask('DELETE', `${api}/grants/${encodeURIComponent(revoke)}`);
      return input.json ? print(input, revoked as object) : input.note('Revoked: the next such call asks again.');
    }
    const page = (await input.ask('GET', `${api}/grants?limit=200`)) as unknown as { grants: Grant[]; cursor?: string };
    if (input.json) return print(input, page);
    if (page.grants.length === 0) return input.note('No approval is open to be used.');
    input.out(grantTable(page.grants, Date.now(), input.columns));
  },
};

const pollMs = 1_000;

const watch: CliCommand = {
  name: 'approvals watch',
  summary: 'Prints each approval as it is asked for, until you stop it.',
  options: [{ flags: '--once', description: 'print what waits now, and end' }],
  async run(input) {
    const known = new Set<string>();
    for (;;) {
      let cursor: string | undefined;
      const open = new Set<string>();
      do {
        const after = cursor === undefined ? '' : `&cursor=${cursor}`;
        const page = (await input.ask('GET', `${api}?status=pending&limit=200${after}`)) as unknown as {
          tickets: Ticket[];
          cursor?: string;
        };
        for (const ticket of page.tickets) {
          open.add(ticket.id);
          if (!known.has(ticket.id)) tell(input, ticket);
        }
        cursor = page.cursor;
      } while (cursor !== undefined);
      known.clear();
      for (const id of open) known.add(id);
      if (input.options['once'] === true) return;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  },
};

function tell(input: CliInput, ticket: Ticket): void {
  input.out(input.json ? JSON.stringify(ticket) : ticketTable([ticket], Date.now(), input.columns).split('\n')[1]!);
}

async function decide(input: CliInput, what: 'approve' | 'deny', body: JsonObject): Promise<void> {
  const answer = (await input.ask('POST', `${api}/${path(input)}/${what}`, body)) as unknown as {
    ticket: Ticket;
    counted: boolean;
  };
  if (input.json) return print(input, answer);
  const { ticket, counted } = answer;
  input.note(
    counted
      ? `Counted: ${ticket.votes.length} of ${ticket.quorum} approvals.`
      : `${ticket.name} is ${ticket.state.replaceAll('_', ' ')}.`,
  );
}

function given(input: CliInput, names: { readonly [option: string]: string }): JsonObject {
  const body: { [key: string]: Json } = {};
  for (const [option, key] of Object.entries(names)) {
    const value = input.options[option];
    if (typeof value === 'string') body[key] = value;
  }
  return body;
}

const path = (input: CliInput): string => encodeURIComponent(input.args[0] ?? '');

function print(input: CliInput, value: object): void {
  input.out(JSON.stringify(value));
}

function usage(input: CliInput, sentence: string): number {
  input.note(sentence);
  return usageExit;
}

export const approvalCommands: readonly CliCommand[] = [list, show, approve, deny, grants, watch];
