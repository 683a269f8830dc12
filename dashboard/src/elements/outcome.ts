/** `<helio-outcome>`: what became of a call - an icon, a word and a colour, never the colour alone. */
import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { icon, type IconName } from './icon.ts';

interface Look {
  readonly word: string;
  readonly icon: IconName;
  readonly tone: 'allow' | 'deny' | 'approval' | 'limit' | 'info' | 'plain';
}
const looks: { readonly [outcome: string]: Look } = {
  forwarded: { word: 'Allowed', icon: 'check', tone: 'allow' },
  denied: { word: 'Denied', icon: 'stop', tone: 'deny' },
  limited: { word: 'Limited', icon: 'gauge', tone: 'limit' },
  simulated: { word: 'Dry run', icon: 'eye', tone: 'info' },
  answered: { word: 'Answered', icon: 'info', tone: 'info' },
  pending: { word: 'Pending', icon: 'clock', tone: 'approval' },
  held: { word: 'Held', icon: 'clock', tone: 'approval' },
  withheld: { word: 'Withheld', icon: 'warn', tone: 'deny' },
  not_sent: { word: 'Not sent', icon: 'warn', tone: 'approval' },
  failed: { word: 'Tool error', icon: 'warn', tone: 'approval' },
  unknown: { word: 'Unknown', icon: 'warn', tone: 'approval' },
  approved: { word: 'Approved', icon: 'check', tone: 'allow' },
  break_glass: { word: 'Break-glass', icon: 'warn', tone: 'approval' },
  timeout: { word: 'Timed out', icon: 'clock', tone: 'deny' },
  superseded: { word: 'Superseded', icon: 'info', tone: 'plain' },
  shutdown_cancelled: { word: 'Cancelled', icon: 'stop', tone: 'plain' },
  up: { word: 'Up', icon: 'check', tone: 'allow' },
  down: { word: 'Down', icon: 'stop', tone: 'deny' },
  changed: { word: 'Changed', icon: 'warn', tone: 'deny' },
  accepted: { word: 'Pinned', icon: 'check', tone: 'allow' },
  pinned: { word: 'Pinned', icon: 'check', tone: 'allow' },
  new: { word: 'New', icon: 'info', tone: 'info' },
  removed: { word: 'Removed', icon: 'warn', tone: 'approval' },
  hold: { word: 'Hold', icon: 'clock', tone: 'approval' },
  allow: { word: 'Allow', icon: 'check', tone: 'allow' },
  deny: { word: 'Deny', icon: 'stop', tone: 'deny' },
  simulate: { word: 'Dry run', icon: 'eye', tone: 'info' },
  require_approval: { word: 'Approval', icon: 'clock', tone: 'approval' },
  rate_limit: { word: 'Rate limit', icon: 'gauge', tone: 'limit' },
  spend_limit: { word: 'Spend limit', icon: 'gauge', tone: 'limit' },
  dry_run: { word: 'Dry run', icon: 'eye', tone: 'info' },
};
const limitCodes = new Set(['rate_limited', 'spend_limited', 'budget_exceeded']);

/** The word for an outcome; a refusal by a limit reads as one. */
export function outcomeOf(outcome: string, code = ''): string {
  return outcome === 'denied' && limitCodes.has(code) ? 'limited' : outcome;
}
export function outcomeWord(outcome: string): string {
  return looks[outcome]?.word ?? outcome.replaceAll('_', ' ');
}

/** The look of `outcomePill`, for elements that draw many of them: one element per row would cost more than the row. */
export const pillStyles = css`
  .pill {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    height: 22px;
    padding: 0 8px 0 6px;
    border-radius: 11px;
    font-size: 12px;
    font-weight: 550;
    white-space: nowrap;
  }
  .pill svg {
    width: 13px;
    height: 13px;
    flex: none;
  }
  .pill.allow {
    color: var(--helio-allow);
    background: var(--helio-allow-back);
  }
  .pill.deny {
    color: var(--helio-deny);
    background: var(--helio-deny-back);
  }
  .pill.approval {
    color: var(--helio-approval);
    background: var(--helio-approval-back);
  }
  .pill.limit {
    color: var(--helio-limit);
    background: var(--helio-limit-back);
  }
  .pill.info {
    color: var(--helio-info);
    background: var(--helio-info-back);
  }
  .pill.plain {
    color: var(--helio-muted);
    background: var(--helio-sunken);
  }
`;

export function outcomePill(value: string, word = ''): TemplateResult {
  const look = looks[value] ?? { word: outcomeWord(value), icon: 'info' as const, tone: 'plain' as const };
  return html`<span class="pill ${look.tone}">${icon(look.icon)}${word === '' ? look.word : word}</span>`;
}

@customElement('helio-outcome')
export class HelioOutcome extends LitElement {
  @property() value = '';
  /** A word of its own in the colours of `value`. */
  @property() word = '';

  static override styles = [
    pillStyles,
    css`
      :host {
        display: inline-flex;
        vertical-align: middle;
      }
    `,
  ];
  override render() {
    return outcomePill(this.value, this.word);
  }
}
