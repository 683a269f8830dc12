/** `<helio-sessions>`: who is at work, and all of one session: its calls, evidence, completed steps, pots. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { count, visible } from '../app/format.ts';
import { readPots } from '../app/pots.ts';
import { Resource } from '../app/resource.ts';
import { Every, Watch } from '../app/watch.ts';
import { icon } from '../elements/icon.ts';
import { notLoaded, whenRead } from '../elements/state.ts';
import { shared } from '../styles/shared.ts';
import type { SessionDetail, SessionRow } from '../api-types.ts';
import '../elements/calls.ts';
import '../elements/empty.ts';
import '../elements/meter.ts';
import '../elements/outcome.ts';
import '../elements/time.ts';

@customElement('helio-sessions')
export class HelioSessions extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  private opened = '';
  private isStale = false;
  private readonly list = new Resource(this, async (signal) =>
    this.host.has('audit') && this.wanted() === ''
      ? (await this.host.api.get<{ sessions: readonly SessionRow[] }>('/api/sessions', signal)).sessions
      : [],
  );
  private readonly one = new Resource(this, async (signal) => {
    this.opened = this.wanted();
    return this.opened === '' || !this.host.has('audit')
      ? undefined
      : await this.host.api.get<SessionDetail>(`/api/sessions/${encodeURIComponent(this.opened)}`, signal);
  });

  private readonly pots = new Resource(this, (signal) => readPots(this.host, signal));

  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 16px;
        container-type: inline-size;
      }
      .facts {
        display: flex;
        flex-wrap: wrap;
        gap: 8px 32px;
        font-size: 13px;
      }
      .two {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr));
        gap: 16px;
        align-items: start;
      }
      .none {
        padding: 14px 16px;
        font-size: 13px;
        color: var(--helio-muted);
      }
      .list {
        list-style: none;
        padding: 0;
      }
      .list li {
        padding: 10px 16px;
        border-bottom: 1px solid var(--helio-line);
        font-size: 13px;
      }
      .list li:last-child {
        border-bottom: 0;
      }
      .id {
        overflow-wrap: anywhere;
      }
      td a {
        font-weight: 600;
      }
      td .cut {
        display: block;
        line-height: 20px;
        max-width: 34cqw;
      }
      @container (max-width: 700px) {
        .less {
          display: none;
        }
      }
    `,
  ];
  constructor() {
    super();
    new Watch(this, () => [
      this.host.router.onChange(() => this.moved()),
      this.host.events.on('call', () => (this.isStale = true)),
    ]);
    new Every(this, 2_000, () => {
      if (!this.isStale) return;
      this.isStale = false;
      void (this.wanted() === '' ? this.list : this.one).load();
    });
  }
  private wanted(): string {
    const { path } = this.host.router.place();
    return path.startsWith('/sessions/') ? decodeURIComponent(path.slice('/sessions/'.length)) : '';
  }
  private moved(): void {
    if (!this.host.router.place().path.startsWith('/sessions')) return;
    if (this.wanted() !== this.opened) void Promise.all([this.one.load({ clear: true }), this.list.load()]);
    this.requestUpdate();
  }

  override render() {
    if (!this.host.has('audit'))
      return html`<h1>Sessions</h1>
        ${notLoaded('audit', 'The list of sessions')}`;
    if (this.wanted() === '') return this.sessions();
    return html`<div class="row">
        <a class="button" href="/sessions" aria-label="All sessions">${icon('left')}All sessions</a>
      </div>
      ${whenRead(this.one, (one) => (one === undefined ? nothing : this.detail(one)))}`;
  }
  private sessions() {
    return html`<h1>Sessions</h1>
      ${whenRead(this.list, (sessions) =>
        sessions.length === 0
          ? html`<section class="card">
              <helio-empty heading="No sessions yet" icon="sessions"
                ><p>
                  A session is one client's connection, or what the header <code>x-helio-session-id</code> says.
                </p></helio-empty
              >
            </section>`
          : html`<section class="card">
              <table aria-label="Sessions, most recent first">
                <thead>
                  <tr>
                    <th scope="col">Session</th>
                    <th scope="col" class="less">Agent</th>
                    <th scope="col" class="num">Calls</th>
                    <th scope="col" class="num">Refused</th>
                    <th scope="col" class="num less">Held</th>
                    <th scope="col">Last call</th>
                  </tr>
                </thead>
                <tbody>
                  ${sessions.map(
                    (session) =>
                      html`<tr
                        class="link"
                        @click=${() => this.host.router.go(`/sessions/${encodeURIComponent(session.id)}`)}
                      >
                        <td>
                          <a class="cut mono" href="/sessions/${encodeURIComponent(session.id)}"
                            >${visible(session.id)}</a
                          >
                        </td>
                        <td class="less">${visible(session.agent || '–')}</td>
                        <td class="num">${count(session.calls)}</td>
                        <td class="num">${count(session.denied)}</td>
                        <td class="num less">${count(session.held)}</td>
                        <td class="muted"><helio-time relative .at=${session.lastAtMs}></helio-time></td>
                      </tr>`,
                  )}
                </tbody>
              </table>
            </section>`,
      )}`;
  }
  private detail(one: SessionDetail) {
    const has = (plugin: string, template: unknown) =>
      this.host.has(plugin) ? template : html`<p class="none">The plugin <code>${plugin}</code> is not loaded.</p>`;
    return html`
      <h1 class="id">Session ${visible(one.id)}</h1>
      <p class="facts muted">
        <span>Agent <b>${visible(one.agent || 'not known')}</b></span
        ><span>First call <helio-time .at=${one.firstAtMs}></helio-time></span
        ><span>Last call <helio-time .at=${one.lastAtMs}></helio-time></span
        ><span
          ><b>${count(one.calls)}</b> calls, <b>${count(one.denied)}</b> refused, <b>${count(one.held)}</b> held</span
        >
      </p>
      <section class="card" aria-labelledby="calls">
        <header>
          <h2 id="calls">Calls</h2>
          <span class="grow"></span
          ><a class="small" href="/audit?q=${encodeURIComponent(`session:"${one.id}"`)}">In the audit</a>
        </header>
        <helio-calls anonymous .rows=${one.rows} label="Calls of this session"></helio-calls>
      </section>
      <div class="two">
        <section class="card" aria-labelledby="evidence">
          <header><h2 id="evidence">Evidence</h2></header>
          ${has(
            'evidence',
            one.evidence.length === 0
              ? html`<p class="none">None.</p>`
              : html`<ul class="list">
                  ${one.evidence.map(
                    (entry) =>
                      html`<li>
                        <div class="row">
                          <b class="grow cut">${visible(entry.words.join(' · '))}</b
                          ><helio-outcome
                            value="accepted"
                            word=${entry.source === 'proxy' ? 'Seen by Helio' : 'From the SDK'}
                          ></helio-outcome>
                        </div>
                        <p class="muted small">
                          <helio-time .at=${entry.atMs}></helio-time>, holds until
                          <helio-time .at=${entry.expiresAtMs}></helio-time>
                        </p>
                      </li>`,
                  )}
                </ul>`,
          )}
        </section>
        <section class="card" aria-labelledby="completed">
          <header><h2 id="completed">Completed steps</h2></header>
          ${has(
            'dependencies',
            one.completed.length === 0
              ? html`<p class="none">None.</p>`
              : html`<ul class="list">
                  ${one.completed.map(
                    (step) =>
                      html`<li class="row">
                        <b class="grow cut">${visible(step.tool)}</b
                        ><helio-outcome
                          value=${step.status === 'success' ? 'forwarded' : 'failed'}
                          word=${step.status === 'success' ? 'Succeeded' : 'Failed'}
                        ></helio-outcome
                        ><span class="muted"><helio-time .at=${step.atMs}></helio-time></span>
                      </li>`,
                  )}
                </ul>`,
          )}
        </section>
        <section class="card" aria-labelledby="pots">
          <header><h2 id="pots">Its limits and pots</h2></header>
          ${whenRead(this.pots, (all) => {
            const own = all.filter(({ key }) => key === one.id || (one.agent !== '' && key === one.agent));
            return own.length === 0
              ? html`<p class="none">No limit is counted for this session or its agent.</p>`
              : html`<ul class="list">
                  ${own.map(
                    (pot) =>
                      html`<li>
                        <div class="row">
                          <b class="grow cut">${visible(pot.title)}</b
                          ><span class="muted">${pot.usedText} of ${pot.limitText}</span>
                        </div>
                        <helio-meter
                          .share=${pot.share}
                          label="${pot.title}: ${pot.usedText} of ${pot.limitText} used"
                        ></helio-meter>
                      </li>`,
                  )}
                </ul>`;
          })}
        </section>
      </div>
    `;
  }
}
