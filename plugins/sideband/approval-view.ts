/** A ticket as an adapter sees it: its state, and what to tell the agent while the call may not run. */
import type { JsonObject } from '@gethelio/proxy/plugin';
import type { Ticket, TicketState } from '@gethelio/proxy/contracts/approvals';

type Refusing = Exclude<TicketState, 'approved' | 'break_glass'>;

/** The reasons are those of a call over MCP that ends the same way. */
const refusals: { readonly [State in Refusing]: { readonly reason: string; readonly message: string } } = {
  pending: { reason: 'approval_pending', message: 'A person was asked to approve this call and has not answered yet.' },
  denied: { reason: 'approval_denied', message: 'A person refused this call.' },
  timeout: { reason: 'approval_timeout', message: 'Nobody approved this call in time, so it is refused.' },
  shutdown_cancelled: {
    reason: 'shutdown_cancelled',
    message: 'Helio was shut down while this call waited for an approval.',
  },
  superseded: {
    reason: 'approval_superseded',
    message: 'This approval no longer holds: what was asked for changed.',
  },
};

export function approvalView({ id, state, deadlineAtMs, decidedBecause, votes }: Ticket): JsonObject {
  const [last] = votes.slice(-1);
  const approved = state === 'approved' || state === 'break_glass';
  return {
    approval_id: id,
    state,
    decided: state !== 'pending',
    approved,
    deadline: new Date(deadlineAtMs).toISOString(),
    ...(state !== 'pending' && last !== undefined && { decided_by: last.approver }),
    ...(decidedBecause !== undefined && { reason: decidedBecause }),
    ...(!approved && { feedback: feedbackOf(id, state) }),
  };
}

function feedbackOf(id: string, state: Refusing): JsonObject {
  return { blocked: true, ...refusals[state], retry_allowed: state !== 'denied', approval: id };
}
