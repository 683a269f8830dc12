/** `<helio-topbar>`: which Helio this is, whether it enforces, whether the screen is true, search, theme. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { clock } from '../app/format.ts';
import type { StreamState } from '../app/events.ts';
import { icon } from '../elements/icon.ts';
import { shared } from '../styles/shared.ts';
import type { Status } from '../api-types.ts';

@customElement('helio-topbar')
export class HelioTopbar extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @property({ attribute: false }) status: Status | undefined;
  @property({ attribute: false }) stream: StreamState = { state: 'connecting', sinceMs: 0 };
  @property() name = '';
  @property() theme: 'light' | 'dark' = 'light';
  @query('input') private input!: HTMLInputElement;

  static override styles = [
    shared,
    css`
      :host {
        display: block;
        position: sticky;
        top: 0;
        z-index: 3;
        background: var(--helio-surface);
        border-bottom: 1px solid var(--helio-line);
      }
      header {
        display: flex;
        align-items: center;
        gap: 12px;
        height: 52px;
        padding: 0 24px;
      }
      .name {
        font-weight: 600;
        max-width: 220px;
      }
      .mode {
        height: 22px;
        padding: 0 8px;
        border-radius: 4px;
        font-size: 11px;
        line-height: 22px;
        font-weight: 700;
        letter-spacing: 0.05em;
        white-space: nowrap;
      }
      .enforcing {
        color: var(--helio-allow);
        background: var(--helio-allow-back);
      }
      .audit-only {
        color: var(--helio-approval);
        background: var(--helio-approval-back);
      }
      .dry-run {
        color: var(--helio-info);
        background: var(--helio-info-back);
      }
      form {
        margin-left: auto;
        position: relative;
        width: min(300px, 30vw);
      }
      form svg {
        position: absolute;
        left: 10px;
        top: 8px;
        color: var(--helio-muted);
        pointer-events: none;
      }
      input {
        padding-left: 32px;
        padding-right: 30px;
      }
      kbd {
        position: absolute;
        right: 8px;
        top: 7px;
        font: 11px/16px var(--helio-mono);
        color: var(--helio-muted);
        border: 1px solid var(--helio-line);
        border-radius: 4px;
        padding: 0 5px;
      }
      .stream {
        display: flex;
        align-items: center;
        gap: 6px;
        font-size: 12px;
        color: var(--helio-muted);
        white-space: nowrap;
      }
      .dot {
        width: 8px;
        height: 8px;
        border-radius: 50%;
        background: var(--helio-control);
      }
      .dot.live {
        background: var(--helio-allow);
      }
      .dot.stale {
        background: var(--helio-deny);
      }
      .menu {
        display: none;
      }
      .compact {
        display: none;
      }
      @media (max-width: 860px) {
        header {
          padding: 0 8px;
          gap: 8px;
        }
        .menu,
        .compact {
          display: inline-flex;
        }
        form {
          display: none;
        }
        .name {
          max-width: 96px;
        }
        .spring {
          flex: 1;
        }
      }
      @media (max-width: 480px) {
        .name {
          display: none;
        }
      }
    `,
  ];

  focusSearch(): void {
    if (this.input.offsetParent === null) this.host.router.go('/audit');
    else this.input.focus();
  }

  override render() {
    const { status, stream } = this;
    const words = { live: 'Live', connecting: 'Connecting', stale: `Stale since ${clock(stream.sinceMs)}` }[
      stream.state
    ];
    return html`<header>
      <button class="quiet icon menu" aria-label="Pages" @click=${() => this.dispatchEvent(new Event('menu'))}>
        ${icon('menu')}
      </button>
      ${
        status === undefined
          ? nothing
          : html`<span class="name cut" title=${status.config.path}>${status.environment ?? status.config.name}</span>
              <span class="mode ${status.mode}" title=${status.sentence}>${status.mode.toUpperCase()}</span>`
      }
      <span class="stream" role="status"><span class="dot ${stream.state}"></span>${words}</span>
      <span class="spring"></span>
      <form role="search" aria-label="Search calls" @submit=${this.search}>
        ${icon('search')}<input
          type="search"
          aria-label="Search the audit"
          placeholder="Search calls"
          autocomplete="off"
        /><kbd aria-hidden="true">/</kbd>
      </form>
      <button
        class="quiet icon compact"
        aria-label="Go anywhere"
        @click=${() => this.dispatchEvent(new Event('palette'))}
      >
        ${icon('search')}
      </button>
      <button
        class="quiet icon"
        aria-label="Switch to the ${this.theme === 'dark' ? 'light' : 'dark'} theme"
        @click=${() => this.dispatchEvent(new Event('theme'))}
      >
        ${icon('theme')}
      </button>
    </header>`;
  }
  private search(event: Event): void {
    event.preventDefault();
    this.host.router.go(`/audit?q=${encodeURIComponent(this.input.value)}`);
    this.input.value = '';
    this.input.blur();
  }
}
