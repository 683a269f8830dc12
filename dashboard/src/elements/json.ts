/** `<helio-json>`: JSON as text with quiet colours; what was masked before it was stored is marked. */
import { LitElement, html, css, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { shared } from '../styles/shared.ts';
import { visible } from '../app/format.ts';
import { writeExact } from '../app/exact-json.ts';

const token = /("(?:\\.|[^"\\])*")(\s*:)?|-?\d[\d.eE+-]*|\b(?:true|false|null)\b/g;
const mostCharacters = 20_000;

@customElement('helio-json')
export class HelioJson extends LitElement {
  @property({ attribute: false }) value: unknown;
  @property() label = 'JSON';
  private whole = false;

  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      pre {
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        max-height: 60vh;
      }
      .key {
        color: var(--helio-muted);
      }
      .text {
        color: var(--helio-allow);
      }
      .number {
        color: var(--helio-limit);
      }
      .word {
        color: var(--helio-approval);
      }
      mark {
        color: var(--helio-deny);
        background: var(--helio-deny-back);
        border-radius: 3px;
        padding: 0 3px;
      }
      button {
        margin-top: 8px;
      }
    `,
  ];
  override render() {
    const text = typeof this.value === 'string' ? this.value : writeExact(this.value ?? null);
    const cut = !this.whole && text.length > mostCharacters;
    return html`<pre tabindex="0" role="region" aria-label=${this.label}>
${paint(cut ? text.slice(0, mostCharacters) : text)}</pre>
      ${cut ? html`<button class="small" @click=${this.showAll}>Show all ${text.length.toLocaleString('en-GB')} characters</button>` : ''}`;
  }
  private showAll(): void {
    this.whole = true;
    this.requestUpdate();
  }
}

function paint(text: string): (string | TemplateResult)[] {
  const parts: (string | TemplateResult)[] = [];
  let from = 0;
  for (const match of text.matchAll(token)) {
    parts.push(visible(text.slice(from, match.index)));
    from = match.index + match[0].length;
    const [all, quoted, colon] = match;
    if (quoted !== undefined && colon !== undefined)
      parts.push(html`<span class="key">${visible(quoted)}</span>${colon}`);
    else if (quoted !== undefined)
      parts.push(
        isMasked(quoted)
          ? html`<mark title="Masked before it was stored">${quoted}</mark>`
          : html`<span class="text">${visible(quoted)}</span>`,
      );
    else parts.push(html`<span class=${/^[tfn]/.test(all) ? 'word' : 'number'}>${all}</span>`);
  }
  parts.push(visible(text.slice(from)));
  return parts;
}

/** `***`, `sha256:...` from a `hash` redaction, `[redacted]`. */
function isMasked(quoted: string): boolean {
  return /^"(?:\*{3,}|\[redacted\]|hash:[0-9a-f]{8,}|sha256:[0-9a-f]{8,})"$/.test(quoted);
}
