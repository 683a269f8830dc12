/** `<helio-ticket>`: one approval that is asked for - who, what, every argument, why it stopped, what it would cost, and the decision. */
import { LitElement, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { ApiError } from '../app/api.ts';
import { hostContext, type Host } from '../app/host.ts';
import { countdown, instant, visible } from '../app/format.ts';
import { readPots, type PotView } from '../app/pots.ts';
import { Resource } from '../app/resource.ts';
import { Every, Watch } from '../app/watch.ts';
import { dialogStyles } from '../styles/dialog.ts';
import { ticketStyles } from '../styles/ticket.ts';
import { shared } from '../styles/shared.ts';
import type { AuditPage, PolicyView, Ticket } from '../api-types.ts';
import { icon } from './icon.ts';
import { whenRead } from './state.ts';
import { ticketArguments } from './ticket-arguments.ts';
import './calls.ts';
import './meter.ts';
import './outcome.ts';

@customElement('helio-ticket')
export class HelioTicket extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @property({ attribute: false }) ticketId = '';
  @state() private asking: 'none' | 'deny' | 'break-glass' = 'none';
  @state() private scope = 'once';
  @state() private busy = false;
  @state() private wrong = '';
  @query('dialog') private dialog!: HTMLDialogElement | null;
  @query('textarea[name=reason]') private reason!: HTMLTextAreaElement;

  private readonly ticket = new Resource(this, (signal) =>
    this.host.api.get<Ticket>(`/api/approvals/${encodeURIComponent(this.ticketId)}`, signal),
  );
  private readonly around = new Resource(this, async (signal) => {
    const ticket = await this.host.api.get<Ticket>(`/api/approvals/${encodeURIComponent(this.ticketId)}`, signal);
    const [history, rules, pots] = await Promise.all([
      ticket.session === undefined || !this.host.has('audit')
        ? undefined
        : this.host.api
            .get<AuditPage>(`/api/audit?limit=8&q=${encodeURIComponent(`session:"${ticket.session}"`)}`, signal)
            .catch(() => undefined),
      this.host.has('policy')
        ? this.host.api.get<PolicyView>('/api/policies', signal).catch(() => undefined)
        : undefined,
      readPots(this.host, signal).catch(() => []),
    ]);
    return { history: history?.rows ?? [], rules: rules?.rules ?? [], pots };
  });

  static override styles = [shared, dialogStyles, ticketStyles];
  constructor() {
    super();
    new Every(this, 1_000, () => this.ticket.value?.state === 'pending' && this.requestUpdate());
    new Watch(this, () => [
      this.host.events.on('approval', (event) => event.ticket === this.ticketId && void this.ticket.load()),
      this.host.onChange(() => this.requestUpdate()),
    ]);
  }

  override render() {
    return html`<article class="card">
        ${whenRead(
          this.ticket,
          (ticket) =>
            html`<div class="body">
                ${this.top(ticket)}${this.whyStopped(ticket)}${ticketArguments(ticket, this.around.value?.rules ?? [])}${this.facts(ticket)}${this.effects(ticket)}${this.votes(ticket)}${this.history()}
              </div>
              ${ticket.state === 'pending' ? this.decide(ticket) : nothing}`,
        )}
      </article>
      ${this.asking === 'none' ? nothing : this.question()}`;
  }
  private top(ticket: Ticket) {
    return html`<div class="top">
      <button
        class="quiet icon back"
        aria-label="Back to the list"
        @click=${() => this.dispatchEvent(new Event('back'))}
      >
        ${icon('left')}
      </button>
      <div class="grow">
        <h2>${visible(ticket.name)}</h2>
        <p class="muted">
          ${visible(ticket.principal.replace(/^(agent|session):/, ''))} wants to call it on ${visible(ticket.upstream)}
        </p>
      </div>
      <div class="left">
        ${
          ticket.state === 'pending'
            ? html`<b role="timer" aria-label="Time left">${countdown(ticket.deadlineAtMs)}</b>
                <p class="muted small">then denied</p>`
            : html`<helio-outcome value=${ticket.state}></helio-outcome>
                <p class="muted small">${ticket.decidedAtMs === undefined ? '' : instant(ticket.decidedAtMs)}</p>`
        }
      </div>
    </div>`;
  }
  private whyStopped(ticket: Ticket) {
    return html`<section>
      <h3>Why it stopped</h3>
      <ul class="why">
        ${ticket.askers.map(
          (asker) =>
            html`<li>
              ${visible(asker.reason)}
              <div class="muted small">
                ${asker.rule === undefined ? asker.plugin : html`<a href="/policies?rule=${encodeURIComponent(asker.rule.name)}">${visible(asker.rule.name)}</a>, line ${asker.rule.line}`}
              </div>
            </li>`,
        )}
      </ul>
    </section>`;
  }
  private facts(ticket: Ticket) {
    const fact = (name: string, value: unknown) =>
      html`<div>
        <dt class="muted small">${name}</dt>
        <dd>${value}</dd>
      </div>`;
    return html`<dl class="facts">
      ${fact('Agent', visible(ticket.agent ?? 'not known'))}
      ${fact('Session', ticket.session === undefined ? 'none' : html`<a href="/sessions/${encodeURIComponent(ticket.session)}">${visible(ticket.session)}</a>`)}
      ${fact('Client says it is', visible(ticket.client ?? 'not said'))} ${fact('Asked', instant(ticket.createdAtMs))}
      ${fact('Channels', ticket.channels.map((channel) => `${channel}${ticket.deliveries[channel]?.state === 'failed' ? ' (not delivered)' : ''}`).join(', '))}
      ${ticket.quorum > 1 ? fact('Quorum', `${ticket.votes.filter(({ decision }) => decision === 'approve').length} of ${ticket.quorum}`) : nothing}
      ${fact('Call', html`<a href="/approvals?ticket=${ticket.id}&call=${ticket.callId}">Open it</a>`)}
    </dl>`;
  }
  /** The pots that this tool fills. */
  private effects(ticket: Ticket) {
    const pots = (this.around.value?.pots ?? []).filter((pot) =>
      pot.tools.some((tool) => matchesGlob(tool, ticket.name)),
    );
    if (pots.length === 0) return nothing;
    return html`<section>
      <h3>What it counts against</h3>
      <div class="pots">
        ${pots.slice(0, 6).map(
          (pot: PotView) =>
            html`<div>
              <div class="row">
                <span class="grow cut">${pot.title}</span
                ><span class="muted">${pot.usedText} of ${pot.limitText} used</span>
              </div>
              <helio-meter
                .share=${pot.share}
                label="${pot.title}: ${pot.usedText} of ${pot.limitText} used"
              ></helio-meter>
            </div>`,
        )}
      </div>
    </section>`;
  }
  private votes(ticket: Ticket) {
    if (ticket.votes.length === 0 && ticket.decidedBecause === undefined) return nothing;
    return html`<section>
      <h3>Decisions</h3>
      <ul class="why">
        ${ticket.votes.map((vote) => html`<li><b>${visible(vote.approver)}</b> ${vote.decision === 'approve' ? 'approved' : 'denied'} over ${vote.channel}, ${instant(vote.atMs)}${vote.note === undefined ? nothing : html`<div class="muted">“${visible(vote.note)}”</div>`}</li>`)}
        ${ticket.decidedBecause === undefined ? nothing : html`<li>${visible(ticket.decidedBecause)}</li>`}
        ${ticket.usedBy === undefined ? nothing : html`<li>Used by the call <a href="/approvals?tab=decided&ticket=${ticket.id}&call=${ticket.usedBy.callId}">${ticket.usedBy.callId}</a></li>`}
      </ul>
    </section>`;
  }
  private history() {
    const rows = this.around.value?.history ?? [];
    if (rows.length === 0) return nothing;
    return html`<section>
      <h3>This session so far</h3>
      <div class="framed"><helio-calls anonymous .rows=${rows} label="Calls of this session"></helio-calls></div>
    </section>`;
  }
  private decide(ticket: Ticket) {
    return html`<div class="decide">
      <button class="primary" ?disabled=${this.busy} @click=${() => void this.approve()}>
        Approve <kbd aria-hidden="true">a</kbd>
      </button>
      <button class="danger" ?disabled=${this.busy} @click=${() => this.askToDeny()}>
        Deny <kbd aria-hidden="true">d</kbd>
      </button>
      ${
        ticket.scopes.length > 1
          ? html`<select
              aria-label="How far the approval reaches"
              @change=${(event: Event) => (this.scope = (event.target as HTMLSelectElement).value)}
            >
              ${ticket.scopes.map((scope) => html`<option value=${scope} ?selected=${scope === this.scope}>${scope === 'once' ? 'This call only' : 'This tool, for this session'}</option>`)}
            </select>`
          : nothing
      }
      <button class="quiet glass" ?disabled=${this.busy} @click=${() => this.ask('break-glass')}>
        ${icon('warn')}Break glass…
      </button>
      ${this.wrong === '' ? nothing : html`<p class="notice bad" role="alert">${this.wrong}</p>`}
    </div>`;
  }
  private question() {
    const isDeny = this.asking === 'deny';
    return html`<dialog aria-labelledby="question" @close=${() => (this.asking = 'none')}>
      <form @submit=${this.answer}>
        <div class="head">
          <h2 id="question">${isDeny ? 'Deny this call' : 'Break glass'}</h2>
          <button type="button" class="quiet icon" aria-label="Close" @click=${() => this.dialog?.close()}>
            ${icon('close')}
          </button>
        </div>
        <div class="body">
          ${isDeny ? nothing : html`<p class="notice warn">You let this call go alone, past approvers and quorum. Your name and the reason are recorded and flagged. A rule that denies still denies.</p>`}
          <label
            ><span>Reason${isDeny ? ' (the agent reads it; may be left out)' : ''}</span
            ><textarea name="reason" rows="3" maxlength="1000" ?required=${!isDeny} autofocus></textarea>
          </label>
        </div>
        <footer>
          <button type="button" @click=${() => this.dialog?.close()}>Cancel</button
          ><button class=${isDeny ? 'danger' : 'primary'}>${isDeny ? 'Deny' : 'Break glass'}</button>
        </footer>
      </form>
    </dialog>`;
  }
  override updated(): void {
    if (this.dialog !== null && !this.dialog.open) this.dialog.showModal();
  }
  askToDeny(): void {
    this.ask('deny');
  }
  private ask(what: 'deny' | 'break-glass'): void {
    if (this.ticket.value?.state === 'pending') this.asking = what;
  }
  approve(): Promise<void> {
    const scopes = this.ticket.value?.scopes ?? [];
    return this.send('approve', scopes.length > 1 ? { scope: this.scope } : {}, 'Approved');
  }
  private answer(event: Event): void {
    event.preventDefault();
    const what = this.asking;
    const reason = this.reason.value.trim();
    this.dialog?.close();
    void this.send(what, reason === '' ? {} : { reason }, what === 'deny' ? 'Denied' : 'Let go by break-glass');
  }
  private async send(what: string, body: object, done: string): Promise<void> {
    if (this.busy || this.ticket.value?.state !== 'pending') return;
    this.busy = true;
    this.wrong = '';
    try {
      await this.host.api.post(`/api/approvals/${encodeURIComponent(this.ticketId)}/${what}`, body);
      this.host.say(`${done}: ${this.ticket.value.name}`);
      this.dispatchEvent(new CustomEvent('decided', { detail: this.ticketId }));
    } catch (error) {
      this.wrong = (error as Error).message;
      if (error instanceof ApiError && error.status === 409) void this.ticket.load();
    } finally {
      this.busy = false;
    }
  }
}

/** `*` is any run of characters. Only for showing; what counts is decided by the policy. */
function matchesGlob(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`, 'i').test(name);
}
