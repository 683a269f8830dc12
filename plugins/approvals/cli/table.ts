/** Tickets and grants as lines for a terminal. Everything in a ticket is escaped already: no control characters. */
import { wrapLine } from '@gethelio/proxy/plugin';
import type { Grant, Ticket } from '../contract.ts';

type Cell = string | number;
const labelWidth = 11;

export function table(head: readonly string[], rows: readonly (readonly Cell[])[], columns: number): string {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(i === row.length - 1 ? 0 : widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => (line.length > columns ? `${line.slice(0, Math.max(1, columns - 1))}…` : line))
    .join('\n');
}

export function ticketTable(tickets: readonly Ticket[], nowMs: number, columns: number): string {
  return table(
    // What does not fit is cut from the end: how long there is left must not be.
    ['REFERENCE', 'STATE', 'LEFT', 'TOOL', 'WHO', 'ARGUMENTS'],
    tickets.map((ticket) => [
      ticket.id,
      ticket.state,
      ticket.state === 'pending' ? span(ticket.deadlineAtMs - nowMs) : '-',
      `${ticket.upstream}/${ticket.name}`,
      ticket.principal,
      ticket.argumentsText.replace(/\s+/g, ' '),
    ]),
    columns,
  );
}

export function grantTable(grants: readonly Grant[], nowMs: number, columns: number): string {
  return table(
    ['TOOL', 'WHO', 'SCOPE', 'BY', 'LEFT', 'TICKET', 'GRANT'],
    grants.map((grant) => [
      `${grant.upstream}/${grant.name}`,
      grant.principal,
      grant.scope,
      grant.by.join(', ') + (grant.breakGlass ? ' (break-glass)' : ''),
      span(grant.expiresAtMs - nowMs),
      grant.ticket,
      grant.id,
    ]),
    columns,
  );
}

export function ticketPage(ticket: Ticket, nowMs: number, columns = Infinity): string {
  const time = (ms: number): string => new Date(ms).toISOString();
  const lines: [string, string][] = [
    ['reference', ticket.id],
    ['state', ticket.state + (ticket.decidedBecause ? ` (${ticket.decidedBecause})` : '')],
    ['tool', `${ticket.upstream}/${ticket.name}`],
    ['who', ticket.principal],
    ...(ticket.session ? [['session', ticket.session] as [string, string]] : []),
    ['asked', time(ticket.createdAtMs)],
    [
      'deadline',
      `${time(ticket.deadlineAtMs)}${ticket.state === 'pending' ? ` (in ${span(ticket.deadlineAtMs - nowMs)})` : ''}`,
    ],
    ...ticket.askers.map(({ reason }): [string, string] => ['because', reason]),
    ['channels', [...ticket.channels, ...ticket.delegates.map((name) => `${name} (delegate)`)].join(', ')],
    ['votes', `${ticket.votes.length} of ${ticket.quorum}`],
    ...ticket.votes.map((vote): [string, string] => [
      '',
      `${vote.decision} by ${vote.approver} on ${vote.channel}, ${time(vote.atMs)}${vote.note ? `: ${vote.note}` : ''}`,
    ]),
    ...Object.entries(ticket.deliveries).map(([channel, { state, reason }]): [string, string] => [
      'delivery',
      `${channel}: ${state}${reason ? ` (${reason})` : ''}`,
    ]),
    ['hash', ticket.argumentsHash],
  ];
  const page = lines.flatMap(([label, text]) =>
    wrapLine(`${label.padEnd(labelWidth)}${text}`, columns, label === '' ? labelWidth + 2 : labelWidth),
  );
  // The arguments are what is decided on: they stand as they are.
  return [...page, 'arguments', ticket.argumentsText].join('\n');
}

/** `4m 10s`, `2h 5m`; `over` when there is nothing left. */
export function span(ms: number): string {
  const s = Math.ceil(ms / 1000);
  if (s <= 0) return 'over';
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${s % 60}s`;
  return `${Math.floor(s / 3600)}h ${Math.floor((s % 3600) / 60)}m`;
}
