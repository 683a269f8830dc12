/** `<helio-panel>`: one panel of one plugin, with its error in its place when it fails. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { Watch } from '../app/watch.ts';
import { shared } from '../styles/shared.ts';
import type { Panel } from '../api-types.ts';
import { mountPanel, type PanelCall } from './mount.ts';

@customElement('helio-panel')
export class HelioPanel extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @property({ attribute: false }) panel!: Panel;
  @property({ attribute: false }) call: PanelCall | undefined;
  @state() private error: Error | undefined;
  @state() private element: HTMLElement | undefined;

  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
    `,
  ];
  constructor() {
    super();
    new Watch(this, () => {
      // What a panel throws while it draws reaches the window; its stack names the file it came from.
      const onError = (event: ErrorEvent): void => this.caught(event.error, event);
      const onRejection = (event: PromiseRejectionEvent): void => this.caught(event.reason, event);
      addEventListener('error', onError);
      addEventListener('unhandledrejection', onRejection);
      return [
        () => removeEventListener('error', onError),
        () => removeEventListener('unhandledrejection', onRejection),
      ];
    });
  }
  override firstUpdated(): void {
    void mountPanel(this.panel, this.host, this.call, (error) => (this.error = error)).then(
      (element) => (this.element = element),
    );
  }
  private caught(error: unknown, event: Event): void {
    if (!(error instanceof Error) || error.stack?.includes(this.panel.module) !== true) return;
    event.preventDefault();
    this.error = error;
  }
  override render() {
    if (this.error !== undefined) {
      return html`<div class="notice bad" role="alert">
        <b>The panel “${this.panel.title}” of the plugin ${this.panel.plugin} failed.</b> ${this.error.message}
      </div>`;
    }
    return this.element ?? nothing;
  }
}
