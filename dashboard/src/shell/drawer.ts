/** `<helio-drawer>`: everything about one call, beside the page it was opened from, under a link of its own (`?call=id`). */
import { LitElement, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { writeExact } from '../app/exact-json.ts';
import { addKeys } from '../app/keyboard.ts';
import { duration, instant, visible } from '../app/format.ts';
import { Resource } from '../app/resource.ts';
import { becameOf, whatOf, whoOf } from '../app/rows.ts';
import { neighbour } from '../app/selection.ts';
import { Watch } from '../app/watch.ts';
import { icon } from '../elements/icon.ts';
import { copyText } from '../elements/snippet.ts';
import { whenRead } from '../elements/state.ts';
import { drawerStyles } from '../styles/drawer.ts';
import { shared } from '../styles/shared.ts';
import type { AuditPage, CallDetail, Json, JsonObject } from '../api-types.ts';
import '../elements/calls.ts';
import '../elements/json.ts';
import '../elements/outcome.ts';
import '../elements/time.ts';
import '../panels/panel-slot.ts';
import { curlCall } from '../app/snippets.ts';

type Tab = 'arguments' | 'answer' | 'changes' | 'record';

@customElement('helio-drawer')
export class HelioDrawer extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @property() call = '';
  @state() private tab: Tab = 'arguments';
  @query('section.drawer') private panel!: HTMLElement | null;
  private came: HTMLElement | null = null;
  private readonly detail = new Resource(this, async (signal) => {
    const row = await this.host.api.get<CallDetail>(`/api/audit/${encodeURIComponent(this.call)}`, signal);
    const session =
      row.session === null
        ? undefined
        : await this.host.api
            .get<AuditPage>(`/api/audit?limit=12&q=${encodeURIComponent(`session:"${row.session}"`)}`, signal)
            .catch(() => undefined);
    return { row, session: session?.rows ?? [] };
  });

  static override styles = [shared, drawerStyles];
  constructor() {
    super();
    new Watch(this, () => [
      addKeys([
        { keys: '[', does: 'Call before', run: () => this.go(-1) },
        { keys: ']', does: 'Next call', run: () => this.go(1) },
      ]),
    ]);
  }
  override connectedCallback(): void {
    super.connectedCallback();
    this.came = deepActive();
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.came?.focus?.();
  }
  override firstUpdated(): void {
    this.panel?.focus();
  }
  override updated(changed: Map<string, unknown>): void {
    if (changed.has('call') && changed.get('call') !== undefined && changed.get('call') !== '')
      void this.detail.load({ clear: true });
  }

  override render() {
    return html`<section class="drawer" tabindex="-1" role="dialog" aria-modal="false" aria-label="Call ${this.call}">
      <div class="head">
        <h2 class="grow cut">${this.detail.value === undefined ? 'Call' : whatOf(this.detail.value.row)}</h2>
        <button
          class="quiet icon"
          aria-label="Call before"
          ?disabled=${neighbour(this.call, -1) === undefined}
          @click=${() => this.go(-1)}
        >
          ${icon('left')}
        </button>
        <button
          class="quiet icon"
          aria-label="Next call"
          ?disabled=${neighbour(this.call, 1) === undefined}
          @click=${() => this.go(1)}
        >
          ${icon('right')}
        </button>
        <button class="quiet icon" aria-label="Close" @click=${this.close}>${icon('close')}</button>
      </div>
      <div class="content">
        ${
          this.host.has('audit')
            ? whenRead(
                this.detail,
                ({ row, session }) =>
                  html`${this.summary(row)}${this.decision(row)}${this.json(row)}${this.facts(row)}${this.session(row, session)}${this.panels(row)}${this.actions(row)}`,
              )
            : html`<p class="muted">The plugin <code>audit</code> is not loaded: calls are not kept.</p>`
        }
      </div>
    </section>`;
  }
  private summary(row: CallDetail) {
    const became = becameOf(row);
    const total = Math.max(row.helio_ms + row.waited_ms + row.upstream_ms, 0.001);
    return html`<section class="summary">
      <div class="row wrap">
        ${became === '' ? nothing : html`<helio-outcome value=${became}></helio-outcome>`}
        ${(Array.isArray(row.flags) ? row.flags : []).map((flag) => html`<helio-outcome value="not_sent" word=${String(flag)}></helio-outcome>`)}
        <span class="muted small">${instant(Date.parse(row.time))}</span>
      </div>
      ${row.reason === null && row.error === null ? nothing : html`<p class="reason">${visible(row.error ?? row.reason ?? '')}</p>`}
      <dl>
        <dt>Agent</dt>
        <dd>
          ${whoOf({ ...row, session: null })}${row.agent_source === null ? nothing : html` <span class="muted">from ${row.agent_source}</span>`}
        </dd>
        <dt>Session</dt>
        <dd>
          ${row.session === null ? html`<span class="muted">none</span>` : html`<a href="/sessions/${encodeURIComponent(row.session)}">${visible(row.session)}</a>`}
        </dd>
        <dt>Client</dt>
        <dd>${visible(row.client ?? 'unknown')} <span class="muted">over ${row.door ?? '–'}</span></dd>
        <dt>Upstream</dt>
        <dd>${visible(row.upstream ?? '–')}</dd>
        ${
          row.rule === null
            ? nothing
            : html`<dt>Rule</dt>
                <dd><a href="/policies?rule=${encodeURIComponent(row.rule)}">${visible(row.rule)}</a></dd>`
        }
        <dt>Took</dt>
        <dd>
          ${duration(total)}
          <span class="muted"
            >Helio ${duration(row.helio_ms)}${row.waited_ms > 0 ? `, people ${duration(row.waited_ms)}` : ''}, upstream
            ${duration(row.upstream_ms)}</span
          >
        </dd>
      </dl>
    </section>`;
  }
  /** Every verdict, with its plugin, and the rules that were tried. */
  private decision(row: CallDetail) {
    const verdicts = (Array.isArray(row.verdicts) ? row.verdicts : []) as readonly JsonObject[];
    if (verdicts.length === 0 && row.trace === null) return nothing;
    return html`<section>
      <h2>Why</h2>
      <ul class="trace">
        ${verdicts.map((verdict) => {
          const rule = verdict['rule'] as JsonObject | string | null | undefined;
          const name = typeof rule === 'string' ? rule : (rule?.['name'] as string | undefined);
          return html`<li>
            <div class="row wrap">
              <helio-outcome value=${String(verdict['effect'] ?? '')}></helio-outcome
              ><b>${String(verdict['plugin'] ?? '')}</b><code class="muted">${String(verdict['code'] ?? '')}</code>
              ${verdict['shadow'] === true ? html`<span class="muted small">shadow: recorded, not enforced</span>` : nothing}
              ${name === undefined ? nothing : html`<a class="small" href="/policies?rule=${encodeURIComponent(name)}">${visible(name)}</a>`}
            </div>
            <span>${visible(String(verdict['reason'] ?? ''))}</span>
            ${typeof verdict['suggestion'] === 'string' ? html`<span class="muted">${visible(verdict['suggestion'])}</span>` : nothing}
          </li>`;
        })}
      </ul>
      ${
        row.trace === null
          ? nothing
          : html`<details>
              <summary class="small muted">Every rule that was tried</summary>
              <helio-json label="Trace" .value=${row.trace}></helio-json>
            </details>`
      }
    </section>`;
  }
  private json(row: CallDetail) {
    const tabs: readonly (readonly [Tab, string])[] = [
      ['arguments', 'Arguments'],
      ['answer', 'Answer'],
      ...(row.sent_arguments === null ? [] : ([['changes', 'As sent']] as const)),
      ['record', 'Whole record'],
    ];
    const shown: { readonly [tab in Tab]: unknown } = {
      arguments: row.arguments,
      answer: row.answer,
      changes: row.sent_arguments,
      record: row,
    };
    const tab = tabs.some(([name]) => name === this.tab) ? this.tab : 'arguments';
    return html`<section>
      <div class="tabs" role="tablist" aria-label="What to show">
        ${tabs.map(([name, title]) => html`<button role="tab" id="tab-${name}" aria-controls="tab-panel" aria-selected=${tab === name ? 'true' : 'false'} @click=${() => (this.tab = name)}>${title}</button>`)}
      </div>
      <div id="tab-panel" role="tabpanel" aria-labelledby="tab-${tab}">
        ${
          tab === 'answer' && row.answer === null
            ? html`<p class="muted">
                ${row.outcome === 'forwarded' ? 'Answers are not kept (audit.include_responses).' : 'The upstream was not asked.'}
              </p>`
            : html`<helio-json label=${tab} .value=${shown[tab]}></helio-json>`
        }
        ${tab === 'answer' && row.answer_form === 'shortened' ? html`<p class="muted small">Shortened: larger than audit.max_response_bytes.</p>` : nothing}
      </div>
    </section>`;
  }
  private facts(row: CallDetail) {
    const parts: readonly (readonly [string, Json])[] = [
      ['Evidence', row.evidence],
      ['Approval', row.approval],
      ['Effect on limits and pots', row.limits],
      ['More', row.data],
    ];
    return parts
      .filter(
        ([, value]) =>
          value !== null &&
          !(Array.isArray(value) && value.length === 0) &&
          !(typeof value === 'object' && Object.keys(value).length === 0),
      )
      .map(
        ([title, value]) =>
          html`<section>
            <h2>${title}</h2>
            <helio-json label=${title} .value=${value}></helio-json>
          </section>`,
      );
  }
  private session(row: CallDetail, rows: AuditPage['rows']) {
    if (row.session === null || rows.length < 2) return nothing;
    return html`<section>
      <h2>This session, newest first</h2>
      <div class="framed"><helio-calls anonymous .rows=${rows} label="Calls of this session"></helio-calls></div>
    </section>`;
  }
  private panels(row: CallDetail) {
    return html`<helio-panel-slot
      slot-name="call-section"
      .call=${{ id: row.id, name: row.tool ?? '', upstream: row.upstream ?? '' }}
    ></helio-panel-slot>`;
  }
  private actions(row: CallDetail) {
    const endpoint = this.host.status()?.endpoint ?? '';
    const copy = (what: string, text: string) =>
      html`<button class="small" @click=${() => this.copy(what, text)}>${icon('copy')}Copy ${what}</button>`;
    return html`<section>
      <h2>Do</h2>
      <div class="row wrap">
        ${copy('id', row.id)} ${copy('JSON', writeExact(row))}
        ${
          row.tool === null
            ? nothing
            : html`${copy('curl', curlCall(endpoint, row.tool, writeExact(row.arguments, 0)))}
              ${
                this.host.has('policy')
                  ? html`<a
                        class="button"
                        href="/policies?tool=${encodeURIComponent(row.tool)}&args=${encodeURIComponent(writeExact(row.arguments, 0))}"
                        >${icon('policies')}What would happen now</a
                      >
                      ${copy('a rule', ruleFor(row))}`
                  : nothing
              }`
        }
      </div>
    </section>`;
  }
  private async copy(what: string, text: string): Promise<void> {
    await copyText(text);
    this.host.say(`Copied the ${what.replace(/^a /, '')}`);
  }
  private go(step: 1 | -1): void {
    const next = neighbour(this.call, step);
    if (next !== undefined) this.host.router.set({ call: next }, { replace: true });
  }
  private close(): void {
    this.host.router.set({ call: undefined });
  }
}

/** A rule that would hold this very call: a start, to be edited. */
function ruleFor(row: CallDetail): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  return `- match: { tool: ${quote(row.tool ?? '*')} }\n  action: require_approval`;
}

/** The focused element, looked up through shadow roots. */
function deepActive(): HTMLElement | null {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement != null) active = active.shadowRoot.activeElement;
  return active instanceof HTMLElement ? active : null;
}
