/** How `<helio-overview>` looks. */
import { css } from 'lit';

export const overviewStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
  }
  .sentence {
    font-size: 15px;
  }
  .tiles {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(150px, 1fr));
    gap: 12px;
  }
  .tile {
    padding: 14px 16px 12px;
    display: grid;
    gap: 2px;
    color: inherit;
  }
  a.tile:hover {
    text-decoration: none;
    border-color: var(--helio-control);
  }
  .tile b {
    font-size: 24px;
    line-height: 32px;
    font-weight: 650;
    font-variant-numeric: tabular-nums;
    letter-spacing: -0.02em;
  }
  .tile b.long {
    font-size: 18px;
  }
  .tile helio-sparkline {
    margin-top: 8px;
    color: var(--helio-info);
  }
  .tile.denied helio-sparkline {
    color: var(--helio-deny);
  }
  .tile.held helio-sparkline {
    color: var(--helio-approval);
  }
  .two {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr));
    gap: 16px;
    align-items: start;
  }
  .list {
    list-style: none;
    padding: 0;
  }
  .list li {
    padding: 10px 16px;
    border-bottom: 1px solid var(--helio-line);
    font-size: 13px;
  }
  .list li:last-child {
    border-bottom: 0;
  }
  .none {
    padding: 14px 16px;
    font-size: 13px;
    color: var(--helio-muted);
  }
  ol {
    display: grid;
    gap: 20px;
    padding: 20px 20px 20px 40px;
  }
  ol h2 {
    margin-bottom: 4px;
  }
  header a {
    margin-left: auto;
    font-size: 13px;
  }
  .left {
    font-variant-numeric: tabular-nums;
    font-weight: 600;
    color: var(--helio-approval);
  }
`;
