/** `<helio-toast>`: one short sentence after something was done, spoken politely, gone after a while. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { icon } from '../elements/icon.ts';
import { shared } from '../styles/shared.ts';

const shownMs = 6_000;

@customElement('helio-toast')
export class HelioToast extends LitElement {
  @state() private text = '';
  @state() private tone: 'good' | 'bad' = 'good';
  private timer: ReturnType<typeof setTimeout> | undefined;

  static override styles = [
    shared,
    css`
      :host {
        position: fixed;
        left: 50%;
        bottom: 20px;
        transform: translateX(-50%);
        z-index: 20;
        max-width: calc(100vw - 24px);
      }
      p {
        display: flex;
        align-items: center;
        gap: 8px;
        padding: 10px 14px;
        border-radius: 8px;
        font-size: 13px;
        background: var(--helio-text);
        color: var(--helio-surface);
        box-shadow: 0 8px 24px var(--helio-shadow);
      }
    `,
  ];
  say(text: string, tone: 'good' | 'bad'): void {
    this.text = text;
    this.tone = tone;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.text = ''), shownMs);
  }
  override render() {
    return html`<div role="status" aria-live="polite">
      ${this.text === '' ? nothing : html`<p>${icon(this.tone === 'good' ? 'check' : 'warn')}<span>${this.text}</span></p>`}
    </div>`;
  }
}
