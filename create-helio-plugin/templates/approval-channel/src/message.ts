/** The ticket as people read it. They decide by these words, so nothing in them may deceive. */
import type { Ticket } from '@gethelio/proxy/contracts/approvals';

// Characters that hide or reorder others. `argumentsText` has them written out already; names do not.
const hiding = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const visible = (text: string): string =>
  text.replace(hiding, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);

const mostCharacters = 3_000; // of the arguments; what is cut is said, and the hash is over all of it

export function messageOf(ticket: Ticket): string {
  const { argumentsText: all } = ticket;
  const cut = all.length > mostCharacters || ticket.argumentsCut;
  return [
    `${visible(ticket.principal)} wants to call ${visible(ticket.name)} on ${visible(ticket.upstream)}.`,
    ...ticket.askers.map(({ reason }) => `Asked because: ${visible(reason)}`),
    all.slice(0, mostCharacters),
    ...(cut ? [`(cut here; hash of the whole: ${ticket.argumentsHash})`] : []),
    `Reference ${ticket.id}, until ${new Date(ticket.deadlineAtMs).toISOString()}`,
  ].join('\n');
}
