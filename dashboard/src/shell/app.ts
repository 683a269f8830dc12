/** `<helio-app>`: signs in, reads the status, shows the page that the address names, and the open call beside it. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { provide } from '@lit/context';
import { createApi, ApiError } from '../app/api.ts';
import { createEventStream, type StreamState } from '../app/events.ts';
import { createRouter } from '../app/router.ts';
import { hostContext, type Host } from '../app/host.ts';
import { addKeys, startKeyboard } from '../app/keyboard.ts';
import { applyPreferences, onPreferences, preferences, seenTheme, setPreferences } from '../app/preferences.ts';
import { shared } from '../styles/shared.ts';
import { pageOf, pages } from './pages.ts';
import type { Panel, SessionInfo, Status } from '../api-types.ts';
import './nav.ts';
import './topbar.ts';
import type { HelioTopbar } from './topbar.ts';
import './toast.ts';
import type { HelioToast } from './toast.ts';

@customElement('helio-app')
export class HelioApp extends LitElement {
  @state() private phase: 'starting' | 'login' | 'in' | 'unreachable' = 'starting';
  @state() private status: Status | undefined;
  @state() private panels: readonly Panel[] = [];
  @state() private stream: StreamState = { state: 'connecting', sinceMs: Date.now() };
  @state() private navOpen = false;
  @state() private dialog: 'none' | 'keys' | 'palette' = 'none';
  @state() private pageReady = '';
  @state() private drawerReady = false;

  private readonly router = createRouter();
  private readonly events = createEventStream();
  private readonly api = createApi(() => this.signedOut());
  private readonly listeners = new Set<() => void>();
  private refreshTimer: ReturnType<typeof setTimeout> | undefined;

  @provide({ context: hostContext })
  protected host: Host = {
    api: this.api,
    events: this.events,
    router: this.router,
    status: () => this.status,
    panels: () => this.panels,
    has: (plugin) => this.status?.plugins.includes(plugin) ?? true,
    refresh: () => this.refreshSoon(),
    say: (text, tone) => this.shadowRoot?.querySelector<HelioToast>('helio-toast')?.say(text, tone ?? 'good'),
    onChange: (listener) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
  };

  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: 208px minmax(0, 1fr);
        grid-template-rows: auto 1fr;
        min-height: 100dvh;
      }
      helio-nav {
        grid-row: 1 / -1;
      }
      main {
        padding: 20px 24px 48px;
        min-width: 0;
      }
      main:focus-visible {
        outline: none;
      }
      .skip {
        position: absolute;
        left: -999px;
      }
      .skip:focus-within {
        left: 8px;
        top: 8px;
        z-index: 10;
        background: var(--helio-surface);
        padding: 8px;
      }
      .banner {
        margin: 12px 24px 0;
      }
      .loading {
        padding: 24px;
      }
      .alone {
        grid-column: 1 / -1;
        display: grid;
        place-items: center;
        min-height: 100dvh;
      }
      @media (max-width: 860px) {
        :host {
          grid-template-columns: minmax(0, 1fr);
        }
        main {
          padding: 16px 12px 48px;
        }
        .banner {
          margin: 12px 12px 0;
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    applyPreferences();
    startKeyboard();
    onPreferences(() => this.requestUpdate());
    this.router.onChange(() => this.arrived());
    this.events.onState((stream) => (this.stream = stream));
    for (const type of ['approval', 'config', 'plugin', 'resync'] as const)
      this.events.on(type, () => this.refreshSoon());
    this.events.on('approval', (event) => this.notify(event.kind));
    addKeys([
      { keys: '?', does: 'Show the keys', run: () => void this.open('keys') },
      { keys: 'Mod+k', does: 'Go anywhere', run: () => void this.open('palette') },
      { keys: '/', does: 'Search', run: () => this.search() },
      { keys: 'Escape', does: 'Close', run: () => this.close() },
      ...pages.map((page) => ({
        keys: `g ${page.key}`,
        does: `Go to ${page.title}`,
        run: () => this.router.go(page.path),
      })),
    ]);
    void this.begin();
  }

  private async begin(): Promise<void> {
    try {
      const session = await this.api.readSession();
      if (session === undefined) return void (await this.showLogin());
      await this.signedIn(session);
    } catch (error) {
      this.phase = error instanceof ApiError && error.status === 0 ? 'unreachable' : 'login';
      if (this.phase === 'login') await this.showLogin();
    }
  }
  private async showLogin(): Promise<void> {
    await import('../pages/login.ts');
    this.phase = 'login';
  }
  private async signedIn(_session: SessionInfo): Promise<void> {
    await this.readStatus();
    this.phase = 'in';
    this.events.start();
    if (this.router.place().path === '/login') this.router.go('/', { replace: true });
    else this.arrived();
  }
  private signedOut(): void {
    this.events.stop();
    void this.showLogin();
  }
  private async readStatus(): Promise<void> {
    const [status, panels] = await Promise.all([
      this.api.get<Status>('/api/status'),
      this.api.get<{ panels: readonly Panel[] }>('/api/panels'),
    ]);
    this.status = status;
    this.panels = panels.panels;
    this.titleOf();
    this.listeners.forEach((listener) => listener());
  }
  /** Many events in a row are one reading. */
  private refreshSoon(): void {
    if (this.refreshTimer !== undefined || this.phase !== 'in') return;
    this.refreshTimer = setTimeout(() => {
      this.refreshTimer = undefined;
      void this.readStatus().catch(() => undefined);
    }, 300);
  }

  private arrived(): void {
    if (this.phase !== 'in') return;
    this.navOpen = false;
    const { path, query } = this.router.place();
    const page = pageOf(path);
    if (query.has('call')) void import('./drawer.ts').then(() => (this.drawerReady = true));
    if (path.startsWith('/panel/')) void import('../panels/panel-page.ts').then(() => this.showPage(path));
    else if (page !== undefined) void page.load().then(() => this.showPage(page.path));
    else this.showPage('');
    this.requestUpdate();
  }
  private showPage(path: string): void {
    const changed = this.pageReady !== path;
    this.pageReady = path;
    this.titleOf();
    if (changed)
      void this.updateComplete.then(() => this.shadowRoot?.querySelector('main')?.focus({ preventScroll: true }));
    if (changed) scrollTo(0, 0);
  }
  private titleOf(): void {
    const { path } = this.router.place();
    const title =
      pageOf(path)?.title ??
      this.panels.find((panel) => path === `/panel/${panel.plugin}/${panel.element}`)?.title ??
      'Not found';
    const waiting = this.status?.waiting ?? 0;
    document.title = `${waiting > 0 ? `(${waiting}) ` : ''}${title} · Helio`;
  }

  private notify(kind: string): void {
    if (
      !preferences().notify ||
      kind !== 'approval_requested' ||
      !('Notification' in globalThis) ||
      Notification.permission !== 'granted'
    )
      return;
    const notification = new Notification('A call waits for approval', {
      body: this.status?.config.name ?? 'Helio',
      tag: 'helio-approval',
    });
    notification.onclick = () => {
      focus();
      this.router.go('/approvals');
    };
  }

  private async open(dialog: 'keys' | 'palette'): Promise<void> {
    if (this.phase !== 'in') return;
    await (dialog === 'keys' ? import('./keys.ts') : import('./palette.ts'));
    this.dialog = dialog;
  }
  private search(): void {
    const own = new CustomEvent('helio-search', { cancelable: true });
    if (dispatchEvent(own)) this.shadowRoot?.querySelector<HelioTopbar>('helio-topbar')?.focusSearch();
  }
  private close(): void {
    if (this.dialog !== 'none') this.dialog = 'none';
    else if (this.navOpen) this.navOpen = false;
    else if (this.router.place().query.has('call')) this.router.set({ call: undefined });
  }

  override render() {
    if (this.phase === 'starting') return html`<p class="alone muted" role="status">Starting…</p>`;
    if (this.phase === 'unreachable') {
      return html`<div class="alone">
        <div class="stack">
          <h1>Helio does not answer</h1>
          <p class="muted">Start it with <code>helio start</code>, then try again.</p>
          <button class="primary" @click=${() => void this.begin()}>Try again</button>
        </div>
      </div>`;
    }
    if (this.phase === 'login')
      return html`<helio-login
        class="alone"
        @signed-in=${(event: CustomEvent<SessionInfo>) => void this.signedIn(event.detail)}
      ></helio-login>`;
    const { path, query } = this.router.place();
    const page = pageOf(path);
    const call = query.get('call');
    return html`
      <nav class="skip" aria-label="Skip"><a href="#main" @click=${this.skip}>Skip to the page</a></nav>
      <helio-nav
        .path=${path}
        .status=${this.status}
        .panels=${this.panels}
        ?open=${this.navOpen}
        @closed=${() => (this.navOpen = false)}
      ></helio-nav>
      <helio-topbar
        .status=${this.status}
        .stream=${this.stream}
        .name=${this.api.session()?.name ?? ''}
        .theme=${seenTheme()}
        @menu=${() => (this.navOpen = true)}
        @palette=${() => void this.open('palette')}
        @theme=${() => setPreferences({ theme: seenTheme() === 'dark' ? 'light' : 'dark' })}
      ></helio-topbar>
      <main id="main" tabindex="-1" aria-label=${page?.title ?? 'Page'}>
        ${
          path.startsWith('/panel/') && this.pageReady === path
            ? html`<helio-panel-page .path=${path}></helio-panel-page>`
            : page === undefined
              ? html`<h1>No such page</h1>
                  <p class="muted">Nothing is at ${path}. <a href="/">Go to the overview</a>.</p>`
              : this.pageReady === page.path
                ? page.show()
                : nothing
        }
      </main>
      ${call === null || !this.drawerReady ? nothing : html`<helio-drawer .call=${call}></helio-drawer>`}
      ${this.dialog === 'keys' ? html`<helio-keys @closed=${() => (this.dialog = 'none')}></helio-keys>` : nothing}
      ${this.dialog === 'palette' ? html`<helio-palette @closed=${() => (this.dialog = 'none')}></helio-palette>` : nothing}
      <helio-toast></helio-toast>
    `;
  }
  private skip(event: Event): void {
    event.preventDefault();
    this.shadowRoot?.querySelector('main')?.focus();
  }
}
