/** A list (tools/list and its kin) on its way: never judged, but plugins may hide and pin what it names. */
import type { Final, Incoming } from './mcp/incoming.ts';
import { passThroughHooks, withheld } from './answering.ts';
import { keepRecord } from './recording.ts';
import { refusalAnswer, upstreamFailure } from './refusal.ts';
import { receive } from './steps.ts';
import { startTrip, type World } from './trip.ts';

const passes = { effect: 'allow', verdicts: [] } as const;

/** Runs one list. Never rejects: a plugin that fails on it withholds the list, or a hidden tool would show. */
export async function runList(incoming: Incoming, world: World): Promise<Final> {
  const trip = startTrip(incoming, world);
  try {
    const notReceived = await receive(trip);
    if (notReceived !== undefined) {
      const answer = refusalAnswer(trip, notReceived, 'denied');
      await keepRecord(trip, { decision: notReceived, outcome: 'denied', answer });
      return { kind: 'answer', answer };
    }
    trip.forwardedAtMs = performance.now();
    const landing = await incoming.forward({ callId: trip.call.id, decision: passes, headers: new Map() });
    trip.upstreamMs = performance.now() - trip.forwardedAtMs;
    if (landing.kind !== 'answer') {
      const answer = upstreamFailure(trip, landing);
      await keepRecord(trip, { decision: passes, outcome: landing.kind, answer, error: landing.reason });
      return landing.kind === 'not_sent' && landing.passThrough ? { kind: 'pass_through' } : { kind: 'answer', answer };
    }
    const passed = await passThroughHooks(trip, passes, landing.answer);
    if ('failure' in passed) {
      const answer = withheld(trip, passed.failure);
      await keepRecord(trip, { decision: passes, outcome: 'withheld', answer, error: passed.failure.message });
      return { kind: 'answer', answer };
    }
    await keepRecord(trip, { decision: passes, outcome: 'forwarded', answer: passed.answer });
    return passed.answer === landing.answer ? { kind: 'as_landed' } : { kind: 'answer', answer: passed.answer };
  } finally {
    trip.generation.leave();
  }
}
