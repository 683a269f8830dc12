/** `<helio-limits>`: how full every limit and pot is, how fast it fills, when it is empty or new - and what filled it. */
import { LitElement, html, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { count, duration, money, relative, visible } from '../app/format.ts';
import { adjustPot, readEntries, readPots, type PotEntry, type PotView } from '../app/pots.ts';
import { Resource } from '../app/resource.ts';
import { Every, Watch } from '../app/watch.ts';
import { icon } from '../elements/icon.ts';
import { whenRead } from '../elements/state.ts';
import { dialogStyles } from '../styles/dialog.ts';
import { limitsStyles } from '../styles/limits.ts';
import { shared } from '../styles/shared.ts';
import { wideTableStyles } from '../styles/wide-table.ts';
import '../elements/empty.ts';
import '../elements/meter.ts';
import '../elements/snippet.ts';
import '../elements/time.ts';

const sample = `budgets:
  - name: daily-payments
    limit: 5000
    currency: GBP
    window: 24h
    contributors:
      - { tool: create_payment, field: '$.amount' }
      - { tool: stripe_charge, field: '$.amount' }`;
const groups = [
  ['budget', 'Budgets'],
  ['spend', 'Spend limits'],
  ['rate', 'Rate limits'],
] as const;

@customElement('helio-limits')
export class HelioLimits extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @state() private adjusting: PotView | undefined;
  @state() private wrong = '';
  @query('dialog') private dialog!: HTMLDialogElement | null;
  private isStale = false;
  private readonly pots = new Resource(this, (signal) => readPots(this.host, signal));
  private readonly entries = new Resource(this, async (signal): Promise<readonly PotEntry[]> => {
    const pot = this.opened();
    return pot === undefined ? [] : await readEntries(this.host, pot, signal);
  });

  static override styles = [shared, dialogStyles, wideTableStyles, limitsStyles];
  constructor() {
    super();
    new Watch(this, () => [
      this.host.events.on('call', () => (this.isStale = true)),
      this.host.events.on('budget', () => void this.pots.load()),
      this.host.events.on('config', () => void this.pots.load()),
      this.host.router.onChange(() => this.moved()),
    ]);
    new Every(this, 2_000, () => {
      if (!this.isStale) return;
      this.isStale = false;
      void this.pots.load();
    });
  }
  private moved(): void {
    void this.entries.load({ clear: true });
    this.requestUpdate();
  }
  private opened(): PotView | undefined {
    const id = this.host.router.place().query.get('pot');
    return id === null ? undefined : this.pots.value?.find((pot) => pot.bucket === id);
  }

  override render() {
    return html`
      <h1>Limits and budgets</h1>
      ${whenRead(this.pots, (pots) =>
        pots.length === 0
          ? html`<section class="card">
              <helio-empty heading="No limit and no budget is set" icon="limits"
                ><p>A budget is one pot that several tools fill:</p>
                <helio-snippet label="a budget for helio.yaml" .text=${sample}></helio-snippet
              ></helio-empty>
            </section>`
          : groups.map(([kind, title]) => {
              const own = pots.filter((pot) => pot.kind === kind);
              return own.length === 0 ? nothing : this.group(title, own);
            }),
      )}
      ${this.adjusting === undefined ? nothing : this.form(this.adjusting)}
    `;
  }
  private group(title: string, pots: readonly PotView[]) {
    return html`<section class="card" aria-label=${title}>
      <header><h2>${title}</h2></header>
      <table aria-label=${title}>
        <thead>
          <tr>
            <th class="name" scope="col">Name</th>
            <th class="window less" scope="col">Window</th>
            <th class="meter" scope="col">Used</th>
            <th class="used num" scope="col">Amount</th>
            <th class="empty num less" scope="col">At this rate</th>
            <th class="do" scope="col"><span class="sr">Actions</span></th>
          </tr>
        </thead>
        <tbody>
          ${pots.map((pot) => this.row(pot))}
        </tbody>
      </table>
    </section>`;
  }
  private row(pot: PotView) {
    const isOpen = this.host.router.place().query.get('pot') === pot.bucket;
    const toggle = (): void => this.host.router.set({ pot: isOpen ? undefined : pot.bucket }, { replace: true });
    return html`<tr class=${isOpen ? 'open' : ''}>
        <td class="name cut">
          <button aria-expanded=${isOpen ? 'true' : 'false'} @click=${toggle} title=${pot.title}>
            <span class="cut">${visible(pot.title)}</span>
          </button>
        </td>
        <td class="window less muted">${pot.window}</td>
        <td class="meter">
          <helio-meter .share=${pot.share} label="${pot.title}: ${pot.usedText} of ${pot.limitText} used"></helio-meter>
        </td>
        <td class="used num"><b>${pot.usedText}</b> <span class="muted">of ${pot.limitText}</span></td>
        <td class="empty num less muted">
          ${pot.share >= 1 ? 'used up' : pot.fullInMs === null ? '–' : `full in ${duration(pot.fullInMs)}`}${pot.resetsAtMs === null ? nothing : html`<br /><span class="small">new ${relative(pot.resetsAtMs)}</span>`}
        </td>
        <td class="do">
          ${pot.kind === 'budget' ? html`<button class="small" @click=${() => this.open(pot)} aria-label="Adjust ${pot.title}">Adjust</button>` : nothing}
        </td>
      </tr>
      ${
        isOpen
          ? html`<tr>
              <td class="wide" colspan="6">${this.ledger(pot)}</td>
            </tr>`
          : nothing
      }`;
  }
  private ledger(pot: PotView) {
    return whenRead(this.entries, (entries) =>
      entries.length === 0
        ? html`<p class="none">Nothing counts against it now.</p>`
        : html`<table aria-label="What fills ${pot.title}">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">For</th>
                <th scope="col" class="num">Amount</th>
                <th scope="col">Call</th>
              </tr>
            </thead>
            <tbody>
              ${entries.map(
                (entry) =>
                  html`<tr>
                    <td class="muted"><helio-time .at=${entry.atMs}></helio-time></td>
                    <td class="cut">${visible(entry.about)}</td>
                    <td class="num">
                      ${pot.kind === 'rate' ? count(Number(entry.amount)) : money(entry.amount, pot.currency)}
                    </td>
                    <td>
                      ${entry.call === '' ? html`<span class="muted">–</span>` : html`<a href="/limits?pot=${encodeURIComponent(pot.bucket)}&call=${entry.call}">Open</a>`}
                    </td>
                  </tr>`,
              )}
            </tbody>
          </table>`,
    );
  }
  private open(pot: PotView): void {
    this.wrong = '';
    this.adjusting = pot;
  }
  override updated(): void {
    if (this.dialog !== null && !this.dialog.open) this.dialog.showModal();
  }
  private form(pot: PotView) {
    return html`<dialog aria-labelledby="adjust" @close=${() => (this.adjusting = undefined)}>
      <form @submit=${this.adjust}>
        <div class="head">
          <h2 id="adjust">Adjust ${visible(pot.title)}</h2>
          <button type="button" class="quiet icon" aria-label="Close" @click=${() => this.dialog?.close()}>
            ${icon('close')}
          </button>
        </div>
        <div class="body">
          <p class="muted">
            ${pot.usedText} of ${pot.limitText} are used. A negative amount gives back, a positive one takes. Your name
            and the reason are recorded.
          </p>
          <label
            ><span>Amount${pot.currency === '' ? '' : `, ${pot.currency}`}</span
            ><input
              name="amount"
              inputmode="decimal"
              required
              pattern="[+\\-]?[0-9]+([.][0-9]+)?"
              placeholder="-250.00"
              autocomplete="off"
          /></label>
          <label><span>Reason</span><textarea name="reason" rows="2" maxlength="1000" required></textarea></label>
          ${this.wrong === '' ? nothing : html`<p class="notice bad" role="alert">${this.wrong}</p>`}
        </div>
        <footer>
          <button type="button" @click=${() => this.dialog?.close()}>Cancel</button
          ><button class="primary">Adjust</button>
        </footer>
      </form>
    </dialog>`;
  }
  private async adjust(event: Event): Promise<void> {
    event.preventDefault();
    const pot = this.adjusting;
    const fields = new FormData(event.target as HTMLFormElement);
    if (pot === undefined) return;
    try {
      await adjustPot(this.host, pot, String(fields.get('amount')).replace(/^\+/, ''), String(fields.get('reason')));
      this.dialog?.close();
      this.host.say(`Adjusted ${pot.title}`);
      await Promise.all([this.pots.load(), this.entries.load()]);
    } catch (error) {
      this.wrong = (error as Error).message;
    }
  }
}
