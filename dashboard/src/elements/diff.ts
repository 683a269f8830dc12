/** `<helio-diff>`: two JSON values line by line - what went, what came, what stayed. */
import { LitElement, css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { visible } from '../app/format.ts';
import { writeExact } from '../app/exact-json.ts';
import { shared } from '../styles/shared.ts';

interface Line {
  readonly sign: '+' | '-' | ' ';
  readonly text: string;
}

@customElement('helio-diff')
export class HelioDiff extends LitElement {
  @property({ attribute: false }) accepted: unknown;
  @property({ attribute: false }) current: unknown;

  static override styles = [
    shared,
    css`
      pre {
        padding: 8px 0;
        max-height: 60vh;
      }
      div {
        padding: 0 12px;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .came {
        background: var(--helio-allow-back);
        color: var(--helio-allow);
      }
      .went {
        background: var(--helio-deny-back);
        color: var(--helio-deny);
      }
    `,
  ];
  override render() {
    const lines = difference(
      writeExact(sorted(this.accepted)).split('\n'),
      writeExact(sorted(this.current)).split('\n'),
    );
    return html`<pre tabindex="0" role="region" aria-label="What changed">
${lines.map(
        ({ sign, text }) =>
          html`<div class=${sign === '+' ? 'came' : sign === '-' ? 'went' : ''}>${sign} ${visible(text)}</div>`,
      )}</pre>`;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object' || value.constructor !== Object) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}

const mostCells = 4_000_000;

/** Longest common subsequence; definitions are short, and what is too long is shown as replaced whole. */
export function difference(before: readonly string[], after: readonly string[]): readonly Line[] {
  const width = after.length + 1;
  if ((before.length + 1) * width > mostCells)
    return [
      ...before.map((text) => ({ sign: '-' as const, text })),
      ...after.map((text) => ({ sign: '+' as const, text })),
    ];
  const common = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i * width + j] =
        before[i] === after[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ sign: ' ', text: before[i]! });
      i++;
      j++;
    } else if (i < before.length && (j >= after.length || common[(i + 1) * width + j]! >= common[i * width + j + 1]!))
      lines.push({ sign: '-', text: before[i++]! });
    else lines.push({ sign: '+', text: after[j++]! });
  }
  return lines;
}
