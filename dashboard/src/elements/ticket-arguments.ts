/** The arguments that a ticket asks about, with those marked that the asking rules look at. */
import { html, nothing } from 'lit';
import { ExactNumber, parseExact } from '../app/exact-json.ts';
import { visible } from '../app/format.ts';
import type { Json, RuleView, Ticket } from '../api-types.ts';
import './json.ts';

/** All of them, whole: what is approved is what is sent. */
export function ticketArguments(ticket: Ticket, rules: readonly RuleView[]) {
  const matched = matchedNames(ticket, rules);
  let value: Json;
  try {
    value = parseExact(ticket.argumentsText) as Json;
  } catch {
    value = ticket.argumentsText;
  }
  const isObject =
    value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof ExactNumber);
  const entries = isObject ? Object.entries(value as { readonly [name: string]: Json }) : [];
  return html`<section>
    <h3>Arguments</h3>
    ${
      !isObject
        ? html`<helio-json label="Arguments" .value=${value}></helio-json>`
        : entries.length === 0
          ? html`<p class="muted">None.</p>`
          : html`<div class="arguments">
              <table>
                <tbody>
                  ${entries.map(
                    ([name, part]) =>
                      html`<tr class=${matched.has(name) ? 'matched' : ''}>
                        <th scope="row">
                          ${visible(name)}${matched.has(name) ? html`<span class="sr"> (what the rule matched)</span>` : nothing}
                        </th>
                        <td>${shown(part)}</td>
                      </tr>`,
                  )}
                </tbody>
              </table>
            </div>`
    }
    ${ticket.argumentsCut ? html`<p class="notice warn">Cut after 256 KiB. The approval is bound to all of them: <code>hash ${ticket.argumentsHash}</code></p>` : nothing}
  </section>`;
}
/** Arguments that the asking rules look at, from the rules as written. */
function matchedNames(ticket: Ticket, rules: readonly RuleView[]): ReadonlySet<string> {
  const asking = new Set(ticket.askers.map(({ rule }) => rule?.name));
  const sources = rules.filter(({ name }) => asking.has(name)).map(({ source }) => source);
  return new Set(
    sources.flatMap((source) =>
      [...source.matchAll(/\$\.([A-Za-z_][\w-]*)|\$\[['"]([^'"]+)['"]\]/g)].map((match) => match[1] ?? match[2] ?? ''),
    ),
  );
}

function shown(part: Json): unknown {
  if (part !== null && typeof part === 'object' && !(part instanceof ExactNumber))
    return html`<helio-json label="value" .value=${part}></helio-json>`;
  return visible(String(part));
}
