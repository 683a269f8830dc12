/** A page that is one wide table: its columns keep their widths, and it can ask how wide it is. */
import { css } from 'lit';

export const wideTableStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
    container-type: inline-size;
  }
  table {
    table-layout: fixed;
  }
`;
