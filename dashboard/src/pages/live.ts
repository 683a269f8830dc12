/** `<helio-live>`: calls as they happen. Stands still while it is read; a thousand calls a second cost one drawing per frame. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { addKeys } from '../app/keyboard.ts';
import { withRows } from '../app/feed.ts';
import { count } from '../app/format.ts';
import { becameOf, isCall } from '../app/rows.ts';
import { Every, Watch } from '../app/watch.ts';
import { icon } from '../elements/icon.ts';
import { shared } from '../styles/shared.ts';
import type { AuditPage, CallRow, StreamEvents } from '../api-types.ts';
import '../elements/calls.ts';
import '../elements/empty.ts';
import '../elements/snippet.ts';
import { curlCall } from '../app/snippets.ts';

const mostKept = 500;
const mostShown = 100;
const busyPerSecond = 50;
/** At a busy rate nobody reads row by row: four drawings a second are enough, and leave the page free. */
const busyDrawMs = 250;

@customElement('helio-live')
export class HelioLive extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @state() private shown: readonly CallRow[] = [];
  @state() private stopped = false;
  @state() private resting = false;
  @state() private kinds: 'calls' | 'refused' | 'everything' = 'calls';
  @state() private more = false;
  @state() private announcement = '';
  @state() private perSecond = 0;
  private kept: CallRow[] = [];
  private fresh = 0;
  private sinceCount = 0;
  private sinceAnnounced = 0;
  private skipped = 0;
  private frame = 0;

  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 12px;
      }
      .bar {
        position: sticky;
        top: 60px;
        z-index: 2;
        justify-self: center;
        height: 0;
      }
      .bar button {
        box-shadow: 0 4px 14px var(--helio-shadow);
      }
      select {
        width: auto;
      }
      .rate {
        min-width: 92px;
      }
      @media (max-width: 480px) {
        .rate {
          display: none;
        }
      }
    `,
  ];
  constructor() {
    super();
    new Watch(this, () => [
      this.host.events.on('call', (event) => this.take(event)),
      this.host.events.on('resync', () => void this.read()),
      addKeys([{ keys: 'Space', does: 'Pause and go on', run: () => this.toggle() }]),
    ]);
    new Every(this, 1_000, () => {
      this.perSecond = this.sinceCount;
      this.sinceCount = 0;
    });
    new Every(this, 5_000, () => {
      this.announcement = this.sinceAnnounced === 0 ? '' : `${count(this.sinceAnnounced)} new calls`;
      this.sinceAnnounced = 0;
    });
  }
  override connectedCallback(): void {
    super.connectedCallback();
    void this.read();
  }
  private async read(): Promise<void> {
    if (!this.host.has('audit')) return;
    const page = await this.host.api.get<AuditPage>('/api/audit?limit=100').catch(() => undefined);
    if (page === undefined) return;
    this.kept = withRows(this.kept, page.rows, mostKept);
    this.draw();
  }
  private take({ rows, skipped }: StreamEvents['call']): void {
    this.kept = withRows(this.kept, rows, mostKept);
    this.sinceCount += rows.length + skipped;
    this.sinceAnnounced += rows.length + skipped;
    this.fresh += rows.length + skipped;
    this.skipped += skipped;
    if (this.frame !== 0) return;
    const draw = (): void => {
      this.frame = 0;
      if (this.stopped || this.resting) this.requestUpdate();
      else this.draw();
    };
    this.frame = this.perSecond > busyPerSecond ? window.setTimeout(draw, busyDrawMs) : requestAnimationFrame(draw);
  }
  private draw(): void {
    this.fresh = 0;
    this.shown = [...this.kept];
  }
  private wanted(): readonly CallRow[] {
    if (this.kinds === 'everything') return this.shown;
    if (this.kinds === 'refused')
      return this.shown.filter((row) => isCall(row) && !['forwarded', 'failed', 'answered'].includes(becameOf(row)));
    return this.shown.filter((row) => row.kind === 'call' || row.kind === 'refusal');
  }

  override render() {
    const all = this.wanted();
    const rows = this.more ? all : all.slice(0, mostShown);
    const isStill = this.stopped || this.resting;
    return html`
      <div class="row wrap">
        <h1 class="grow">Live</h1>
        <span class="muted small rate num">${count(this.perSecond)} calls/s</span>
        <select
          aria-label="Show"
          @change=${(event: Event) => (this.kinds = (event.target as HTMLSelectElement).value as 'calls')}
        >
          <option value="calls">Calls</option>
          <option value="refused">Refused and held</option>
          <option value="everything">Everything</option>
        </select>
        <button @click=${this.toggle} aria-pressed=${this.stopped ? 'true' : 'false'}>
          ${icon(this.stopped ? 'play' : 'pause')}${this.stopped ? 'Go on' : 'Pause'}
        </button>
      </div>
      <p class="sr" role="status" aria-live="polite">${this.announcement}</p>
      ${isStill && this.fresh > 0 ? html`<div class="bar"><button class="primary small" @click=${this.catchUp}>${count(this.fresh)} new</button></div>` : nothing}
      <section
        class="card"
        role="log"
        aria-live="off"
        aria-label="Calls as they happen"
        @mouseenter=${() => (this.resting = true)}
        @mouseleave=${this.leave}
      >
        ${
          rows.length === 0
            ? html`<helio-empty heading="Waiting for the first call" icon="live"
                ><p>Point a client at Helio, or try this in a terminal:</p>
                <helio-snippet
                  label="curl command"
                  .text=${curlCall(this.host.status()?.endpoint ?? '')}
                ></helio-snippet
              ></helio-empty>`
            : html`<helio-calls .rows=${rows} label="Calls, newest first"></helio-calls>`
        }
      </section>
      <div class="row">
        <span class="muted small grow"
          >${count(all.length)} shown of the last
          ${mostKept}${this.skipped > 0 ? html`; ${count(this.skipped)} passed too fast to show` : nothing}. All of them
          are in the <a href="/audit">audit</a>.</span
        >
        ${!this.more && all.length > mostShown ? html`<button class="small" @click=${() => (this.more = true)}>Show older</button>` : nothing}
      </div>
    `;
  }
  private toggle(): void {
    this.stopped = !this.stopped;
    if (!this.stopped) this.draw();
  }
  private leave(): void {
    this.resting = false;
    if (!this.stopped) this.draw();
  }
  private catchUp(): void {
    this.draw();
    scrollTo(0, 0);
  }
}
