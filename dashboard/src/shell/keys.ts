/** `<helio-keys>`: the keys that work here. */
import { LitElement, css, html } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import { allKeys } from '../app/keyboard.ts';
import { shared } from '../styles/shared.ts';
import { dialogStyles } from '../styles/dialog.ts';
import { icon } from '../elements/icon.ts';

@customElement('helio-keys')
export class HelioKeys extends LitElement {
  @query('dialog') private dialog!: HTMLDialogElement;

  static override styles = [
    shared,
    dialogStyles,
    css`
      dl {
        display: grid;
        grid-template-columns: auto 1fr auto 1fr;
        gap: 8px 16px;
        align-items: center;
        font-size: 13px;
      }
      kbd {
        font: 12px/20px var(--helio-mono);
        border: 1px solid var(--helio-line);
        border-radius: 4px;
        padding: 1px 6px;
        background: var(--helio-sunken);
      }
      @media (max-width: 560px) {
        dl {
          grid-template-columns: auto 1fr;
        }
      }
    `,
  ];
  override firstUpdated(): void {
    this.dialog.showModal();
  }
  override render() {
    const seen = new Map(allKeys().map((key) => [key.keys, key.does]));
    const words = (keys: string): string => keys.replace('Mod+', 'Ctrl/⌘ ').replace('Escape', 'Esc');
    return html`<dialog aria-labelledby="title" @close=${() => this.dispatchEvent(new Event('closed'))}>
      <div class="head">
        <h2 id="title">Keys</h2>
        <button class="quiet icon" aria-label="Close" @click=${() => this.dialog.close()}>${icon('close')}</button>
      </div>
      <div class="body">
        <dl>
          ${[...seen].map(
            ([keys, does]) =>
              html`<dt><kbd>${words(keys)}</kbd></dt>
                <dd>${does}</dd>`,
          )}
        </dl>
        <p class="muted small foot">Single-letter keys can be switched off in <a href="/settings">Settings</a>.</p>
      </div>
    </dialog>`;
  }
}
