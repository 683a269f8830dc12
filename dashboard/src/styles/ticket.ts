/** How `<helio-ticket>` looks. */
import { css } from 'lit';

export const ticketStyles = css`
  :host {
    display: block;
  }
  .card > .body {
    display: grid;
    gap: 20px;
  }
  .top {
    display: flex;
    align-items: flex-start;
    gap: 12px;
  }
  .top h2 {
    font-size: 18px;
    line-height: 26px;
    overflow-wrap: anywhere;
  }
  .left {
    text-align: right;
    font-variant-numeric: tabular-nums;
  }
  .left b {
    font-size: 22px;
    line-height: 26px;
    color: var(--helio-approval);
  }
  section > h3 {
    margin-bottom: 6px;
  }
  .arguments {
    border: 1px solid var(--helio-line);
    border-radius: 6px;
    overflow: hidden;
  }
  .arguments table {
    table-layout: fixed;
  }
  .arguments th {
    width: 34%;
    vertical-align: top;
    padding: 9px 12px;
    font-family: var(--helio-mono);
    font-weight: 500;
    white-space: normal;
    overflow-wrap: anywhere;
  }
  .arguments tr:last-child th {
    border-bottom: 0;
  }
  .arguments td {
    height: auto;
    padding: 9px 12px;
    font: 13px/18px var(--helio-mono);
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }
  .arguments tr.matched {
    background: var(--helio-approval-back);
  }
  .arguments tr.matched th {
    color: var(--helio-approval);
    font-weight: 700;
    box-shadow: inset 3px 0 0 var(--helio-approval);
  }
  .why {
    list-style: none;
    padding: 0;
    display: grid;
    gap: 8px;
  }
  .why li {
    padding: 10px 12px;
    background: var(--helio-sunken);
    border-radius: 6px;
    font-size: 13px;
    overflow-wrap: anywhere;
  }
  .facts {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(180px, 1fr));
    gap: 12px 20px;
    font-size: 13px;
  }
  .facts dd {
    overflow-wrap: anywhere;
  }
  .framed {
    border: 1px solid var(--helio-line);
    border-radius: 6px;
    overflow: hidden;
  }
  .decide {
    position: sticky;
    bottom: 0;
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
    padding: 12px 16px;
    border-top: 1px solid var(--helio-line);
    background: var(--helio-surface);
    border-radius: 0 0 8px 8px;
  }
  .decide select {
    width: auto;
  }
  .decide .glass {
    margin-left: auto;
  }
  .pots {
    display: grid;
    gap: 10px;
    font-size: 13px;
  }
  .back {
    display: none;
  }
  kbd {
    font: 11px/14px var(--helio-mono);
    opacity: 0.8;
    border: 1px solid currentColor;
    border-radius: 3px;
    padding: 0 4px;
  }
  @media (max-width: 1000px) {
    .back {
      display: inline-flex;
    }
    kbd {
      display: none;
    }
  }
`;
