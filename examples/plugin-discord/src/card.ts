/** The message in Discord: what is asked, why, by whom, until when. People decide by these words, so nothing in them may deceive. */
import { createHash } from 'node:crypto';
import type { Ticket } from '@gethelio/proxy/contracts/approvals';
import { code, fits, inBlock } from './text.ts';

/** Discord's limits: 2,000 for `content`, 4,096 for an embed's description, 2,048 for its footer, 6,000 for all of an embed. */
const mostInDescription = 4_096;
const mostReasons = 3;

const colors = { open: 0xe2a03f, yes: 0x2e9e5b, no: 0xd0413f, over: 0x808890 } as const;
/** Component types and button styles, by their numbers in the Discord API. */
const [actionRow, button] = [1, 2];
const styles = { primary: 1, secondary: 2, success: 3, danger: 4 } as const;

/** The body of Create Message and Edit Message. */
export interface Card {
  readonly content: string;
  readonly embeds: readonly {
    readonly description: string;
    readonly color: number;
    readonly footer: { readonly text: string };
  }[];
  readonly components: readonly object[];
  readonly allowed_mentions: { readonly parse: readonly never[] };
}

/** A pending ticket with its buttons, or a decided one with its outcome. */
export function cardOf(ticket: Ticket, channel: string, dashboard: string | undefined, isEscalated: boolean): Card {
  const isOpen = ticket.state === 'pending';
  const head = `**Approval needed${isEscalated ? ' (escalated)' : ''}** for ${code(ticket.name)}`;
  return {
    content: isOpen ? head : `${code(ticket.name)} was ${outcomeOf(ticket)}`,
    embeds: [
      { description: descriptionOf(ticket, dashboard), color: colorOf(ticket), footer: { text: footerOf(ticket) } },
    ],
    components: isOpen ? [{ type: actionRow, components: buttonsOf(ticket, channel) }] : [],
    allowed_mentions: { parse: [] },
  };
}

function descriptionOf(ticket: Ticket, dashboard: string | undefined): string {
  const before = [
    `**Tool** ${code(`${ticket.upstream}/${ticket.name}`, 300)}`,
    `**Who** ${code(ticket.principal)}`,
    ...(ticket.client === undefined ? [] : [`**Client, as it says** ${code(ticket.client)}`]),
    ...(ticket.session === undefined || ticket.session === ticket.principal
      ? []
      : [`**Session** ${code(ticket.session)}`]),
    ...ticket.askers.slice(0, mostReasons).map(({ reason }) => `**Because** ${code(reason, 300)}`),
    ...(ticket.askers.length > mostReasons
      ? [`**Because** of ${ticket.askers.length - mostReasons} more reasons`]
      : []),
  ].join('\n');
  const untilS = Math.floor(ticket.deadlineAtMs / 1000);
  const after = [
    ...(ticket.state === 'pending' ? [`Until <t:${untilS}:T>, <t:${untilS}:R>`] : []),
    // A link that hides its address is one that people learn to trust: only to the operator's own https address.
    ...(dashboard?.startsWith('https://')
      ? [`[The whole ticket in the dashboard](${dashboard}/approvals?ticket=${ticket.id})`]
      : []),
  ].join('\n');
  return [before, argumentsOf(ticket, mostInDescription - before.length - after.length - 2), after].join('\n').trim();
}

/** The arguments in a block of code; what is cut is said, with the hash of all of it. */
function argumentsOf(ticket: Ticket, room: number): string {
  const all = inBlock(ticket.argumentsText);
  const block = (text: string): string => `\`\`\`json\n${text}\n\`\`\``;
  if (!ticket.argumentsCut && block(all).length <= room) return block(all);
  const mark = `⚠️ **Cut:** this is not all of it. Look at the whole before you approve. hash \`${ticket.argumentsHash}\``;
  return `${block(fits(all, room - block('').length - mark.length - 1))}\n${mark}`;
}

function buttonsOf(ticket: Ticket, channel: string): readonly object[] {
  const one = (action: Action, label: string, style: number): object => ({
    type: button,
    style,
    label,
    custom_id: customId(action, ticket.id, channel),
  });
  return [
    ...(ticket.scopes.includes('once') ? [one('approve', 'Approve', styles.success)] : []),
    ...(ticket.scopes.includes('session') ? [one('session', 'Approve for this session', styles.secondary)] : []),
    one('deny', 'Deny…', styles.danger),
  ];
}

function footerOf(ticket: Ticket): string {
  const yes = ticket.votes.filter(({ decision }) => decision === 'approve');
  return [
    `reference ${ticket.id}`,
    `hash ${ticket.argumentsHash.slice(0, 16)}`,
    ...(ticket.quorum > 1 ? [`${yes.length} of ${ticket.quorum} approvals`] : []),
    ...(yes.length > 0 ? [`approved by ${fits(yes.map(({ approver }) => approver).join(', '), 300)}`] : []),
  ].join(' · '); // a footer has no markdown
}

function colorOf({ state }: Ticket): number {
  if (state === 'pending') return colors.open;
  if (state === 'approved' || state === 'break_glass') return colors.yes;
  return state === 'denied' ? colors.no : colors.over;
}

function outcomeOf(ticket: Ticket): string {
  const last = ticket.votes.at(-1);
  const by = last === undefined ? '' : ` by ${code(last.approver)}`;
  const because = ticket.decidedBecause ? `: ${code(ticket.decidedBecause, 1_000)}` : '';
  switch (ticket.state) {
    case 'approved':
      return `approved${by}${ticket.scope === 'session' ? ' for the session' : ''}${because}`;
    case 'denied':
      return `denied${by}${because}`;
    case 'break_glass':
      return `let go by break-glass${by}${because}`;
    case 'timeout':
      return 'not answered in time';
    case 'superseded':
      return `withdrawn${because}`;
    default:
      return 'cancelled';
  }
}

// -- What comes back in an interaction --------------------------------------------------------------------------

/** `reason` is the dialogue behind `deny`. */
export type Action = 'approve' | 'session' | 'deny' | 'reason';

/** At most 100 characters, so the channel's name is a hash. */
export function customId(action: Action, ticket: string, channel: string): string {
  return `helio:${action}:${ticket}:${tagOf(channel)}`;
}

export function readCustomId(
  text: string,
): { readonly action: Action; readonly ticket: string; readonly tag: string } | undefined {
  const found = /^helio:(approve|session|deny|reason):(apr_[0-9a-z]{1,40}):([0-9a-f]{16})$/.exec(text);
  return found ? { action: found[1] as Action, ticket: found[2]!, tag: found[3]! } : undefined;
}

export const tagOf = (channel: string): string => createHash('sha256').update(channel).digest('hex').slice(0, 16);
