/** `<helio-audit>`: search the trail - words, fields and counts, page by page, and take it away as a file. */
import { LitElement, html, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { count } from '../app/format.ts';
import { Resource } from '../app/resource.ts';
import { Watch } from '../app/watch.ts';
import { icon } from '../elements/icon.ts';
import { notLoaded, whenRead } from '../elements/state.ts';
import { outcomeWord } from '../elements/outcome.ts';
import { auditStyles } from '../styles/audit.ts';
import { shared } from '../styles/shared.ts';
import type { AuditFacets, AuditPage, CallRow } from '../api-types.ts';
import { addTerm, hasTerm, removeLastTerm, removeTerm } from '../app/query.ts';
import '../elements/calls.ts';
import '../elements/empty.ts';

const pageSize = 50;
const facetTitles: { readonly [field: string]: string } = {
  outcome: 'Outcome',
  effect: 'Decision',
  tool: 'Tool',
  agent: 'Agent',
  upstream: 'Upstream',
  rule: 'Rule',
  code: 'Reason',
  kind: 'Kind',
  client: 'Client',
};
const facetOrder = ['outcome', 'tool', 'agent', 'rule', 'code', 'upstream', 'kind'];
const mostValues = 8;
const ranges = [
  ['', 'Any time'],
  ['1h', 'Last hour'],
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
] as const;

const checkAgainMs = 1_000;
interface ChainCheck {
  readonly state: 'running' | 'done';
  readonly ok?: boolean;
  readonly lastSeq?: number;
  readonly head?: string;
}

@customElement('helio-audit')
export class HelioAudit extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @query('input[type=search]') private box!: HTMLInputElement;
  @state() private facetsOpen = false;
  @state() private reading = false;
  private older: readonly CallRow[] = [];
  private next: string | undefined;
  private asked = '';
  private readonly page = new Resource(this, async (signal) => {
    if (!this.host.has('audit')) return { rows: [], unindexed: 0 };
    const page = await this.host.api.get<AuditPage>(
      `/api/audit?${this.parameters({ limit: String(pageSize) })}`,
      signal,
    );
    this.older = [];
    this.next = page.next;
    return page;
  });
  private readonly facets = new Resource(this, async (signal) =>
    this.host.has('audit')
      ? this.host.api.get<AuditFacets>(`/api/audit/facets?${this.parameters({})}`, signal)
      : { facets: {}, total: 0, complete: true },
  );
  private readonly chain = new Resource(this, async (signal) => {
    if (!this.host.has('audit')) return undefined;
    for (let tries = 0; tries < 30; tries++) {
      const check = await this.host.api.get<ChainCheck>('/api/audit/verify', signal).catch(() => undefined);
      if (check?.state !== 'running') return check;
      await new Promise((resolve) => setTimeout(resolve, checkAgainMs));
    }
    return undefined;
  });

  static override styles = [shared, auditStyles];
  constructor() {
    super();
    new Watch(this, () => {
      const search = (event: Event): void => {
        event.preventDefault();
        this.box?.focus();
      };
      addEventListener('helio-search', search);
      return [this.host.router.onChange(() => this.moved()), () => removeEventListener('helio-search', search)];
    });
  }
  override connectedCallback(): void {
    super.connectedCallback();
    this.asked = this.parameters({});
  }
  private moved(): void {
    const now = this.parameters({});
    if (now !== this.asked) {
      this.asked = now;
      void this.page.load();
      void this.facets.load();
    }
    this.requestUpdate();
  }
  private q(): string {
    return this.host.router.place().query.get('q') ?? '';
  }
  private range(): string {
    return this.host.router.place().query.get('since') ?? '';
  }
  private parameters(more: { readonly [name: string]: string }): string {
    const q = [this.q(), this.range() === '' ? '' : `since:${this.range()}`].filter((part) => part !== '').join(' ');
    return new URLSearchParams({ ...(q === '' ? {} : { q }), ...more }).toString();
  }

  override render() {
    if (!this.host.has('audit'))
      return html`<h1>Audit</h1>
        ${notLoaded('audit', 'The audit trail')}`;
    const total = this.facets.value;
    return html`
      <div class="row wrap">
        <h1 class="grow">Audit</h1>
        ${this.verified()}
        <details class="export">
          <summary class="button">${icon('down')}Export</summary>
          <div class="menu">
            ${(['csv', 'json', 'ndjson'] as const).map((format) => html`<a href="/api/audit/export?${this.parameters({ format })}" download="helio-audit.${format}">${format.toUpperCase()} of what is shown</a>`)}
          </div>
        </details>
      </div>
      <form role="search" aria-label="Filter the audit" @submit=${this.submit}>
        <div class="box">
          ${icon('search')}<input
            type="search"
            aria-label="Search the audit"
            placeholder='tool:stripe_* outcome:denied amount>100 "words"'
            autocomplete="off"
            spellcheck="false"
            .value=${this.q()}
          />
        </div>
        <select
          aria-label="Time"
          @change=${(event: Event) => this.host.router.set({ since: (event.target as HTMLSelectElement).value })}
        >
          ${ranges.map(([value, title]) => html`<option value=${value} ?selected=${value === this.range()}>${title}</option>`)}
        </select>
        <button>Search</button>
        <button
          type="button"
          class="open-facets"
          aria-expanded=${this.facetsOpen ? 'true' : 'false'}
          @click=${() => (this.facetsOpen = !this.facetsOpen)}
        >
          Filters
        </button>
      </form>
      <div class="split">
        <aside class="facets ${this.facetsOpen ? 'shown' : ''}" aria-label="Filters">
          ${this.facets.value === undefined ? nothing : this.panel(this.facets.value)}
        </aside>
        <section class="card" aria-label="Results">
          ${whenRead(this.page, (page) => {
            const rows = [...page.rows, ...this.older];
            if (rows.length === 0) return this.none();
            return html`<helio-calls .rows=${rows} label="Rows of the audit, newest first"></helio-calls>
              <div class="row foot">
                <span class="muted small grow" role="status"
                  >${count(rows.length)}${total === undefined ? '' : ` of ${total.complete ? '' : 'more than '}${count(total.total)}`}${
                    page.unindexed > 0 ? `; ${count(page.unindexed)} not yet searchable by words` : ''
                  }</span
                >
                ${this.next === undefined ? nothing : html`<button class="small" ?disabled=${this.reading} @click=${this.readOlder}>Show older</button>`}
              </div>`;
          })}
        </section>
      </div>
    `;
  }
  private verified() {
    const chain = this.chain.value;
    if (chain?.ok === undefined) return nothing;
    return chain.ok
      ? html`<helio-outcome
          value="accepted"
          word="Chain verified to #${count(chain.lastSeq ?? 0)}"
          title=${chain.head ?? ''}
        ></helio-outcome>`
      : html`<helio-outcome value="changed" word="The chain is broken"></helio-outcome>`;
  }
  private none() {
    const q = this.q();
    return html`<helio-empty
      heading=${q === '' && this.range() === '' ? 'Nothing is recorded yet' : 'No calls match'}
      icon="audit"
    >
      ${
        q === '' && this.range() === ''
          ? html`<p>Every call that passes Helio is kept here.</p>`
          : html`<p><code>${q}</code></p>
              <button @click=${() => this.host.router.set(q === '' ? { since: undefined } : { q: removeLastTerm(q) })}>
                Remove the last filter
              </button>`
      }
    </helio-empty>`;
  }
  private panel({ facets }: AuditFacets) {
    const fields = [...facetOrder, ...Object.keys(facets)].filter(
      (field, index, all) =>
        (facets[field]?.length ?? 0) > 0 && all.indexOf(field) === index && facetTitles[field] !== undefined,
    );
    return fields.map(
      (field) =>
        html`<div>
          <h2>${facetTitles[field]}</h2>
          <ul>
            ${(facets[field] ?? []).slice(0, mostValues).map(({ value, count: times }) => {
              const isOn = hasTerm(this.q(), field, value);
              return html`<li>
                <button
                  aria-pressed=${isOn ? 'true' : 'false'}
                  title=${value}
                  @click=${() => this.host.router.set({ q: isOn ? removeTerm(this.q(), field, value) : addTerm(this.q(), field, value) })}
                >
                  <span class="cut">${field === 'outcome' ? outcomeWord(value) : value}</span
                  ><span class="num">${count(times)}</span>
                </button>
              </li>`;
            })}
          </ul>
        </div>`,
    );
  }
  private submit(event: Event): void {
    event.preventDefault();
    this.host.router.set({ q: this.box.value.trim() });
  }
  private async readOlder(): Promise<void> {
    this.reading = true;
    try {
      const page = await this.host.api.get<AuditPage>(
        `/api/audit?${this.parameters({ limit: String(pageSize), cursor: this.next ?? '' })}`,
      );
      this.next = page.next;
      this.older = [...this.older, ...page.rows];
    } catch (error) {
      this.host.say((error as Error).message, 'bad');
    } finally {
      this.reading = false;
    }
  }
}
