/** The shapes a refusal takes on the wire. The words come from the `feedback` plugin; without it, the minimum. */
import type { Answer, Decision, JsonObject, Outcome, RenderedRefusal } from './plugin.ts';
import type { Landing } from './mcp/incoming.ts';
import { errorAnswer, resultAnswer } from './answer.ts';
import type { Trip } from './trip.ts';

/** Vendor prefix: its second label must not be `mcp` or `modelcontextprotocol` (MCP, basic, `_meta`). */
export const feedbackKey = 'com.gethelio/feedback';
/** JSON-RPC "Internal error" and "Invalid params". */
const internalError = -32603;
const invalidParams = -32602;

/**
 * A tool's refusal is a result with `isError: true`, so that the model reads it (MCP, server/tools: execution errors);
 * resources and prompts have no isError, there it is a JSON-RPC error. A hidden tool answers as one that does not exist.
 */
export function refusalAnswer(trip: Trip, decision: Decision, outcome: Outcome): Answer {
  const { call } = trip;
  if (decision.verdicts[0]?.as === 'unknown_tool')
    return errorAnswer({ code: invalidParams, message: `Unknown tool: ${call.name}` });
  const { text, feedback, format, errorCode } = render(trip, decision, outcome);
  if (call.kind !== 'tool' || format === 'jsonrpc_error')
    return errorAnswer({ code: errorCode, message: text, data: feedback });
  return resultAnswer({
    content: [{ type: 'text', text: `${text}\n${JSON.stringify(feedback)}` }],
    isError: true,
    ...(call.arrival.era === 'modern' && { resultType: 'complete' }),
    _meta: { [feedbackKey]: feedback },
  });
}

/** The upstream could not be reached, or nobody knows what it did. */
export function upstreamFailure(trip: Trip, landing: Exclude<Landing, { kind: 'answer' }>): Answer {
  const certain = landing.kind === 'not_sent';
  const message = certain
    ? `The upstream could not be reached: ${landing.reason}`
    : `The upstream gave no answer, so it is not known whether the call was carried out: ${landing.reason}`;
  const feedback: JsonObject = {
    blocked: false,
    reason: 'upstream_unavailable',
    message,
    outcome: certain ? 'not_sent' : 'unknown',
    retry_allowed: certain,
    decision_id: trip.call.id,
  };
  return errorAnswer({ code: internalError, message, data: feedback });
}

export function render(trip: Trip, decision: Decision, outcome: Outcome): RenderedRefusal {
  const { call, facts, generation } = trip;
  try {
    const rendered = generation.refusals?.render({ call, facts, decision, outcome });
    if (rendered !== undefined) return rendered;
  } catch (cause) {
    trip.world.log.error('the feedback plugin failed; the refusal is told in the minimal form', {
      call: call.id,
      cause: String(cause),
    });
  }
  const verdict = decision.verdicts[0]!;
  return {
    text: verdict.reason,
    feedback: {
      blocked: true,
      reason: verdict.code,
      retry_allowed: verdict.retry?.allowed ?? false,
      decision_id: call.id,
    },
    format: 'tool_result',
    errorCode: 4001, // outside -32768..-32000, which belongs to JSON-RPC and MCP
  };
}
