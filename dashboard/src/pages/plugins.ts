/** `<helio-plugins>`: what is loaded, where it taps, what it costs, whether it failed. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { count, duration } from '../app/format.ts';
import { Resource } from '../app/resource.ts';
import { Watch } from '../app/watch.ts';
import { outcomePill, pillStyles } from '../elements/outcome.ts';
import { whenRead } from '../elements/state.ts';
import { shared } from '../styles/shared.ts';
import { wideTableStyles } from '../styles/wide-table.ts';
import type { PluginRow } from '../api-types.ts';
import '../elements/json.ts';
import '../elements/snippet.ts';

const sources = { standard: 'built in', package: 'npm package', file: 'file' } as const;

@customElement('helio-plugins')
export class HelioPlugins extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  private readonly plugins = new Resource(
    this,
    async (signal) => (await this.host.api.get<{ plugins: readonly PluginRow[] }>('/api/plugins', signal)).plugins,
  );

  static override styles = [
    shared,
    pillStyles,
    wideTableStyles,
    css`
      .name {
        width: 190px;
      }
      .source {
        width: 130px;
      }
      .state {
        width: 132px;
      }
      .took {
        width: 132px;
      }
      .name button {
        border: 0;
        background: none;
        padding: 0;
        min-height: 24px;
        font-weight: 600;
        color: var(--helio-text);
      }
      td.wide {
        padding: 0;
        height: auto;
      }
      .detail {
        padding: 16px;
        display: grid;
        gap: 16px;
        background: var(--helio-sunken);
      }
      dl {
        display: grid;
        grid-template-columns: 90px minmax(0, 1fr);
        gap: 6px 16px;
        font-size: 13px;
      }
      dt {
        color: var(--helio-muted);
      }
      dd {
        overflow-wrap: anywhere;
      }
      tr.open > td {
        background: var(--helio-selected);
      }
      @container (max-width: 800px) {
        .less {
          display: none;
        }
        .name {
          width: auto;
        }
      }
    `,
  ];
  constructor() {
    super();
    new Watch(this, () => [
      this.host.router.onChange(() => this.requestUpdate()),
      this.host.events.on('plugin', () => void this.plugins.load()),
      this.host.events.on('config', () => void this.plugins.load()),
    ]);
  }
  override render() {
    const wanted = this.host.router.place().query.get('plugin');
    return html`
      <h1>Plugins</h1>
      ${whenRead(
        this.plugins,
        (plugins) =>
          html`<section class="card">
            <table aria-label="Plugins in load order">
              <thead>
                <tr>
                  <th class="name" scope="col">Plugin</th>
                  <th class="source less" scope="col">Comes from</th>
                  <th class="less" scope="col">Taps</th>
                  <th class="took num less" scope="col">p50 / p95</th>
                  <th class="state" scope="col">Health</th>
                </tr>
              </thead>
              <tbody>
                ${plugins.map((plugin) => this.row(plugin, wanted === plugin.name))}
              </tbody>
            </table>
          </section>`,
      )}
      <section class="card" aria-labelledby="own">
        <header><h2 id="own">Write one</h2></header>
        <div class="body stack">
          <p class="muted">Rules, conditions, approval channels, audit sinks, stores and panels are plugins too.</p>
          <helio-snippet
            label="command that makes a plugin"
            text="npm create helio-plugin@latest my-plugin -- --kind verdict"
          ></helio-snippet>
        </div>
      </section>
    `;
  }
  private row(plugin: PluginRow, isOpen: boolean) {
    const toggle = (event: Event): void => {
      event.stopPropagation();
      this.host.router.set({ plugin: isOpen ? undefined : plugin.name }, { replace: true });
    };
    const panels = this.host.panels().filter((panel) => panel.plugin === plugin.name && panel.slot === 'page');
    return html`<tr class="link ${isOpen ? 'open' : ''}" @click=${toggle}>
        <td class="name">
          <button aria-expanded=${isOpen ? 'true' : 'false'} @click=${toggle}>${plugin.name}</button>
        </td>
        <td class="source muted less cut">${sources[plugin.source]}${plugin.implied ? ', implied' : ''}</td>
        <td class="muted less cut">
          ${plugin.taps.map(({ hook, stage }) => `${hook}${stage === '' ? '' : `:${stage}`}`).join(', ') || '–'}
        </td>
        <td class="took num less muted">
          ${plugin.calls === 0 ? '–' : `${duration(plugin.p50Ms)} / ${duration(plugin.p95Ms)}`}
        </td>
        <td class="state">
          ${plugin.failures === 0 ? outcomePill('allow', 'Healthy') : outcomePill('deny', `${count(plugin.failures)} failures`)}
        </td>
      </tr>
      ${
        isOpen
          ? html`<tr>
              <td class="wide" colspan="5">
                <div class="detail">
                  ${plugin.summary === '' ? nothing : html`<p>${plugin.summary}</p>`}
                  ${plugin.lastFailure === undefined ? nothing : html`<p class="notice bad">${plugin.lastFailure}</p>`}
                  <dl>
                    <dt>Version</dt>
                    <dd>${plugin.version}</dd>
                    <dt>Taps</dt>
                    <dd>
                      ${plugin.taps.length === 0 ? 'nothing' : plugin.taps.map(({ hook, stage, place }) => html`<div><code>${hook}</code> ${stage}, place ${place}</div>`)}
                    </dd>
                    <dt>Needs</dt>
                    <dd>
                      ${plugin.needs.join(', ') || 'nothing'}${plugin.wants.length === 0 ? '' : html` <span class="muted">(uses, when there: ${plugin.wants.join(', ')})</span>`}
                    </dd>
                    <dt>Provides</dt>
                    <dd>${plugin.provides.join(', ') || 'nothing'}</dd>
                    <dt>Owns</dt>
                    <dd>${plugin.owns.join(', ') || 'nothing'}</dd>
                    <dt>Reaches</dt>
                    <dd>${[...plugin.reaches.network, ...plugin.reaches.secrets].join(', ') || 'nothing'}</dd>
                    <dt>Calls</dt>
                    <dd>${count(plugin.calls)} handled, ${count(plugin.failures)} failed</dd>
                    ${
                      panels.length === 0
                        ? nothing
                        : html`<dt>Pages</dt>
                            <dd>
                              ${panels.map((panel) => html`<a href="/panel/${panel.plugin}/${panel.element}">${panel.title}</a> `)}
                            </dd>`
                    }
                  </dl>
                  ${
                    plugin.config === null ||
                    (typeof plugin.config === 'object' && Object.keys(plugin.config).length === 0)
                      ? nothing
                      : html`<div>
                          <h2 class="quiet">Config, secrets masked</h2>
                          <helio-json label="Config" .value=${plugin.config}></helio-json>
                        </div>`
                  }
                </div>
              </td>
            </tr>`
          : nothing
      }`;
  }
}
