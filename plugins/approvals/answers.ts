/** What the agent reads when its approval is pending, was refused, or is no longer what was asked for. */
import {
  deny,
  errorAnswer,
  resultAnswer,
  type Answer,
  type Decision,
  type ForwardContext,
  type Refusals,
  type Verdict,
} from '@gethelio/proxy/plugin';
import type { Denial, StoredTicket } from './store.ts';

/** As the kernel's own refusals (MCP: `_meta` keys carry a vendor prefix). */
const feedbackKey = 'com.gethelio/feedback';
const refusedCode = 4001; // outside -32768..-32000, which belongs to JSON-RPC and MCP

const rule = (ticket: StoredTicket): Pick<Verdict, 'rule'> => {
  const asker = ticket.askers.find((each) => each.rule !== undefined);
  return asker?.rule ? { rule: asker.rule } : {};
};

/** The call was held as long as it could be: not a failure of the agent's, and not yet a no. */
export function pendingVerdict(ticket: StoredTicket, nowMs: number): Verdict {
  const leftS = Math.max(0, Math.round((ticket.deadlineAtMs - nowMs) / 1000));
  return deny(
    'approval_pending',
    `A person has been asked to approve this call (reference ${ticket.id}) and has not answered yet.`,
    {
      ...rule(ticket),
      suggestion: `Call again with the same arguments: it runs at once when the approval is there. It can be given for ${leftS} more seconds.`,
      retry: { allowed: true, afterMs: 5_000 },
      details: { approval: ticket.id, approval_deadline: new Date(ticket.deadlineAtMs).toISOString() },
    },
  );
}

export function pendingAnswer(
  ctx: Pick<ForwardContext, 'call' | 'facts' | 'decision'>,
  verdict: Verdict,
  refusals: Refusals | undefined,
): Answer {
  const { call, facts } = ctx;
  const decision: Decision = {
    effect: 'deny',
    verdicts: [{ ...verdict, plugin: 'approvals', stage: 'lift' }, ...ctx.decision.verdicts],
  };
  const rendered = refusals?.render({ call, facts, decision, outcome: 'pending' });
  const text = rendered?.text ?? `${verdict.reason} ${verdict.suggestion ?? ''}`.trim();
  const feedback = rendered?.feedback ?? {
    blocked: true,
    reason: verdict.code,
    retry_allowed: true,
    suggestion: verdict.suggestion ?? null,
    ...verdict.details,
    decision_id: call.id,
  };
  if (call.kind !== 'tool' || rendered?.format === 'jsonrpc_error')
    return errorAnswer({ code: rendered?.errorCode ?? refusedCode, message: text, data: feedback });
  return resultAnswer({
    content: [{ type: 'text', text: `${text}\n${JSON.stringify(feedback)}` }],
    isError: true,
    ...(call.arrival.era === 'modern' && { resultType: 'complete' }),
    _meta: { [feedbackKey]: feedback },
  });
}

/** After a deny, for `deny_memory`: asking again opens no new ticket. */
export function deniedBefore(denial: Denial, nowMs: number): Verdict {
  const afterMs = Math.max(0, denial.untilMs - nowMs);
  return deny('approval_denied', `A person refused this call${because(denial.reason)}.`, {
    suggestion: 'Do not repeat this call. Ask your user, or do something else.',
    retry: { allowed: false, afterMs },
    details: { approval: denial.ticket },
  });
}

/** Why a ticket that ended without a yes refuses the calls that wait for it. */
export function endedVerdict(ticket: StoredTicket): Verdict {
  const details = { ...rule(ticket), details: { approval: ticket.id } };
  switch (ticket.state) {
    case 'denied':
      return deny('approval_denied', `A person refused this call${because(ticket.decidedBecause)}.`, {
        ...details,
        suggestion: 'Do not repeat this call. Ask your user, or do something else.',
        retry: { allowed: false },
      });
    case 'timeout':
      return deny('approval_timeout', 'Nobody approved this call in time, so it is refused.', {
        ...details,
        suggestion: 'Call again to ask anew, at a time when somebody is there to answer.',
      });
    case 'shutdown_cancelled':
      return deny('shutdown_cancelled', 'Helio was shut down while this call waited for an approval.', {
        ...details,
        suggestion: 'Call again when Helio is back.',
      });
    default:
      return outdated(ticket.decidedBecause ?? 'what was asked for changed', details);
  }
}

/** The approval does not fit the call any more. */
export function outdated(why: string, more: Partial<Verdict> = {}): Verdict {
  return deny('approval_superseded', `This approval no longer holds: ${why}.`, {
    suggestion: 'Call again: the approval is asked for anew, under the rules and the definition of now.',
    ...more,
  });
}

/** Somebody else's call used the grant between our look and the transaction. */
export function usedElsewhere(): Verdict {
  return deny('approval_pending', 'An identical call used this approval first; one approval lets one call go.', {
    suggestion: 'Call again to ask for another approval, if this call is really meant to run once more.',
  });
}

const because = (reason: string | undefined): string => (reason ? `: "${reason}"` : '');
