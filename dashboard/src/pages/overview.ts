/** `<helio-overview>`: is it enforcing, what happened today, what waits, what is nearly used up, what was refused, what is ill. */
import { LitElement, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { count, countdown } from '../app/format.ts';
import { Resource } from '../app/resource.ts';
import { Every, Watch } from '../app/watch.ts';
import { icon } from '../elements/icon.ts';
import { whenRead } from '../elements/state.ts';
import { overviewStyles } from '../styles/overview.ts';
import { shared } from '../styles/shared.ts';
import type { Overview, PluginRow, Ticket } from '../api-types.ts';
import { readPots, type PotView } from '../app/pots.ts';
import { argumentsLine } from '../app/format.ts';
import { parseExact } from '../app/exact-json.ts';
import type { Json } from '../api-types.ts';
import '../elements/calls.ts';
import '../elements/meter.ts';
import '../elements/outcome.ts';
import '../elements/sparkline.ts';
import '../elements/snippet.ts';
import '../panels/panel-slot.ts';
import { curlCall } from '../app/snippets.ts';

const nearlyUsed = 0.7;
const mostListed = 5;

@customElement('helio-overview')
export class HelioOverview extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  private readonly overview = new Resource(this, (signal) => this.host.api.get<Overview>('/api/overview', signal));
  private readonly tickets = new Resource(this, async (signal) =>
    this.host.has('approvals')
      ? (await this.host.api.get<{ tickets: readonly Ticket[] }>('/api/approvals?status=pending&limit=5', signal))
          .tickets
      : [],
  );
  private readonly pots = new Resource(this, (signal) => readPots(this.host, signal));
  private readonly plugins = new Resource(this, (signal) =>
    this.host.api.get<{ plugins: readonly PluginRow[] }>('/api/plugins', signal),
  );
  private isStale = false;

  static override styles = [shared, overviewStyles];
  constructor() {
    super();
    new Watch(this, () => [
      this.host.events.on('call', () => (this.isStale = true)),
      this.host.events.on('approval', () => void this.tickets.load()),
      this.host.events.on('budget', () => void this.pots.load()),
      this.host.events.on('resync', () => (this.isStale = true)),
      this.host.onChange(() => this.requestUpdate()),
    ]);
    new Every(this, 2_000, () => {
      if (this.isStale) {
        this.isStale = false;
        void this.overview.load();
        void this.pots.load();
      }
    });
    new Every(this, 1_000, () => (this.tickets.value?.length ?? 0) > 0 && this.requestUpdate());
  }

  override render() {
    const status = this.host.status();
    return html`
      <div>
        <h1>Overview</h1>
        <p class="sentence muted">${status?.sentence ?? nothing}</p>
      </div>
      ${
        (status?.config.lastReload?.ok ?? true)
          ? nothing
          : html`<p class="notice bad" role="alert">
              The last change of helio.yaml was refused, the rules before it still hold:
              ${status?.config.lastReload?.error}
            </p>`
      }
      ${whenRead(this.overview, (overview) => html`${this.tiles(overview)}${overview.any ? nothing : this.firstSteps()}`)}
      <div class="two">${this.waiting()}${this.nearLimit()}</div>
      ${whenRead(this.overview, (overview) =>
        overview.any
          ? html`<section class="card" aria-labelledby="denials">
              <header>
                <h2 id="denials">Last refused</h2>
                <a href="/audit?q=outcome:denied">All of them</a>
              </header>
              ${overview.denials.length === 0 ? html`<p class="none">Nothing was refused in the last 24 hours.</p>` : html`<helio-calls .rows=${overview.denials} label="Last refused calls"></helio-calls>`}
            </section>`
          : nothing,
      )}
      <div class="two">${this.upstreams()}${this.illPlugins()}</div>
      <helio-panel-slot slot-name="overview-card"></helio-panel-slot>
    `;
  }
  private tiles(overview: Overview) {
    const sum = (key: 'calls' | 'denied' | 'held'): number => overview.hours.reduce((all, hour) => all + hour[key], 0);
    const tile = (key: 'calls' | 'denied' | 'held', title: string, href: string) => {
      const total = sum(key);
      return html`<a class="card tile ${key}" href=${href}>
        <h2 class="quiet">${title}</h2>
        <b>${count(total)}</b>
        <helio-sparkline
          .values=${overview.hours.map((hour) => hour[key])}
          label="${title}, by hour: ${total} in 24 hours"
        ></helio-sparkline>
      </a>`;
    };
    const fullest = [...(this.pots.value ?? [])].sort((a, b) => b.share - a.share).find(({ share }) => share > 0);
    return html`<section class="tiles" aria-label="Last 24 hours">
      ${tile('calls', 'Calls, 24 h', '/audit?q=kind:call')}
      ${tile('denied', 'Refused, 24 h', '/audit?q=outcome:denied')}
      ${tile('held', 'Held for approval, 24 h', '/approvals?tab=decided')}
      <a class="card tile" href="/limits">
        <h2 class="quiet">Fullest limit or pot</h2>
        ${
          fullest === undefined
            ? html`<b>–</b>
                <p class="muted small">Nothing is counted yet.</p>`
            : html`<b>${Math.round(fullest.share * 100)} %</b>
                <p class="muted small cut">${fullest.title}</p>
                <helio-meter
                  .share=${fullest.share}
                  .warn=${nearlyUsed}
                  label="${fullest.title}: ${fullest.usedText} of ${fullest.limitText} used"
                ></helio-meter>`
        }
      </a>
    </section>`;
  }
  private firstSteps() {
    const endpoint = this.host.status()?.endpoint ?? '';
    return html`<section class="card" aria-labelledby="first">
      <header><h2 id="first">First steps</h2></header>
      <ol>
        <li>
          <h2>Connect a client</h2>
          <p class="muted">Point it at <code>${endpoint}</code>. <a href="/connect">Snippets for each client</a></p>
        </li>
        <li>
          <h2>Make a call</h2>
          <helio-snippet label="curl command" .text=${curlCall(endpoint)}></helio-snippet>
        </li>
        <li>
          <h2>Write a rule</h2>
          <helio-snippet
            label="a rule for helio.yaml"
            .text=${"policies:\n  default: allow\n  rules:\n    - match: { tool: 'delete_*' }\n      action: deny"}
          ></helio-snippet>
        </li>
      </ol>
    </section>`;
  }
  private waiting() {
    return html`<section class="card" aria-labelledby="waiting">
      <header>
        <h2 id="waiting">Waiting for approval</h2>
        <a href="/approvals">Open the inbox</a>
      </header>
      ${
        this.host.has('approvals')
          ? whenRead(this.tickets, (tickets) =>
              tickets.length === 0
                ? html`<p class="none">Nothing waits for you.</p>`
                : html`<ul class="list">
                    ${tickets.map(
                      (ticket) =>
                        html`<li class="row">
                          <a class="grow cut" href="/approvals?ticket=${ticket.id}"
                            ><b>${ticket.name}</b>
                            <span class="muted mono">${argumentsLine(argumentsOf(ticket))}</span></a
                          >
                          <span class="left" title="Then it is denied">${countdown(ticket.deadlineAtMs)}</span>
                        </li>`,
                    )}
                  </ul>`,
            )
          : html`<p class="none">The plugin <code>approvals</code> is not loaded.</p>`
      }
    </section>`;
  }
  private nearLimit() {
    return html`<section class="card" aria-labelledby="near">
      <header>
        <h2 id="near">Limits and budgets, most used first</h2>
        <a href="/limits">All</a>
      </header>
      ${whenRead(this.pots, (pots) => {
        const used = pots
          .filter(({ share }) => share > 0)
          .sort((a, b) => b.share - a.share)
          .slice(0, mostListed);
        return used.length === 0
          ? html`<p class="none">
              ${pots.length === 0 ? 'No limit or budget is set.' : `Nothing is used yet of ${count(pots.length)}.`}
            </p>`
          : html`<ul class="list">
              ${used.map((pot) => this.pot(pot))}
            </ul>`;
      })}
    </section>`;
  }
  private pot(pot: PotView) {
    return html`<li>
      <div class="row">
        <span class="grow cut">${pot.title}</span><span class="num muted">${pot.usedText} of ${pot.limitText}</span>
      </div>
      <helio-meter
        .share=${pot.share}
        .warn=${nearlyUsed}
        label="${pot.title}: ${pot.usedText} of ${pot.limitText} used"
      ></helio-meter>
    </li>`;
  }
  private upstreams() {
    const upstreams = this.host.status()?.upstreams ?? [];
    return html`<section class="card" aria-labelledby="upstreams">
      <header><h2 id="upstreams">Upstreams</h2></header>
      <ul class="list">
        ${upstreams.map(
          (upstream) =>
            html`<li class="row">
              <b>${upstream.name}</b><span class="grow cut muted">${upstream.detail || upstream.transport}</span
              ><helio-outcome value=${upstream.state}></helio-outcome>
            </li>`,
        )}
      </ul>
    </section>`;
  }
  private illPlugins() {
    return html`<section class="card" aria-labelledby="plugins">
      <header>
        <h2 id="plugins">Plugins</h2>
        <a href="/plugins">All</a>
      </header>
      ${whenRead(this.plugins, ({ plugins }) => {
        const ill = plugins.filter(({ failures }) => failures > 0);
        return ill.length === 0
          ? html`<p class="none row">${icon('check')}<span>${count(plugins.length)} loaded, none has failed.</span></p>`
          : html`<ul class="list">
              ${ill.map((plugin) => html`<li class="row"><b>${plugin.name}</b><span class="grow cut muted">${plugin.lastFailure ?? ''}</span><helio-outcome value="down" word="${count(plugin.failures)} failures"></helio-outcome></li>`)}
            </ul>`;
      })}
    </section>`;
  }
}

export function argumentsOf(ticket: Ticket): Json {
  try {
    return parseExact(ticket.argumentsText) as Json;
  } catch {
    return ticket.argumentsText; // cut after 256 KiB
  }
}
