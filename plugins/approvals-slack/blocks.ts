/** The card in Slack: what is asked, why, by whom, until when - nothing in it can ping, link, hide or reorder. */
import type { Ticket } from '@gethelio/proxy/contracts/approvals';

/** Slack's limit for a section's text is 3,000 characters after escaping. */
const maxArguments = 2_400;
const maxLine = 300;

export interface Block {
  readonly type: string;
  readonly [key: string]: unknown;
}
export interface Card {
  /** What notifications show. */
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** A pending ticket with its buttons, or a decided one with its outcome. */
export function cardOf(ticket: Ticket, channel: string, url: string | undefined, isEscalated: boolean): Card {
  const title = `${isEscalated ? 'Escalated: approval' : 'Approval'} needed for ${ticket.name}`;
  const isOpen = ticket.state === 'pending';
  const head = isOpen ? title : `${ticket.name}: ${outcomeOf(ticket)}`;
  return {
    text: escaped(cut(head, maxLine)),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(head, 150), emoji: false } },
      mrkdwn(
        [
          code('Tool', `${ticket.upstream}/${ticket.name}`),
          code('Who', ticket.principal),
          ...(ticket.client ? [code('Client, as it says', ticket.client)] : []),
          ...(ticket.session && ticket.session !== ticket.principal ? [code('Session', ticket.session)] : []),
          ...ticket.askers.slice(0, 5).map(({ reason }) => line('Because', reason)),
          ...(ticket.askers.length > 5 ? [line('Because', `of ${ticket.askers.length - 5} more reasons`)] : []),
        ].join('\n'),
      ),
      mrkdwn(argumentsOf(ticket)),
      ...(isOpen ? [actions(ticket, channel)] : []),
      context(ticket, url),
    ],
  };
}

function argumentsOf(ticket: Ticket): string {
  const shown = fits(ticket.argumentsText);
  const isCut = ticket.argumentsCut || shown.length < ticket.argumentsText.length;
  const mark = isCut
    ? `\n:warning: *Cut:* only the first ${shown.length} characters are shown. Look at the whole before you approve. hash \`${ticket.argumentsHash}\``
    : '';
  return `\`\`\`${inCode(shown)}\`\`\`${mark}`;
}

/** As much as stays under the limit once escaped. */
function fits(text: string): string {
  let length = 0;
  let end = 0;
  for (const character of text) {
    length += inCode(character).length;
    if (length > maxArguments) break;
    end += character.length;
  }
  return text.slice(0, end);
}

function actions(ticket: Ticket, channel: string): Block {
  const value = JSON.stringify({ ticket: ticket.id, channel });
  const button = (action_id: string, text: string, style?: 'primary' | 'danger'): object => ({
    type: 'button',
    action_id,
    text: { type: 'plain_text', text, emoji: false },
    value,
    ...(style && { style }),
  });
  return {
    type: 'actions',
    block_id: `helio-${ticket.id}`,
    elements: [
      ...(ticket.scopes.includes('once') ? [button('approve', 'Approve', 'primary')] : []),
      ...(ticket.scopes.includes('session') ? [button('approve_session', 'Approve for this session')] : []),
      button('deny', 'Deny', 'danger'),
    ],
  };
}

function context(ticket: Ticket, url: string | undefined): Block {
  const untilS = Math.floor(ticket.deadlineAtMs / 1000);
  const votes = ticket.votes.filter(({ decision }) => decision === 'approve');
  const parts = [
    ticket.state === 'pending'
      ? `Until <!date^${untilS}^{date_short_pretty} {time_secs}|${new Date(ticket.deadlineAtMs).toISOString()}>`
      : `Decided ${new Date(ticket.decidedAtMs ?? ticket.deadlineAtMs).toISOString()}`,
    `reference \`${ticket.id}\``,
    `hash \`${ticket.argumentsHash.slice(0, 16)}\``,
    ...(ticket.quorum > 1 ? [`${votes.length} of ${ticket.quorum} approvals`] : []),
    ...(votes.length > 0 ? [`approved by ${escaped(cut(votes.map(({ approver }) => approver).join(', '), 200))}`] : []),
    ...(url === undefined ? [] : [`<${url}/approvals?ticket=${ticket.id}|open in the dashboard>`]),
  ];
  return { type: 'context', elements: [{ type: 'mrkdwn', text: parts.join(' · '), verbatim: true }] };
}

export function outcomeOf(ticket: Ticket): string {
  const last = ticket.votes.at(-1);
  const by = last === undefined ? '' : ` by ${last.approver}`;
  const because = ticket.decidedBecause ? `: ${ticket.decidedBecause}` : '';
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
      return `no longer asked${because}`;
    case 'shutdown_cancelled':
      return 'cancelled by a shutdown';
    default:
      return 'pending';
  }
}

/** The reason dialogue behind Deny. */
export function denyModal(ticket: string, channel: string): object {
  return {
    type: 'modal',
    callback_id: 'helio-deny',
    private_metadata: JSON.stringify({ ticket, channel }),
    title: { type: 'plain_text', text: 'Deny this call', emoji: false },
    submit: { type: 'plain_text', text: 'Deny', emoji: false },
    close: { type: 'plain_text', text: 'Back', emoji: false },
    blocks: [
      {
        type: 'input',
        block_id: 'reason',
        optional: true,
        label: { type: 'plain_text', text: 'Why? The agent reads it.', emoji: false },
        element: { type: 'plain_text_input', action_id: 'reason', multiline: true, max_length: 1000 },
      },
    ],
  };
}

const code = (label: string, text: string): string => `*${label}* \`${inCode(cut(text, maxLine))}\``;
const line = (label: string, text: string): string => `*${label}* ${escaped(cut(text, maxLine))}`;
/** `verbatim`: Slack must not turn anything into links or mentions. */
const mrkdwn = (text: string): Block => ({ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } });
const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** Inside backticks nothing is markup but Slack's three characters and the backtick, which stands as a JSON escape. */
export function inCode(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/`/g, '\\u0060');
}

/** In running text a zero-width space keeps markup and emoji names from being read as such. */
export function escaped(text: string): string {
  return inCode(text)
    .replace(/[*_~]/g, '$&\u200b')
    .replace(/:(?=[a-z0-9_+-]+:)/gi, ':\u200b');
}
