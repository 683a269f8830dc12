/** How `<helio-policies>` looks. */
import { css } from 'lit';

export const policiesStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
  }
  .rules {
    display: grid;
    gap: 0;
    padding: 0;
    list-style: none;
  }
  .rules > li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 190px;
    gap: 8px 20px;
    padding: 14px 16px;
    border-bottom: 1px solid var(--helio-line);
    scroll-margin-top: 64px;
  }
  .rules > li:last-child {
    border-bottom: 0;
  }
  .rules > li.wanted {
    box-shadow: inset 3px 0 0 var(--helio-focus);
    background: var(--helio-selected);
  }
  .head {
    grid-column: 1 / -1;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .source {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    padding: 8px 0;
    margin: 0;
    background: var(--helio-sunken);
    border: 1px solid var(--helio-line);
    border-radius: 6px;
    font: 12px/18px var(--helio-mono);
    overflow-x: auto;
  }
  .source span {
    padding: 0 12px;
    color: var(--helio-muted);
    text-align: right;
    user-select: none;
  }
  .source code {
    white-space: pre;
    padding-right: 12px;
  }
  .hits {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 2px 12px;
    font-size: 13px;
    align-content: start;
  }
  .hits dd {
    text-align: right;
    font-variant-numeric: tabular-nums;
  }
  .warning {
    grid-column: 1 / -1;
    display: flex;
    gap: 8px;
    align-items: flex-start;
    font-size: 13px;
    color: var(--helio-approval);
  }
  .warning svg {
    flex: none;
    margin-top: 2px;
  }
  form {
    display: grid;
    grid-template-columns: repeat(3, minmax(0, 1fr));
    gap: 12px;
  }
  form .wide {
    grid-column: 1 / -1;
  }
  textarea {
    font-family: var(--helio-mono);
    font-size: 12.5px;
  }
  .answer {
    display: grid;
    gap: 12px;
    padding-top: 16px;
    border-top: 1px solid var(--helio-line);
    margin-top: 16px;
  }
  @media (max-width: 720px) {
    form {
      grid-template-columns: minmax(0, 1fr);
    }
    .rules > li {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
