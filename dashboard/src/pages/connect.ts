/** `<helio-connect>`: how each client is pointed at this Helio. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { clientSnippets, curlCall } from '../app/snippets.ts';
import { shared } from '../styles/shared.ts';
import '../elements/snippet.ts';

@customElement('helio-connect')
export class HelioConnect extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @state() private client = 'Claude Code';

  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 16px;
      }
      .choose {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
      }
      .choose button[aria-pressed='true'] {
        background: var(--helio-selected);
        border-color: var(--helio-focus);
        color: var(--helio-link);
      }
    `,
  ];
  override render() {
    const endpoint = this.host.status()?.endpoint ?? '';
    const upstreams = this.host.status()?.upstreams ?? [];
    const snippets = clientSnippets(endpoint);
    const chosen = snippets.find(({ client }) => client === this.client);
    return html`
      <h1>Connect</h1>
      <p class="muted">
        Agents talk to <code>${endpoint}</code>. They see the upstream's tools, and a reason where Helio refuses.
      </p>
      <section class="card" aria-labelledby="client">
        <header><h2 id="client">Client</h2></header>
        <div class="body stack">
          <div class="choose">
            ${snippets.map(({ client }) => html`<button class="small" aria-pressed=${client === this.client ? 'true' : 'false'} @click=${() => (this.client = client)}>${client}</button>`)}
          </div>
          ${
            chosen === undefined
              ? nothing
              : html`<div>
                  <p class="label">${chosen.where}</p>
                  <helio-snippet label="snippet for ${chosen.client}" .text=${chosen.text}></helio-snippet>
                  ${chosen.note === undefined ? nothing : html`<p class="muted small">${chosen.note}</p>`}
                </div>`
          }
        </div>
      </section>
      <section class="card" aria-labelledby="try">
        <header>
          <h2 id="try">A call to try</h2>
          <span class="muted small">Name a tool of your own in place of echo.</span>
        </header>
        <div class="body"><helio-snippet label="curl command" .text=${curlCall(endpoint)}></helio-snippet></div>
      </section>
      ${
        upstreams.length < 2
          ? nothing
          : html`<section class="card" aria-labelledby="several">
              <header><h2 id="several">One upstream alone</h2></header>
              <div class="body stack">
                ${upstreams.map(({ name }) => html`<helio-snippet label="address of ${name}" text="${endpoint}/${name}"></helio-snippet>`)}
              </div>
            </section>`
      }
    `;
  }
}
