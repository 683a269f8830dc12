/** `<helio-arguments>`: a call's arguments in one line, names quiet and values plain, all of it in the title. */
import { LitElement, css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { argumentsLine } from '../app/format.ts';
import { ExactNumber, writeExact } from '../app/exact-json.ts';
import type { Json } from '../api-types.ts';

@customElement('helio-arguments')
export class HelioArguments extends LitElement {
  @property({ attribute: false }) value: Json = null;

  static override styles = css`
    :host {
      display: block;
      min-width: 0;
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
      font: 12px/18px var(--helio-mono);
      color: var(--helio-text);
    }
    i {
      font-style: normal;
      color: var(--helio-muted);
    }
    .none {
      color: var(--helio-muted);
    }
  `;
  override render() {
    const value = this.value;
    if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof ExactNumber)
      return html`${argumentsLine(value)}`;
    const parts = Object.entries(value);
    if (parts.length === 0) return html`<span class="none">no arguments</span>`;
    this.title = writeExact(value).slice(0, 2000);
    return parts
      .slice(0, 12)
      .map(
        ([name, part], index) =>
          html`${index > 0 ? '  ' : ''}<i>${argumentsLine(name)}</i> ${argumentsLine(wrap(part))}`,
      );
  }
}

/** Nested values in short form, as argumentsLine writes them inside an object. */
function wrap(part: Json): Json {
  if (Array.isArray(part)) return part.length === 0 ? '[]' : `[${part.length}]`;
  if (part !== null && typeof part === 'object' && !(part instanceof ExactNumber))
    return Object.keys(part).length === 0 ? '{}' : '{…}';
  return part === null ? 'null' : part;
}
