/** `<helio-tools>`: what the upstreams offer, whether a definition is still the one that was accepted, and what changed. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { count, visible } from '../app/format.ts';
import { Resource } from '../app/resource.ts';
import { acceptTool, readTools, type ToolView } from '../app/tools.ts';
import { Watch } from '../app/watch.ts';
import { outcomePill, pillStyles } from '../elements/outcome.ts';
import { whenRead } from '../elements/state.ts';
import { shared } from '../styles/shared.ts';
import { wideTableStyles } from '../styles/wide-table.ts';
import '../elements/diff.ts';
import '../elements/empty.ts';
import '../elements/json.ts';

@customElement('helio-tools')
export class HelioTools extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @state() private busy = '';
  private readonly tools = new Resource(this, (signal) => readTools(this.host, signal));

  static override styles = [
    shared,
    pillStyles,
    wideTableStyles,
    css`
      .name {
        width: 24%;
      }
      .state {
        width: 124px;
      }
      .hints {
        width: 200px;
      }
      .upstream {
        width: 120px;
      }
      td.cut {
        max-width: 0;
      }
      tr.open > td {
        background: var(--helio-selected);
      }
      .detail {
        padding: 16px;
        display: grid;
        gap: 16px;
      }
      td.wide {
        padding: 0;
        height: auto;
      }
      .name button {
        border: 0;
        background: none;
        padding: 0;
        min-height: 24px;
        font-weight: 600;
        color: var(--helio-text);
        max-width: 100%;
        justify-content: flex-start;
      }
      .hint {
        font-size: 12px;
      }
      @container (max-width: 760px) {
        .hints,
        .about {
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
      this.host.events.on('plugin', () => void this.tools.load()),
      this.host.events.on('config', () => void this.tools.load()),
    ]);
  }

  override render() {
    const wanted = this.host.router.place().query.get('tool');
    return html`
      <div class="row wrap"><h1 class="grow">Tools</h1></div>
      ${this.host.has('tool-pinning') ? nothing : html`<p class="notice">The plugin <code>tool-pinning</code> is not loaded: a definition that changes is not noticed.</p>`}
      ${whenRead(this.tools, (tools) => {
        const changed = tools.filter(({ state: now }) => now === 'changed' || now === 'removed');
        return html`
          ${
            changed.length === 0
              ? nothing
              : html`<p class="notice bad" role="alert">
                  ${changed.length === 1 ? `${visible(changed[0]?.name ?? '')} is not the tool that was accepted.` : `${count(changed.length)} tools are not the ones that were accepted.`}
                  Look at what changed before you accept it.
                </p>`
          }
          <section class="card" aria-label="Tools">
            ${
              tools.length === 0
                ? html`<helio-empty heading="No tools known yet" icon="tools"
                    ><p>They are learned when a client lists them, or when an upstream answers.</p></helio-empty
                  >`
                : html`<table aria-label="Tools">
                    <thead>
                      <tr>
                        <th class="name" scope="col">Tool</th>
                        <th class="upstream" scope="col">Upstream</th>
                        <th class="about" scope="col">Description</th>
                        <th class="hints" scope="col">Says that it</th>
                        <th class="state" scope="col">Definition</th>
                      </tr>
                    </thead>
                    <tbody>
                      ${tools.map((tool) => this.row(tool, wanted === keyOf(tool)))}
                    </tbody>
                  </table>`
            }
          </section>
        `;
      })}
    `;
  }
  private row(tool: ToolView, isOpen: boolean) {
    return html`<tr class="link ${isOpen ? 'open' : ''}" @click=${() => this.toggle(tool, isOpen)}>
        <td class="name">
          <button
            aria-expanded=${isOpen ? 'true' : 'false'}
            @click=${(event: Event) => event.stopPropagation() ?? this.toggle(tool, isOpen)}
          >
            <span class="cut">${visible(tool.name)}</span>
          </button>
        </td>
        <td class="upstream muted cut">${visible(tool.upstream)}</td>
        <td class="about muted cut" title=${tool.description}>${visible(tool.description)}</td>
        <td class="hints">${hints(tool)}</td>
        <td class="state">
          ${tool.state === '' ? html`<span class="muted small">not pinned</span>` : outcomePill(tool.state)}
        </td>
      </tr>
      ${
        isOpen
          ? html`<tr>
              <td class="wide" colspan="5">
                <div class="detail">
                  ${tool.description === '' ? nothing : html`<p>${visible(tool.description)}</p>`}
                  ${
                    tool.state !== '' && tool.state !== 'pinned' && tool.state !== 'accepted'
                      ? html`<div class="row wrap">
                          <button
                            class="primary"
                            ?disabled=${this.busy === keyOf(tool)}
                            @click=${() => void this.accept(tool)}
                          >
                            Accept this definition</button
                          ><span class="muted small"
                            >Calls follow <code>policies.on_tool_drift</code> until somebody does.</span
                          >
                        </div>`
                      : nothing
                  }
                  ${
                    tool.before === undefined || tool.now === undefined
                      ? html`<div>
                          <h2 class="quiet">Definition</h2>
                          <helio-json label="Definition" .value=${tool.now ?? tool.before}></helio-json>
                        </div>`
                      : html`<div>
                          <h2 class="quiet">What changed</h2>
                          <helio-diff .accepted=${tool.before} .current=${tool.now}></helio-diff>
                        </div>`
                  }
                </div>
              </td>
            </tr>`
          : nothing
      }`;
  }
  private toggle(tool: ToolView, isOpen: boolean): void {
    this.host.router.set({ tool: isOpen ? undefined : keyOf(tool) }, { replace: true });
  }
  private async accept(tool: ToolView): Promise<void> {
    this.busy = keyOf(tool);
    try {
      await acceptTool(this.host, tool);
      this.host.say(`Accepted ${tool.name}`);
      await this.tools.load();
    } catch (error) {
      this.host.say((error as Error).message, 'bad');
    } finally {
      this.busy = '';
    }
  }
}

const keyOf = (tool: ToolView): string => `${tool.upstream}/${tool.name}`;

function hints(tool: ToolView) {
  const { annotations } = tool;
  if (annotations === undefined) return nothing;
  if (annotations.readOnlyHint) return outcomePill('allow', 'only reads');
  return annotations.destructiveHint ? outcomePill('deny', 'may destroy') : outcomePill('not_sent', 'writes');
}
