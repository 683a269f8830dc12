/** `<helio-panel-slot>`: the panels that plugins put into one slot, each in a card of its own. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { Watch } from '../app/watch.ts';
import { shared } from '../styles/shared.ts';
import type { Panel } from '../api-types.ts';
import './panel.ts';
import type { PanelCall } from './mount.ts';

@customElement('helio-panel-slot')
export class HelioPanelSlot extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @property({ attribute: 'slot-name' }) slotName: Panel['slot'] = 'overview-card';
  @property({ attribute: false }) call: PanelCall | undefined;

  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 16px;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
      }
      :host(:empty) {
        display: contents;
      }
    `,
  ];
  constructor() {
    super();
    new Watch(this, () => [this.host.onChange(() => this.requestUpdate())]);
  }
  override render() {
    const panels = this.host.panels().filter(({ slot }) => slot === this.slotName);
    if (panels.length === 0) return nothing;
    return panels.map(
      (panel) =>
        html`<section class="card" aria-label=${panel.title}>
          <header><h2>${panel.title}</h2></header>
          <div class="body"><helio-panel .panel=${panel} .call=${this.call}></helio-panel></div>
        </section>`,
    );
  }
}
