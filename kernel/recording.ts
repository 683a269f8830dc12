/** The last step of every call: the journal first (the answer waits for it), then the observers (it does not). */
import type { Answer, Awaitable, Decision, DecisionRecord, Outcome } from './plugin.ts';
import { isPromise } from './guard.ts';
import { logFailure } from './steps.ts';
import type { Trip } from './trip.ts';

export function keepRecord(
  trip: Trip,
  end: { readonly decision: Decision; readonly outcome: Outcome; readonly answer?: Answer; readonly error?: string },
): Awaitable<void> {
  const { call, incoming, facts, generation, waitedMs, upstreamMs } = trip;
  facts.close();
  const record: DecisionRecord = Object.freeze({
    kind: call.kind === 'list' ? 'list' : 'call',
    id: call.id,
    atMs: incoming.receivedAtMs,
    call,
    method: incoming.method,
    upstream: call.upstream,
    arrival: incoming.arrival,
    facts,
    sentArguments: trip.rewritten ? incoming.arguments : undefined,
    decision: end.decision,
    outcome: end.outcome,
    answer: end.answer,
    error: end.error,
    helioMs: performance.now() - trip.startedMs - waitedMs - upstreamMs,
    waitedMs,
    upstreamMs,
  });
  const observe = (): void => generation.hooks.onDecision(record, (failure) => logFailure(trip, failure));
  // The call is over and cannot be undone; the journal refuses what comes next (`unavailable`).
  const unwritten = (cause: unknown): void => {
    trip.world.log.error('the outcome of a call could not be recorded', { call: call.id, cause: String(cause) });
    observe();
  };
  let written;
  try {
    written = generation.journal?.outcome(record);
  } catch (cause) {
    return unwritten(cause);
  }
  return isPromise(written) ? (written as Promise<void>).then(observe, unwritten) : observe();
}
