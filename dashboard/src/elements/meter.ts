/** `<helio-meter>`: how much of something is used, as a real meter with a bar that shows the same. */
import { LitElement, css, html, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';

const full = 1;
/** What is used at all is seen. */
const leastSeen = 0.01;
/* The bar is an SVG: a style attribute would be an inline style, which the CSP forbids. */

@customElement('helio-meter')
export class HelioMeter extends LitElement {
  /** 0 to 1, more when it is overdrawn. */
  @property({ type: Number }) share = 0;
  /** From here on it is nearly used up. */
  @property({ type: Number }) warn = 0.8;
  @property() label = '';

  static override styles = css`
    :host {
      display: block;
      position: relative;
      height: 6px;
      margin-top: 6px;
      border-radius: 3px;
      background: var(--helio-line);
      overflow: hidden;
    }
    meter {
      position: absolute;
      opacity: 0;
      width: 100%;
      height: 100%;
    }
    svg {
      display: block;
      width: 100%;
      height: 100%;
    }
    rect {
      fill: var(--helio-info);
    }
    .near {
      fill: var(--helio-approval);
    }
    .full {
      fill: var(--helio-deny);
    }
  `;
  override render() {
    const tone = this.share >= full ? 'full' : this.share >= this.warn ? 'near' : '';
    return html`<meter min="0" max="1" value=${Math.min(full, this.share)} aria-label=${this.label}></meter>
      <svg aria-hidden="true">
        ${svg`<rect class=${tone} height="6" width="${Math.min(full, Math.max(leastSeen * Number(this.share > 0), this.share)) * 100}%" rx="3"></rect>`}
      </svg>`;
  }
}
