/** `<helio-settings>`: what this browser remembers, who is logged in, and which Helio this is. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { instant, relative } from '../app/format.ts';
import { onPreferences, preferences, setPreferences, type Preferences } from '../app/preferences.ts';
import { Watch } from '../app/watch.ts';
import { icon } from '../elements/icon.ts';
import { shared } from '../styles/shared.ts';
import '../panels/panel-slot.ts';

@customElement('helio-settings')
export class HelioSettings extends LitElement {
  @consume({ context: hostContext }) host!: Host;

  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 16px;
        max-width: 720px;
      }
      fieldset {
        border: 0;
        padding: 0;
        margin: 0;
        display: flex;
        flex-wrap: wrap;
        gap: 8px 20px;
      }
      legend {
        font-size: 12px;
        font-weight: 600;
        padding: 0;
        margin-bottom: 6px;
      }
      fieldset label,
      .check {
        display: inline-flex;
        align-items: center;
        gap: 8px;
        min-height: 24px;
        font-size: 13px;
      }
      fieldset label > span:first-child,
      .check > span {
        all: unset;
      }
      dl {
        display: grid;
        grid-template-columns: 120px minmax(0, 1fr);
        gap: 6px 16px;
        font-size: 13px;
      }
      dt {
        color: var(--helio-muted);
      }
      dd {
        overflow-wrap: anywhere;
      }
    `,
  ];
  constructor() {
    super();
    new Watch(this, () => [onPreferences(() => this.requestUpdate()), this.host.onChange(() => this.requestUpdate())]);
  }
  override render() {
    const session = this.host.api.session();
    const status = this.host.status();
    const choose = <K extends 'theme' | 'density' | 'zone'>(
      name: K,
      title: string,
      values: readonly (readonly [Preferences[K], string])[],
    ) =>
      html`<fieldset>
        <legend>${title}</legend>
        ${values.map(
          ([value, word]) =>
            html`<label
              ><input
                type="radio"
                name=${name}
                .checked=${preferences()[name] === value}
                @change=${() => setPreferences({ [name]: value })}
              /><span>${word}</span></label
            >`,
        )}
      </fieldset>`;
    return html`
      <h1>Settings</h1>
      <section class="card" aria-labelledby="look">
        <header><h2 id="look">Look</h2></header>
        <div class="body stack">
          ${choose('theme', 'Theme', [
            ['auto', 'As the system'],
            ['light', 'Light'],
            ['dark', 'Dark'],
          ])}
          ${choose('density', 'Rows', [
            ['dense', 'Dense'],
            ['roomy', 'Roomy'],
          ])}
          ${choose('zone', 'Times', [
            ['local', 'In this time zone'],
            ['utc', 'In UTC'],
          ])}
        </div>
      </section>
      <section class="card" aria-labelledby="keys">
        <header><h2 id="keys">Keys and notifications</h2></header>
        <div class="body stack">
          <label class="check"
            ><input
              type="checkbox"
              .checked=${preferences().keys}
              @change=${(event: Event) => setPreferences({ keys: (event.target as HTMLInputElement).checked })}
            /><span>Single-letter keys (press ? for the list)</span></label
          >
          <label class="check"
            ><input
              type="checkbox"
              .checked=${preferences().notify}
              ?disabled=${!('Notification' in globalThis)}
              @change=${this.notify}
            /><span>Tell me on the desktop when a call waits for approval</span></label
          >
        </div>
      </section>
      <section class="card" aria-labelledby="session">
        <header><h2 id="session">Session</h2></header>
        <div class="body stack">
          <dl>
            <dt>Logged in as</dt>
            <dd>${session?.how === 'open' ? 'anyone: open mode, nobody has to log in' : session?.name}</dd>
            ${
              session?.expiresAtMs == null
                ? nothing
                : html`<dt>Ends</dt>
                    <dd>${relative(session.expiresAtMs)}, if nothing happens</dd>`
            }
          </dl>
          ${session?.how === 'session' ? html`<div><button @click=${() => void this.host.api.logout()}>${icon('out')}Log out</button></div>` : nothing}
        </div>
      </section>
      <section class="card" aria-labelledby="about">
        <header><h2 id="about">About</h2></header>
        <div class="body">
          <dl>
            <dt>Helio</dt>
            <dd>${status?.version}</dd>
            <dt>Config</dt>
            <dd>${status?.config.path}</dd>
            <dt>Hash</dt>
            <dd class="mono">${status?.config.hash}</dd>
            <dt>Generation</dt>
            <dd>${status?.config.generation}</dd>
            <dt>Started</dt>
            <dd>${status === undefined ? '' : instant(status.startedAtMs)}</dd>
            <dt>Licence</dt>
            <dd>Apache-2.0</dd>
          </dl>
        </div>
      </section>
      <helio-panel-slot slot-name="settings"></helio-panel-slot>
    `;
  }
  private async notify(event: Event): Promise<void> {
    const box = event.target as HTMLInputElement;
    const isWanted = box.checked && (await Notification.requestPermission()) === 'granted';
    box.checked = isWanted;
    setPreferences({ notify: isWanted });
  }
}
