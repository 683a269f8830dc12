/** `<helio-calls>`: rows of the trail, one line each - when, who, what with which arguments, what became of it, why. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { addKeys } from '../app/keyboard.ts';
import { clock, duration, instant } from '../app/format.ts';
import { aboutOf, becameOf, isCall, whatOf, whoOf, whyOf } from '../app/rows.ts';
import { setList } from '../app/selection.ts';
import { Watch } from '../app/watch.ts';
import { shared } from '../styles/shared.ts';
import type { CallRow } from '../api-types.ts';
import { icon } from './icon.ts';
import { outcomePill, pillStyles } from './outcome.ts';

@customElement('helio-calls')
export class HelioCalls extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @property({ attribute: false }) rows: readonly CallRow[] = [];
  @property() label = 'Calls';
  /** Leaves out who called: on a page about one session it says nothing. */
  @property({ type: Boolean }) anonymous = false;
  @state() private at = -1;

  static override styles = [
    shared,
    pillStyles,
    css`
      :host {
        display: block;
        container-type: inline-size;
      }
      table {
        table-layout: fixed;
      }
      td {
        height: var(--helio-row);
        padding-top: 0;
        padding-bottom: 0;
      }
      .when {
        width: 106px;
        font-variant-numeric: tabular-nums;
        color: var(--helio-muted);
        font-size: 12px;
        white-space: nowrap;
      }
      .who {
        width: 126px;
      }
      .became {
        width: 126px;
      }
      .why {
        width: 19%;
      }
      .took {
        width: 76px;
        white-space: nowrap;
      }
      td.took {
        color: var(--helio-muted);
        font-size: 12px;
      }
      .what > div {
        display: flex;
        align-items: baseline;
        gap: 10px;
        min-width: 0;
      }
      .what a {
        flex: none;
        max-width: 60%;
        color: var(--helio-text);
        font-weight: 600;
      }
      .arguments {
        flex: 1;
        min-width: 0;
        font: 12px/18px var(--helio-mono);
        color: var(--helio-muted);
      }
      .mark {
        color: var(--helio-approval);
        align-self: center;
        display: inline-flex;
      }
      .aside {
        font-weight: 500;
        font-style: italic;
      }
      tr.at > td {
        background: var(--helio-selected);
      }
      tr.at > td:first-child {
        box-shadow: inset 3px 0 0 var(--helio-focus);
      }
      @container (max-width: 760px) {
        .who {
          display: none;
        }
      }
      @container (max-width: 700px) {
        .took {
          display: none;
        }
      }
      @container (max-width: 540px) {
        thead {
          display: none;
        }
        tbody,
        table {
          display: block;
        }
        tr {
          display: grid;
          grid-template-columns: auto minmax(0, 1fr) auto;
          gap: 0 8px;
          align-items: center;
          padding: 6px 12px;
          border-bottom: 1px solid var(--helio-line);
        }
        td,
        td:first-child,
        td:last-child {
          display: block;
          height: auto;
          border: 0;
          padding: 0;
          width: auto;
          min-width: 0;
        }
        td.when,
        td.what,
        td.became,
        td.why {
          width: auto;
        }
        .what {
          grid-row: 1;
          grid-column: 1 / 3;
        }
        .became {
          grid-row: 1;
          grid-column: 3;
          justify-self: end;
        }
        .when {
          grid-row: 2;
          grid-column: 1;
        }
        .why {
          grid-row: 2;
          grid-column: 2 / 4;
          font-size: 12px;
          text-align: right;
        }
        td.took:last-child {
          display: none;
        }
        tr.at > td {
          background: none;
        }
        tr.at {
          background: var(--helio-selected);
        }
      }
    `,
  ];
  constructor() {
    super();
    new Watch(this, () => [
      addKeys([
        { keys: 'j', does: 'Next row', run: () => this.step(1) },
        { keys: 'k', does: 'Row before', run: () => this.step(-1) },
        { keys: 'Enter', does: 'Open the row', run: () => this.openAt() },
      ]),
    ]);
  }

  override render() {
    const open = this.host.router.place().query.get('call');
    return html`<table aria-label=${this.label}>
      <thead>
        <tr>
          <th class="when" scope="col">Time</th>
          ${this.anonymous ? nothing : html`<th class="who" scope="col">Agent</th>`}
          <th class="what" scope="col">Call</th>
          <th class="became" scope="col">Outcome</th>
          <th class="why" scope="col">Rule or reason</th>
          <th class="took num" scope="col">Took</th>
        </tr>
      </thead>
      <tbody>
        ${repeat(
          this.rows,
          (row) => row.seq,
          (row, index) => this.row(row, index, open),
        )}
      </tbody>
    </table>`;
  }
  private row(row: CallRow, index: number, open: string | null) {
    const atMs = Date.parse(row.time);
    const why = whyOf(row);
    const became = becameOf(row);
    const isDestructive = Array.isArray(row.flags) && row.flags.includes('destructive');
    return html`<tr class="link ${row.id === open || index === this.at ? 'at' : ''}" @click=${() => this.open(row)}>
      <td class="when" title=${instant(atMs)}>${clock(atMs)}</td>
      ${this.anonymous ? nothing : html`<td class="who cut" title=${row.session ?? ''}>${whoOf(row)}</td>`}
      <td class="what">
        <div>
          <a
            class="cut ${isCall(row) ? '' : 'aside'}"
            href=${this.href(row)}
            title=${row.upstream === null ? '' : `${whatOf(row)} on ${row.upstream}`}
            >${whatOf(row)}</a
          >${isDestructive ? html`<span class="mark">${icon('warn', 'Destructive')}</span>` : nothing}<span
            class="arguments cut"
            title=${row.arguments_line ?? ''}
            >${aboutOf(row)}</span
          >
        </div>
      </td>
      <td class="became">${became === '' ? nothing : outcomePill(became)}</td>
      <td class="why cut" title=${row.reason ?? why}>${why}</td>
      <td
        class="took num"
        title="Helio ${duration(row.helio_ms)}, people ${duration(row.waited_ms)}, upstream ${duration(row.upstream_ms)}"
      >
        ${isCall(row) ? duration(row.total_ms) : ''}
      </td>
    </tr>`;
  }
  private href(row: CallRow): string {
    const { path, query } = this.host.router.place();
    query.set('call', row.id);
    return `${path}?${query.toString()}`;
  }
  private open(row: CallRow): void {
    setList(this.rows.map(({ id }) => id));
    this.host.router.set({ call: row.id });
  }
  private step(by: 1 | -1): void {
    if (this.rows.length === 0) return;
    this.at = Math.max(0, Math.min(this.rows.length - 1, this.at + by));
    void this.updateComplete.then(() =>
      this.renderRoot.querySelectorAll('tbody tr')[this.at]?.scrollIntoView({ block: 'nearest' }),
    );
  }
  private openAt(): void {
    const row = this.rows[this.at];
    if (row !== undefined) this.open(row);
  }
}
