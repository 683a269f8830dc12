/** How `<helio-audit>` looks. */
import { css } from 'lit';

export const auditStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 12px;
  }
  form {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
  }
  .box {
    position: relative;
    flex: 1 1 280px;
  }
  .box svg {
    position: absolute;
    left: 10px;
    top: 8px;
    color: var(--helio-muted);
  }
  .box input {
    padding-left: 32px;
    font-family: var(--helio-mono);
    font-size: 12.5px;
  }
  form select {
    width: auto;
  }
  .split {
    display: grid;
    grid-template-columns: 208px minmax(0, 1fr);
    gap: 16px;
    align-items: start;
  }
  .facets {
    display: grid;
    gap: 16px;
  }
  .facets h2 {
    font-size: 12px;
    line-height: 16px;
    color: var(--helio-muted);
    margin-bottom: 4px;
    padding: 0 8px;
  }
  .facets ul {
    list-style: none;
    padding: 0;
  }
  .facets button {
    width: 100%;
    min-height: 26px;
    padding: 2px 8px;
    border: 0;
    border-radius: 5px;
    background: none;
    justify-content: flex-start;
    font-weight: 400;
    font-size: 13px;
  }
  .facets button span:first-child {
    flex: 1;
    text-align: left;
  }
  .facets button[aria-pressed='true'] {
    background: var(--helio-selected);
    color: var(--helio-link);
    font-weight: 600;
  }
  .facets .num {
    color: var(--helio-muted);
    font-size: 12px;
  }
  details.export {
    position: relative;
  }
  summary.button {
    list-style: none;
  }
  summary.button::-webkit-details-marker {
    display: none;
  }
  .menu {
    position: absolute;
    right: 0;
    top: 36px;
    z-index: 4;
    min-width: 220px;
    padding: 6px;
    background: var(--helio-surface);
    border: 1px solid var(--helio-line);
    border-radius: 8px;
    box-shadow: 0 10px 30px var(--helio-shadow);
  }
  .menu a {
    display: block;
    padding: 7px 10px;
    border-radius: 5px;
    color: var(--helio-text);
    font-size: 13px;
  }
  .menu a:hover {
    background: var(--helio-hover);
    text-decoration: none;
  }
  .open-facets {
    display: none;
  }
  .foot {
    padding: 10px 16px;
    border-top: 1px solid var(--helio-line);
  }
  @media (max-width: 1000px) {
    .split {
      grid-template-columns: minmax(0, 1fr);
    }
    .facets:not(.shown) {
      display: none;
    }
    .facets.shown {
      grid-template-columns: repeat(auto-fit, minmax(150px, 1fr));
    }
    .open-facets {
      display: inline-flex;
    }
  }
`;
