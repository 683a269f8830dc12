/** `<helio-login>`: the secret from helio.yaml, or a person's own; a one-time link signs in by itself. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { consume } from '@lit/context';
import { hostContext, type Host } from '../app/host.ts';
import { shared } from '../styles/shared.ts';

@customElement('helio-login')
export class HelioLogin extends LitElement {
  @consume({ context: hostContext }) host!: Host;
  @state() private error = '';
  @state() private busy = false;
  @query('input[name=secret]') private secret!: HTMLInputElement;

  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        place-items: center;
        min-height: 100dvh;
        padding: 16px;
      }
      main {
        width: min(380px, 100%);
        padding: 28px;
      }
      form {
        display: grid;
        gap: 16px;
        margin-top: 20px;
      }
      .brand {
        display: flex;
        align-items: center;
        gap: 10px;
      }
      .brand img {
        width: 28px;
        height: 28px;
      }
      button {
        min-height: 36px;
      }
    `,
  ];
  override connectedCallback(): void {
    super.connectedCallback();
    // The link's secret stands behind the #: it never reaches a server log or a referrer.
    const once = new URLSearchParams(location.hash.slice(1)).get('once');
    if (once === null) return;
    history.replaceState(null, '', location.pathname);
    void this.signIn({ once });
  }
  override render() {
    return html`<main class="card">
      <div class="brand">
        <img src="/icon.svg" alt="" />
        <h1>Sign in to Helio</h1>
      </div>
      <form @submit=${this.submit}>
        <label
          ><span>Secret</span
          ><input
            name="secret"
            type="password"
            autocomplete="current-password"
            required
            autofocus
            aria-describedby="where"
        /></label>
        <p id="where" class="muted small">
          The value of <code>dashboard.api_secret</code> in helio.yaml, or your own under
          <code>dashboard.operators</code>. Started without one? The terminal shows a link that signs in once.
        </p>
        ${this.error === '' ? nothing : html`<p class="notice bad" role="alert">${this.error}</p>`}
        <button class="primary" ?disabled=${this.busy}>Sign in</button>
      </form>
    </main>`;
  }
  private submit(event: Event): void {
    event.preventDefault();
    void this.signIn({ secret: this.secret.value });
  }
  private async signIn(secret: { readonly secret: string } | { readonly once: string }): Promise<void> {
    this.busy = true;
    this.error = '';
    try {
      this.dispatchEvent(new CustomEvent('signed-in', { detail: await this.host.api.login(secret) }));
    } catch (error) {
      this.error = (error as Error).message;
      await this.updateComplete;
      this.secret.select();
    } finally {
      this.busy = false;
    }
  }
}
