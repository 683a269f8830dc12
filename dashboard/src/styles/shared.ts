/** What every element of the dashboard shares: controls, tables, cards, focus. */
import { css } from 'lit';

export const shared = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  a {
    color: var(--helio-link);
    text-decoration: none;
  }
  a:hover,
  p a,
  .muted a {
    text-decoration: underline;
  }
  :focus-visible {
    outline: 2px solid var(--helio-focus);
    outline-offset: 2px;
    border-radius: 4px;
  }
  h1,
  h2,
  h3,
  p,
  dl,
  dd,
  ul,
  ol,
  figure,
  pre {
    margin: 0;
  }
  h1 {
    font-size: 20px;
    line-height: 28px;
    font-weight: 650;
    letter-spacing: -0.01em;
  }
  h2 {
    font-size: 14px;
    line-height: 20px;
    font-weight: 600;
  }
  h3,
  h2.quiet {
    font-size: 12px;
    line-height: 16px;
    font-weight: 600;
    color: var(--helio-muted);
  }
  .muted {
    color: var(--helio-muted);
  }
  .small {
    font-size: 12px;
    line-height: 16px;
  }
  .mono,
  code,
  pre {
    font-family: var(--helio-mono);
    font-size: 12px;
  }
  .num {
    font-variant-numeric: tabular-nums;
    text-align: right;
  }
  .cut {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .row {
    display: flex;
    align-items: center;
    gap: 8px;
  }
  .row.wrap {
    flex-wrap: wrap;
  }
  .grow {
    flex: 1 1 auto;
    min-width: 0;
  }
  .stack {
    display: grid;
    gap: 16px;
  }
  .card {
    background: var(--helio-surface);
    border: 1px solid var(--helio-line);
    border-radius: var(--helio-radius);
  }
  .card > header {
    display: flex;
    align-items: center;
    gap: 8px;
    min-height: 44px;
    padding: 6px 16px;
    border-bottom: 1px solid var(--helio-line);
  }
  .card > .body {
    padding: 16px;
  }
  button,
  .button {
    font: inherit;
    font-size: 13px;
    font-weight: 500;
    line-height: 20px;
    min-height: 32px;
    padding: 5px 12px;
    border: 1px solid var(--helio-control);
    border-radius: 6px;
    background: var(--helio-surface);
    color: var(--helio-text);
    cursor: pointer;
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    white-space: nowrap;
  }
  button:hover:not(:disabled),
  .button:hover {
    background: var(--helio-hover);
    text-decoration: none;
  }
  button:disabled {
    opacity: 0.55;
    cursor: default;
  }
  button.primary {
    background: var(--helio-button);
    border-color: var(--helio-button);
    color: var(--helio-button-text);
  }
  button.primary:hover:not(:disabled) {
    background: color-mix(in srgb, var(--helio-button) 88%, var(--helio-text));
  }
  button.danger {
    border-color: var(--helio-deny);
    color: var(--helio-deny);
  }
  button.quiet {
    border-color: transparent;
    background: transparent;
  }
  button.quiet:hover:not(:disabled) {
    background: var(--helio-hover);
  }
  button.icon {
    width: 32px;
    padding: 0;
  }
  button.small {
    min-height: 26px;
    padding: 2px 8px;
    font-size: 12px;
  }
  input,
  select,
  textarea {
    font: inherit;
    font-size: 13px;
    line-height: 20px;
    min-height: 32px;
    padding: 5px 10px;
    border: 1px solid var(--helio-control);
    border-radius: 6px;
    background: var(--helio-surface);
    color: var(--helio-text);
    width: 100%;
  }
  textarea {
    resize: vertical;
  }
  input[type='checkbox'],
  input[type='radio'] {
    width: 16px;
    height: 16px;
    min-height: 0;
    margin: 0;
    accent-color: var(--helio-button);
  }
  label > span:first-child,
  .label {
    display: block;
    font-size: 12px;
    line-height: 16px;
    font-weight: 600;
    margin-bottom: 4px;
  }
  table {
    border-collapse: collapse;
    width: 100%;
    font-size: 13px;
  }
  th {
    text-align: left;
    font-size: 12px;
    font-weight: 600;
    color: var(--helio-muted);
    white-space: nowrap;
  }
  th,
  td {
    height: var(--helio-row);
    padding: 0 12px;
    border-bottom: 1px solid var(--helio-line);
  }
  th:first-child,
  td:first-child {
    padding-left: 16px;
  }
  th:last-child,
  td:last-child {
    padding-right: 16px;
  }
  th.num {
    text-align: right;
  }
  tbody tr:last-child > td {
    border-bottom: 0;
  }
  tr.link {
    cursor: pointer;
  }
  tr.link:hover {
    background: var(--helio-hover);
  }
  tr[aria-selected='true'],
  tr.selected {
    background: var(--helio-selected);
  }
  pre {
    padding: 12px;
    background: var(--helio-sunken);
    border: 1px solid var(--helio-line);
    border-radius: 6px;
    overflow: auto;
    line-height: 18px;
    tab-size: 2;
  }
  .sr {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .scroll {
    overflow-x: auto;
  }
  .tabs {
    display: flex;
    gap: 4px;
    border-bottom: 1px solid var(--helio-line);
    overflow-x: auto;
  }
  .tabs button {
    border: 0;
    border-bottom: 2px solid transparent;
    border-radius: 0;
    background: none;
    color: var(--helio-muted);
    padding: 6px 10px;
  }
  .tabs button[aria-selected='true'] {
    color: var(--helio-text);
    border-bottom-color: var(--helio-button);
  }
  .notice {
    padding: 10px 14px;
    border-radius: 6px;
    background: var(--helio-info-back);
    color: var(--helio-text);
    font-size: 13px;
  }
  .notice.warn {
    background: var(--helio-approval-back);
  }
  .notice.bad {
    background: var(--helio-deny-back);
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
      transition: none !important;
    }
  }
`;
