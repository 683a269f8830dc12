/** What happens to an answer before the client reads it. */
import type { Answer, Awaitable, Decision } from './plugin.ts';
import { errorAnswer, resultAnswer } from './answer.ts';
import type { PluginFailure } from './guard.ts';
import { TripResponseContext } from './contexts.ts';
import { logFailure } from './steps.ts';
import { sync } from './sync.ts';
import { feedbackKey } from './refusal.ts';
import type { Trip } from './trip.ts';

/** afterResponse: redact, then annotate. The very same answer comes back when nobody changed it. */
export function passThroughHooks(
  trip: Trip,
  decision: Decision,
  answer: Answer,
): Awaitable<{ readonly answer: Answer } | { readonly failure: PluginFailure }> {
  const { hooks } = trip.generation;
  if (hooks.taps['afterResponse']!.length === 0) return { answer };
  const ctx = Object.freeze(new TripResponseContext(trip, decision));
  return sync((done) =>
    hooks.afterResponse(answer, ctx, (failure, changed) => {
      if (failure === undefined) return done({ answer: changed });
      logFailure(trip, failure);
      done({ failure });
    }),
  );
}

/** The tool ran, but a plugin that had to look at its answer failed: the answer is not handed out. */
export function withheld(trip: Trip, failure: PluginFailure): Answer {
  const text = `The call was carried out, but its answer was withheld because ${failure.message}. Do not repeat the call.`;
  const feedback = {
    blocked: true,
    reason: 'plugin_failed',
    message: text,
    withheld: true,
    plugin: failure.plugin,
    retry_allowed: false,
    decision_id: trip.call.id,
  };
  if (trip.call.kind !== 'tool') return errorAnswer({ code: 4001, message: text, data: feedback });
  return resultAnswer({
    content: [{ type: 'text', text: `${text}\n${JSON.stringify(feedback)}` }],
    isError: true,
    ...(trip.call.arrival.era === 'modern' && { resultType: 'complete' }),
    _meta: { [feedbackKey]: feedback },
  });
}
