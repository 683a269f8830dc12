/** How `<helio-drawer>` looks. */
import { css } from 'lit';

export const drawerStyles = css`
  section.drawer {
    position: fixed;
    inset: 0 0 0 auto;
    width: min(680px, 100vw);
    background: var(--helio-surface);
    border-left: 1px solid var(--helio-line);
    box-shadow: -12px 0 40px var(--helio-shadow);
    z-index: 8;
    display: flex;
    flex-direction: column;
  }
  section.drawer:focus-visible {
    outline: none;
  }
  section.drawer > .head {
    display: flex;
    align-items: center;
    gap: 4px;
    min-height: 52px;
    padding: 0 10px 0 20px;
    border-bottom: 1px solid var(--helio-line);
  }
  .content {
    overflow-y: auto;
    padding: 20px;
    display: grid;
    gap: 20px;
    align-content: start;
  }
  .summary {
    display: grid;
    gap: 8px;
  }
  .reason {
    font-size: 14px;
    padding: 10px 14px;
    border-radius: 6px;
    background: var(--helio-sunken);
    overflow-wrap: anywhere;
  }
  dl {
    display: grid;
    grid-template-columns: 108px minmax(0, 1fr);
    gap: 6px 12px;
    font-size: 13px;
  }
  dt {
    color: var(--helio-muted);
  }
  dd {
    overflow-wrap: anywhere;
  }
  section > h2 {
    margin-bottom: 8px;
  }
  .trace {
    list-style: none;
    padding: 0;
    display: grid;
    gap: 8px;
  }
  .trace li {
    display: grid;
    gap: 4px;
    padding: 10px 12px;
    border: 1px solid var(--helio-line);
    border-radius: 6px;
    font-size: 13px;
  }
  details {
    margin-top: 8px;
  }
  .tabs {
    margin-bottom: 12px;
  }
  .changes {
    display: grid;
    gap: 12px;
  }
  .framed {
    border: 1px solid var(--helio-line);
    border-radius: 6px;
    overflow: hidden;
  }
`;
