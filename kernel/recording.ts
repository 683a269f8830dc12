/** The last step of every call: the journal first (the answer waits for it), then the observers (it does not). */
import type { Answer, Decision, DecisionRecord, Outcome } from './plugin.ts';
import { logFailure } from './steps.ts';
import type { Trip } from './trip.ts';

export async function keepRecord(
  trip: Trip,
  end: { readonly decision: Decision; readonly outcome: Outcome; readonly answer?: Answer; readonly error?: string },
): Promise<void> {
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
  try {
    const written = generation.journal?.outcome(record);
    if (written !== undefined) await written;
  } catch (cause) {
    // The call is over and cannot be undone; the journal refuses what comes next (`unavailable`).
    trip.world.log.error('the outcome of a call could not be recorded', { call: call.id, cause: String(cause) });
  }
  generation.hooks.onDecision(record, (failure) => logFailure(trip, failure));
}
