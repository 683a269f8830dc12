/** How `<helio-limits>` looks. */
import { css } from 'lit';

export const limitsStyles = css`
  .meter {
    width: 22%;
  }
  .used {
    width: 200px;
  }
  .empty {
    width: 124px;
  }
  .window {
    width: 76px;
  }
  .do {
    width: 92px;
  }
  td.used {
    white-space: nowrap;
  }
  td helio-meter {
    margin-top: 0;
  }
  .name button {
    border: 0;
    background: none;
    padding: 0;
    min-height: 24px;
    font-weight: 600;
    color: var(--helio-text);
    max-width: 100%;
    justify-content: flex-start;
  }
  tr.open > td {
    background: var(--helio-selected);
  }
  td.wide {
    padding: 0;
    height: auto;
    background: var(--helio-sunken);
  }
  .none {
    padding: 14px 16px;
    font-size: 13px;
    color: var(--helio-muted);
  }
  @container (max-width: 900px) {
    .less {
      display: none;
    }
    .used {
      width: 170px;
    }
  }
  @container (max-width: 560px) {
    .meter {
      width: 60px;
    }
    .used {
      width: 124px;
    }
    td.used {
      white-space: normal;
    }
    .do {
      display: none;
    }
  }
`;
