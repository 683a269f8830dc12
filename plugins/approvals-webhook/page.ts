/** The page behind a decision link: no script, no style, everything from outside escaped. */
import type { Ticket } from '@gethelio/proxy/contracts/approvals';

export function decisionPage(ticket: Ticket): string {
  const rows: [string, string][] = [
    ['Tool', `${ticket.upstream}/${ticket.name}`],
    ['Who', ticket.principal],
    ...ticket.askers.map(({ reason }): [string, string] => ['Because', reason]),
    ['Until', new Date(ticket.deadlineAtMs).toISOString()],
    ['Reference', ticket.id],
    ['hash', ticket.argumentsHash],
  ];
  const scope = ticket.scopes.includes('session')
    ? '<p><label><input type="checkbox" name="scope" value="session"> for the whole session, whatever the arguments</label></p>'
    : '';
  const form =
    ticket.state === 'pending'
      ? `<form method="post"><p><label>Reason <input name="reason" maxlength="1000"></label></p>${scope}
<p><button name="decision" value="approve">Approve</button> <button name="decision" value="deny">Deny</button></p></form>`
      : `<p>This call is ${html(ticket.state.replaceAll('_', ' '))}.</p>`;
  return document(
    'Approve this call?',
    `<dl>${rows.map(([label, text]) => `<dt>${label}</dt><dd>${html(text)}</dd>`).join('')}</dl>
<pre>${html(ticket.argumentsText)}</pre>${form}`,
  );
}

export function outcomePage(sentence: string): string {
  return document('Approval', `<p>${html(sentence)}</p>`);
}

function document(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="robots" content="noindex"><title>${title}</title></head>
<body><main><h1>${title}</h1>${body}</main></body></html>`;
}

const html = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
