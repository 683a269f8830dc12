/** `<helio-palette>`: type a page, a call's id or words to search for. */
import { LitElement, css, html } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { seenTheme, setPreferences } from '../app/preferences.ts';
import { shared } from '../styles/shared.ts';
import { dialogStyles } from '../styles/dialog.ts';
import { icon, type IconName } from '../elements/icon.ts';
import { pages } from './pages.ts';

interface Choice {
  readonly icon: IconName;
  readonly title: string;
  readonly key?: string;
  run(): void;
}
const callId = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

@customElement('helio-palette')
export class HelioPalette extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @state() private text = '';
  @state() private at = 0;
  @query('dialog') private dialog!: HTMLDialogElement;

  static override styles = [
    shared,
    dialogStyles,
    css`
      dialog {
        margin-top: 12vh;
      }
      input {
        border: 0;
        border-bottom: 1px solid var(--helio-line);
        border-radius: 10px 10px 0 0;
        min-height: 48px;
        padding: 0 20px;
        font-size: 15px;
        outline-offset: -2px;
      }
      ul {
        list-style: none;
        padding: 8px;
        max-height: 50vh;
        overflow: auto;
      }
      li {
        display: flex;
        align-items: center;
        gap: 10px;
        min-height: 36px;
        padding: 0 12px;
        border-radius: 6px;
        cursor: pointer;
      }
      li[aria-selected='true'] {
        background: var(--helio-selected);
      }
      kbd {
        margin-left: auto;
        font: 11px/16px var(--helio-mono);
        color: var(--helio-muted);
      }
    `,
  ];
  override firstUpdated(): void {
    this.dialog.showModal();
  }
  private choices(): readonly Choice[] {
    const text = this.text.trim();
    const wanted = text.toLowerCase();
    const { router } = this.host;
    const places: readonly Choice[] = [
      ...pages.map((page) => ({
        icon: page.icon,
        title: page.title,
        key: `g ${page.key}`,
        run: () => router.go(page.path),
      })),
      ...this.host
        .panels()
        .filter(({ slot }) => slot === 'page')
        .map((panel) => ({
          icon: 'panel' as const,
          title: panel.title,
          run: () => router.go(`/panel/${panel.plugin}/${panel.element}`),
        })),
      {
        icon: 'theme',
        title: `Switch to the ${seenTheme() === 'dark' ? 'light' : 'dark'} theme`,
        run: () => setPreferences({ theme: seenTheme() === 'dark' ? 'light' : 'dark' }),
      },
    ];
    const found = places.filter(({ title }) => title.toLowerCase().includes(wanted));
    if (text === '') return found;
    const open: readonly Choice[] = callId.test(text)
      ? [{ icon: 'audit', title: `Open call ${text}`, run: () => router.set({ call: text }) }]
      : [];
    return [
      ...open,
      ...found,
      {
        icon: 'search',
        title: `Search the audit for “${text}”`,
        run: () => router.go(`/audit?q=${encodeURIComponent(text)}`),
      },
    ];
  }
  override render() {
    const choices = this.choices();
    const at = Math.min(this.at, choices.length - 1);
    return html`<dialog aria-label="Go anywhere" @close=${() => this.dispatchEvent(new Event('closed'))}>
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="choices"
        aria-activedescendant="choice-${at}"
        aria-label="Page, call or words to search for"
        placeholder="Go to a page, open a call, search…"
        autocomplete="off"
        autofocus
        .value=${this.text}
        @input=${this.typed}
        @keydown=${(event: KeyboardEvent) => this.pressed(event, choices, at)}
      />
      <ul id="choices" role="listbox" aria-label="Choices">
        ${choices.map(
          (choice, index) =>
            html`<li
              id="choice-${index}"
              role="option"
              aria-selected=${index === at ? 'true' : 'false'}
              @click=${() => this.choose(choice)}
            >
              ${icon(choice.icon)}<span class="cut">${choice.title}</span
              >${choice.key === undefined ? '' : html`<kbd>${choice.key}</kbd>`}
            </li>`,
        )}
      </ul>
    </dialog>`;
  }
  private typed(event: Event): void {
    this.text = (event.target as HTMLInputElement).value;
    this.at = 0;
  }
  private pressed(event: KeyboardEvent, choices: readonly Choice[], at: number): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      this.at = (at + step + choices.length) % choices.length;
    } else if (event.key === 'Enter') {
      const choice = choices[at];
      if (choice !== undefined) this.choose(choice);
    }
  }
  private choose(choice: Choice): void {
    this.dialog.close();
    choice.run();
  }
}
