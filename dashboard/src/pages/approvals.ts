/** `<helio-approvals>`: what waits for a person, oldest deadline first, and everything needed to decide it. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { addKeys } from '../app/keyboard.ts';
import { count, countdown, visible } from '../app/format.ts';
import { Resource } from '../app/resource.ts';
import { Every, Watch } from '../app/watch.ts';
import { notLoaded, whenRead } from '../elements/state.ts';
import { shared } from '../styles/shared.ts';
import type { Ticket } from '../api-types.ts';
import '../elements/empty.ts';
import '../elements/outcome.ts';
import '../elements/snippet.ts';
import '../elements/time.ts';
import '../elements/ticket.ts';
import type { HelioTicket } from '../elements/ticket.ts';

interface TicketPage {
  readonly tickets: readonly Ticket[];
  readonly cursor?: string;
}
const pageSize = 50;
const urgentMs = 60_000;

@customElement('helio-approvals')
export class HelioApprovals extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @state() private chosen: ReadonlySet<string> = new Set();
  private cursor: string | undefined;
  private more: readonly Ticket[] = [];
  private readonly list = new Resource(this, async (signal) => {
    if (!this.host.has('approvals')) return [];
    const page = await this.host.api.get<TicketPage>(`/api/approvals?status=${this.tab()}&limit=${pageSize}`, signal);
    this.cursor = page.cursor;
    this.more = [];
    return page.tickets;
  });

  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 12px;
      }
      .split {
        display: grid;
        grid-template-columns: minmax(260px, 340px) minmax(0, 1fr);
        gap: 16px;
        align-items: start;
      }
      .list {
        list-style: none;
        padding: 0;
        max-height: calc(100dvh - 168px);
        overflow-y: auto;
      }
      .list li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        align-items: center;
        border-bottom: 1px solid var(--helio-line);
      }
      .list li:last-child {
        border-bottom: 0;
      }
      .list input {
        margin: 0 0 0 14px;
      }
      .entry {
        display: grid;
        gap: 2px;
        padding: 10px 14px;
        color: inherit;
        min-width: 0;
      }
      .entry:hover {
        text-decoration: none;
        background: var(--helio-hover);
      }
      li.at {
        background: var(--helio-selected);
        box-shadow: inset 3px 0 0 var(--helio-focus);
      }
      .left {
        font-variant-numeric: tabular-nums;
        font-size: 13px;
        font-weight: 600;
        color: var(--helio-approval);
      }
      .left.urgent {
        color: var(--helio-deny);
      }
      .bulk {
        padding: 8px 14px;
        border-bottom: 1px solid var(--helio-line);
      }
      .back {
        display: none;
      }
      @media (max-width: 1000px) {
        .split {
          grid-template-columns: minmax(0, 1fr);
        }
        .split.open > .side {
          display: none;
        }
        .split:not(.open) > helio-ticket {
          display: none;
        }
        .split.open .back {
          display: inline-flex;
        }
      }
    `,
  ];
  constructor() {
    super();
    new Watch(this, () => [
      this.host.events.on('approval', () => void this.list.load()),
      this.host.events.on('resync', () => void this.list.load()),
      this.host.router.onChange(() => this.moved()),
      addKeys([
        { keys: 'j', does: 'Next row', run: () => this.step(1) },
        { keys: 'k', does: 'Row before', run: () => this.step(-1) },
        { keys: 'x', does: 'Select a ticket', run: () => this.toggle(this.current()?.id ?? '') },
        { keys: 'a', does: 'Approve', run: () => this.detail()?.approve() },
        { keys: 'd', does: 'Deny', run: () => this.detail()?.askToDeny() },
      ]),
    ]);
    new Every(this, 1_000, () => this.tab() === 'pending' && this.requestUpdate());
    new Every(this, 30_000, () => void this.list.load());
  }
  private seen = 'pending';
  private moved(): void {
    if (this.tab() !== this.seen) {
      this.seen = this.tab();
      this.chosen = new Set();
      void this.list.load({ clear: true });
    }
    this.requestUpdate();
  }
  private tab(): 'pending' | 'decided' {
    return this.host.router.place().query.get('tab') === 'decided' ? 'decided' : 'pending';
  }
  private all(): readonly Ticket[] {
    return [...(this.list.value ?? []), ...this.more];
  }
  private current(): Ticket | undefined {
    const id = this.host.router.place().query.get('ticket');
    return this.all().find((ticket) => ticket.id === id) ?? (id === null ? this.all()[0] : undefined);
  }
  private detail(): HelioTicket | null {
    return this.renderRoot.querySelector('helio-ticket');
  }

  override render() {
    if (!this.host.has('approvals'))
      return html`<h1>Approvals</h1>
        ${notLoaded('approvals', 'Approval')}`;
    const tab = this.tab();
    const select = (to: string) =>
      html`<button
        role="tab"
        aria-selected=${tab === to ? 'true' : 'false'}
        @click=${() => this.host.router.set({ tab: to === 'pending' ? undefined : to, ticket: undefined })}
      >
        ${to === 'pending' ? 'Waiting' : 'Decided'}
      </button>`;
    return html`
      <div class="row wrap"><h1 class="grow">Approvals</h1></div>
      <div class="tabs" role="tablist" aria-label="Which tickets">${select('pending')}${select('decided')}</div>
      ${whenRead(this.list, () => {
        const tickets = this.all();
        if (tickets.length === 0 && !this.host.router.place().query.has('ticket')) return this.nothing(tab);
        const current = this.current();
        const wanted = this.host.router.place().query.get('ticket');
        const id = current?.id ?? wanted;
        return html`<div class="split ${wanted === null ? '' : 'open'}">
          <section class="card side" aria-label=${tab === 'pending' ? 'Tickets that wait' : 'Decided tickets'}>
            ${this.chosen.size > 0 ? this.bulk() : nothing}
            <ul class="list">
              ${tickets.map((ticket) => this.entry(ticket, ticket.id === id, tab))}
              ${this.cursor === undefined ? nothing : html`<li><span></span><button class="quiet" @click=${this.readMore}>Show more</button></li>`}
            </ul>
          </section>
          ${id === null ? nothing : keyed(id, html`<helio-ticket .ticketId=${id} @decided=${this.decided} @back=${() => this.host.router.set({ ticket: undefined })}></helio-ticket>`)}
        </div>`;
      })}
    `;
  }
  private nothing(tab: string) {
    return html`<section class="card">
      ${
        tab === 'decided'
          ? html`<helio-empty heading="Nothing was decided yet" icon="approvals"></helio-empty>`
          : html`<helio-empty heading="Nothing waits for you" icon="approvals"
              ><p>A rule asks for approval like this:</p>
              <helio-snippet
                label="a rule that asks for approval"
                .text=${"- match: { tool: 'create_payment', input: { '$.amount': { gt: 1000 } } }\n  action: require_approval\n  approval: { channel: dashboard, timeout: 300s }"}
              ></helio-snippet
            ></helio-empty>`
      }
    </section>`;
  }
  private entry(ticket: Ticket, isCurrent: boolean, tab: string) {
    const leftMs = ticket.deadlineAtMs - Date.now();
    return html`<li class=${isCurrent ? 'at' : ''}>
      ${tab === 'pending' ? html`<input type="checkbox" aria-label="Select ${ticket.name}" .checked=${this.chosen.has(ticket.id)} @change=${() => this.toggle(ticket.id)} />` : html`<span></span>`}
      <a
        class="entry"
        href="/approvals?${tab === 'decided' ? 'tab=decided&' : ''}ticket=${ticket.id}"
        aria-current=${isCurrent ? 'true' : nothing}
      >
        <span class="row"
          ><b class="grow cut">${visible(ticket.name)}</b>${
            tab === 'pending'
              ? html`<span class="left ${leftMs < urgentMs ? 'urgent' : ''}" title="Then it is denied"
                  >${countdown(ticket.deadlineAtMs)}</span
                >`
              : html`<helio-outcome value=${ticket.state}></helio-outcome>`
          }</span
        >
        <span class="muted small cut"
          >${visible(ticket.principal.replace(/^(agent|session):/, ''))} ·
          ${visible(ticket.askers[0]?.rule?.name ?? ticket.askers[0]?.reason ?? '')}</span
        >
        <span class="muted small"
          >${tab === 'pending' ? 'asked' : ''}
          <helio-time
            relative
            .at=${tab === 'pending' ? ticket.createdAtMs : (ticket.decidedAtMs ?? ticket.createdAtMs)}
          ></helio-time
        ></span>
      </a>
    </li>`;
  }
  private bulk() {
    return html`<div class="bulk row">
      <span class="grow small"><b>${count(this.chosen.size)}</b> selected</span>
      <button class="small" @click=${() => void this.decideAll('approve')}>Approve</button>
      <button class="small danger" @click=${() => void this.decideAll('deny')}>Deny</button>
    </div>`;
  }
  private async decideAll(decision: 'approve' | 'deny'): Promise<void> {
    const ids = [...this.chosen];
    const done = await Promise.allSettled(
      ids.map((id) => this.host.api.post(`/api/approvals/${encodeURIComponent(id)}/${decision}`)),
    );
    const failed = done.filter(({ status }) => status === 'rejected').length;
    this.chosen = new Set();
    this.host.say(
      `${count(ids.length - failed)} ${decision === 'approve' ? 'approved' : 'denied'}${failed > 0 ? `, ${count(failed)} could not be decided` : ''}`,
      failed > 0 ? 'bad' : 'good',
    );
    this.host.refresh();
    void this.list.load();
  }
  private toggle(id: string): void {
    if (id === '') return;
    const next = new Set(this.chosen);
    if (!next.delete(id)) next.add(id);
    this.chosen = next;
  }
  private step(by: 1 | -1): void {
    const tickets = this.all();
    const at = tickets.findIndex(({ id }) => id === this.current()?.id);
    const next = tickets[Math.max(0, Math.min(tickets.length - 1, at + by))];
    if (next !== undefined) this.host.router.set({ ticket: next.id }, { replace: true });
  }
  private async readMore(): Promise<void> {
    const page = await this.host.api.get<TicketPage>(
      `/api/approvals?status=${this.tab()}&limit=${pageSize}&cursor=${encodeURIComponent(this.cursor ?? '')}`,
    );
    this.cursor = page.cursor;
    this.more = [...this.more, ...page.tickets];
    this.requestUpdate();
  }
  /** The next one that waits takes the place of the decided one. */
  private decided(event: CustomEvent<string>): void {
    const tickets = this.all();
    const at = tickets.findIndex(({ id }) => id === event.detail);
    const next = tickets[at + 1] ?? tickets[at - 1];
    this.host.refresh();
    if (this.tab() === 'pending')
      this.host.router.set(
        { ticket: matchMedia('(max-width: 1000px)').matches ? undefined : next?.id },
        { replace: true },
      );
    void this.list.load();
  }
}
