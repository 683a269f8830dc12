/** The look of a modal dialog. */
import { css } from 'lit';

export const dialogStyles = css`
  dialog {
    border: 1px solid var(--helio-line);
    border-radius: 10px;
    padding: 0;
    width: min(560px, calc(100vw - 24px));
    max-height: calc(100dvh - 48px);
    background: var(--helio-surface);
    color: var(--helio-text);
    box-shadow: 0 20px 60px var(--helio-shadow);
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 0.45);
  }
  dialog > .head,
  dialog form > .head {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 8px;
    padding: 10px 10px 10px 20px;
    border-bottom: 1px solid var(--helio-line);
  }
  dialog .body {
    padding: 20px;
    display: grid;
    gap: 16px;
  }
  dialog footer {
    display: flex;
    justify-content: flex-end;
    gap: 8px;
    padding: 12px 20px;
    border-top: 1px solid var(--helio-line);
  }
`;
