/** `<helio-sparkline>`: bars for the last hours, with one sentence for those who cannot see them. */
import { LitElement, css, html, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';

@customElement('helio-sparkline')
export class HelioSparkline extends LitElement {
  @property({ attribute: false }) values: readonly number[] = [];
  @property() label = '';

  static override styles = css`
    :host {
      display: block;
      height: 32px;
    }
    svg {
      width: 100%;
      height: 100%;
      display: block;
    }
    rect {
      fill: currentColor;
    }
    .none {
      opacity: 0.25;
    }
  `;
  override render() {
    const most = Math.max(1, ...this.values);
    const width = 100 / Math.max(1, this.values.length);
    return html`<svg viewBox="0 0 100 32" preserveAspectRatio="none" role="img" aria-label=${this.label}>
      ${this.values.map((value, index) => {
        const height = value === 0 ? 1 : Math.max(2, (value / most) * 32);
        return svg`<rect class=${value === 0 ? 'none' : ''} x=${index * width + width * 0.14} width=${width * 0.72} y=${32 - height} height=${height}></rect>`;
      })}
    </svg>`;
  }
}
