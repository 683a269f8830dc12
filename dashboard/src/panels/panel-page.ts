/** `<helio-panel-page>`: a page that a plugin brought, at `/panel/<plugin>/<element>`. */
import { LitElement, css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { shared } from '../styles/shared.ts';
import './panel.ts';

@customElement('helio-panel-page')
export class HelioPanelPage extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @property() path = '';

  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 16px;
      }
    `,
  ];
  override render() {
    const panel = this.host
      .panels()
      .find(({ slot, plugin, element }) => slot === 'page' && this.path === `/panel/${plugin}/${element}`);
    if (panel === undefined)
      return html`<h1>No such page</h1>
        <p class="muted">No loaded plugin has a page here.</p>`;
    return html`<h1>${panel.title}</h1>
      ${keyed(panel.module, html`<helio-panel .panel=${panel}></helio-panel>`)}`;
  }
}
