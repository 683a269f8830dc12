/** `<helio-nav>`: the pages, the number that waits, the pages of plugins; on a narrow screen it slides in. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { drawn, icon } from '../elements/icon.ts';
import { shared } from '../styles/shared.ts';
import type { Panel, Status } from '../api-types.ts';
import { pageOf, pages } from './pages.ts';

@customElement('helio-nav')
export class HelioNav extends LitElement {
  @property() path = '/';
  @property({ attribute: false }) status: Status | undefined;
  @property({ attribute: false }) panels: readonly Panel[] = [];
  @property({ type: Boolean, reflect: true }) open = false;
  @query('dialog') private dialog!: HTMLDialogElement | null;

  static override styles = [
    shared,
    css`
      :host {
        display: block;
        background: var(--helio-surface);
        border-right: 1px solid var(--helio-line);
      }
      nav {
        position: sticky;
        top: 0;
        height: 100dvh;
        overflow-y: auto;
        display: flex;
        flex-direction: column;
        padding: 0 8px 8px;
      }
      .brand {
        display: flex;
        align-items: center;
        gap: 10px;
        height: 52px;
        padding: 0 10px;
        font-weight: 650;
        font-size: 15px;
        letter-spacing: -0.01em;
        color: var(--helio-text);
      }
      .brand img {
        width: 22px;
        height: 22px;
      }
      .brand:hover {
        text-decoration: none;
      }
      ul {
        list-style: none;
        padding: 0;
        display: grid;
        gap: 2px;
      }
      li a {
        display: flex;
        align-items: center;
        gap: 10px;
        min-height: 34px;
        padding: 0 10px;
        border-radius: 6px;
        color: var(--helio-text);
        font-size: 13.5px;
      }
      li a svg {
        color: var(--helio-muted);
        flex: none;
      }
      li a:hover {
        background: var(--helio-hover);
        text-decoration: none;
      }
      li a[aria-current='page'] {
        background: var(--helio-selected);
        color: var(--helio-link);
        font-weight: 600;
      }
      li a[aria-current='page'] svg {
        color: var(--helio-link);
      }
      .badge {
        margin-left: auto;
        min-width: 20px;
        padding: 0 6px;
        border-radius: 10px;
        font-size: 12px;
        line-height: 20px;
        font-weight: 600;
        text-align: center;
        color: var(--helio-approval);
        background: var(--helio-approval-back);
      }
      .below {
        margin-top: 12px;
        padding-top: 12px;
        border-top: 1px solid var(--helio-line);
      }
      .below h2 {
        padding: 0 10px 6px;
      }
      .foot {
        margin-top: auto;
        padding-top: 12px;
      }
      dialog {
        border: 0;
        padding: 0;
        margin: 0;
        width: min(280px, 86vw);
        height: 100dvh;
        max-height: none;
        background: var(--helio-surface);
        color: var(--helio-text);
        box-shadow: 0 0 40px var(--helio-shadow);
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 0.45);
      }
      @media (max-width: 860px) {
        :host {
          display: contents;
        }
        :host > nav {
          display: none;
        }
      }
    `,
  ];

  override updated(): void {
    const dialog = this.dialog;
    if (this.open && dialog !== null && !dialog.open) dialog.showModal();
  }

  override render() {
    return html`<nav aria-label="Pages">${this.list()}</nav>
      ${
        this.open
          ? html`<dialog aria-label="Pages" @close=${this.closed} @click=${this.clickedOutside}>
              <nav aria-label="Pages, menu">${this.list()}</nav>
            </dialog>`
          : nothing
      }`;
  }
  private list() {
    const current = pageOf(this.path)?.path;
    const waiting = this.status?.waiting ?? 0;
    const own = this.panels.filter(({ slot }) => slot === 'page');
    const link = (href: string, picture: unknown, title: string, isCurrent: boolean, badge = 0) =>
      html`<li>
        <a href=${href} aria-current=${isCurrent ? 'page' : nothing}
          >${picture}<span class="cut">${title}</span
          >${badge > 0 ? html`<span class="badge">${badge}<span class="sr"> waiting</span></span>` : nothing}</a
        >
      </li>`;
    return html`<a class="brand" href="/"><img src="/icon.svg" alt="" />Helio</a>
      <ul>
        ${pages.filter(({ path }) => path !== '/settings').map((page) => link(page.path, icon(page.icon), page.title, current === page.path, page.path === '/approvals' ? waiting : 0))}
      </ul>
      ${
        own.length === 0
          ? nothing
          : html`<div class="below">
              <h2 class="quiet">From plugins</h2>
              <ul>
                ${own.map((panel) => {
                  const href = `/panel/${panel.plugin}/${panel.element}`;
                  return link(
                    href,
                    panel.icon === null ? icon('panel') : drawn(panel.icon),
                    panel.title,
                    this.path === href,
                  );
                })}
              </ul>
            </div>`
      }
      <ul class="foot">
        ${link('/settings', icon('settings'), 'Settings', current === '/settings')}
      </ul>`;
  }
  private closed(): void {
    this.dispatchEvent(new Event('closed'));
  }
  private clickedOutside(event: MouseEvent): void {
    if (event.target === this.dialog) this.dialog?.close();
  }
}
