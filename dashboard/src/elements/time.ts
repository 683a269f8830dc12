/** `<helio-time>`: an instant in the viewer's zone, whole in its title; with `relative`, how long ago, kept true. */
import { LitElement, css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { clock, instant, relative } from '../app/format.ts';
import { onPreferences } from '../app/preferences.ts';
import { Every, Watch } from '../app/watch.ts';

@customElement('helio-time')
export class HelioTime extends LitElement {
  @property({ type: Number }) at = 0;
  @property({ type: Boolean }) relative = false;

  static override styles = css`
    :host {
      white-space: nowrap;
      font-variant-numeric: tabular-nums;
    }
  `;
  constructor() {
    super();
    new Watch(this, () => [onPreferences(() => this.requestUpdate())]);
    new Every(this, 10_000, () => this.relative && this.requestUpdate());
  }
  override render() {
    if (this.at === 0) return html`–`;
    return html`<time datetime=${new Date(this.at).toISOString()} title=${instant(this.at)}
      >${this.relative ? relative(this.at) : clock(this.at)}</time
    >`;
  }
}
