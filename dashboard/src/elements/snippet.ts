/** `<helio-snippet>`: text to copy, with the button that copies it. */
import { LitElement, css, html } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { shared } from '../styles/shared.ts';
import { icon } from './icon.ts';

const confirmMs = 2_000;

@customElement('helio-snippet')
export class HelioSnippet extends LitElement {
  @property() text = '';
  @property() label = 'Snippet';
  @state() private copied = false;

  static override styles = [
    shared,
    css`
      :host {
        display: block;
        position: relative;
      }
      pre {
        padding-right: 88px;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      button {
        position: absolute;
        top: 6px;
        right: 6px;
      }
    `,
  ];
  override render() {
    return html`<pre tabindex="0" role="region" aria-label=${this.label}>${this.text}</pre>
      <button class="small" @click=${this.copy} aria-label="Copy ${this.label}">
        ${icon(this.copied ? 'check' : 'copy')}<span aria-live="polite">${this.copied ? 'Copied' : 'Copy'}</span>
      </button>`;
  }
  private async copy(): Promise<void> {
    await copyText(this.text);
    this.copied = true;
    setTimeout(() => (this.copied = false), confirmMs);
  }
}

/** The clipboard wants a secure context; elsewhere the text is selected for the viewer's own keys. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}
