/** `<helio-empty>`: what a page says when there is nothing to show, and what to do about it. */
import { LitElement, css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { shared } from '../styles/shared.ts';
import { icon, type IconName } from './icon.ts';

@customElement('helio-empty')
export class HelioEmpty extends LitElement {
  @property() heading = '';
  @property() icon: IconName = 'info';

  static override styles = [
    shared,
    css`
      :host {
        display: block;
        padding: 40px 24px;
      }
      div {
        max-width: 560px;
        margin: 0 auto;
        display: grid;
        gap: 8px;
        justify-items: center;
        text-align: center;
        color: var(--helio-muted);
      }
      h2 {
        color: var(--helio-text);
      }
      svg {
        width: 24px;
        height: 24px;
      }
      ::slotted(pre) {
        text-align: left;
        width: 100%;
        font: 12px/18px var(--helio-mono);
        padding: 12px;
        margin: 8px 0 0;
        background: var(--helio-sunken);
        border: 1px solid var(--helio-line);
        border-radius: 6px;
        overflow: auto;
        color: var(--helio-text);
      }
      ::slotted(helio-snippet) {
        width: 100%;
        text-align: left;
      }
    `,
  ];
  override render() {
    return html`<div>
      ${icon(this.icon)}
      <h2>${this.heading}</h2>
      <slot></slot>
    </div>`;
  }
}
