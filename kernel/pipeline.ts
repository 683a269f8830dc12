/** One call, top to bottom: request -> judge -> commit -> forward -> answer -> record. Every door goes through here. */
import type { Answer, Decision, Outcome } from './plugin.ts';
import type { Final, Incoming, Landing } from './mcp/incoming.ts';
import { askBeforeForward, commitAll, judge, receive, settleAll } from './steps.ts';
import { passThroughHooks, withheld } from './answering.ts';
import { kernelDeny } from './decision.ts';
import { keepRecord } from './recording.ts';
import { refusalAnswer, upstreamFailure } from './refusal.ts';
import { startTrip, type Trip, type World } from './trip.ts';
import { isShutdown } from './shutdown.ts';

/** Runs one governed call. Never rejects: what goes wrong inside Helio is a refusal. */
export async function runCall(incoming: Incoming, world: World): Promise<Final> {
  const trip = startTrip(incoming, world);
  try {
    // 1. Request. Who is it, what is the tool, has a plugin rewritten the arguments?
    const notReceived = await receive(trip);
    if (notReceived !== undefined) return await refuse(trip, notReceived, 'denied');

    for (;;) {
      // 2. Judge. Nothing changes; the strictest verdict wins; no verdict is a deny.
      const decision = await judge(trip);
      if (decision.effect === 'deny') return await refuse(trip, decision, 'denied');
      if (decision.effect === 'simulate') return await refuse(trip, decision, 'simulated');

      // 3. Commit: ask the person, collect what to take, take it all in one transaction with the intent.
      const asked = await askBeforeForward(trip, decision);
      if (asked.kind === 'judge_again') continue; // a person was asked: the world may have changed meanwhile
      if (asked.kind === 'deny') return await refuse(trip, asked.decision, 'denied');
      if (asked.kind === 'respond') return await answerInstead(trip, decision, asked.answer, asked.outcome);
      if (incoming.isAborted) return await abandon(trip, decision); // nothing is dispatched without a caller
      const refused = await commitAll(trip, decision, asked.commitments);
      if (refused !== undefined) return await refuse(trip, refused, 'denied');

      // 4. Forward. What was judged is what is sent.
      const landing = await forward(trip, decision, asked.headers);

      // 5. Answer: settle on what came, then redact and annotate; 6. record, and only then does the client read it.
      return await land(trip, decision, landing);
    }
  } catch (bug) {
    trip.world.log.error('a call failed inside Helio and was refused', {
      call: trip.call.id,
      cause: String((bug as Error)?.stack ?? bug),
    });
    const outcome = trip.forwardedAtMs === undefined ? 'denied' : 'withheld';
    return await refuse(
      trip,
      kernelDeny('plugin_failed', 'Helio failed while it handled this call, so the call was refused.'),
      outcome,
    );
  } finally {
    trip.generation.leave();
  }
}

async function forward(trip: Trip, decision: Decision, headers: ReadonlyMap<string, string>): Promise<Landing> {
  trip.forwardedAtMs = performance.now();
  const sent = { callId: trip.call.id, decision, headers };
  const landing = await trip.incoming.forward(trip.rewritten ? { ...sent, arguments: trip.call.arguments } : sent);
  trip.upstreamMs = performance.now() - trip.forwardedAtMs;
  return landing;
}

/** The call came back, was not sent, or nobody knows. */
async function land(trip: Trip, decision: Decision, landing: Landing): Promise<Final> {
  if (landing.kind !== 'answer') {
    const outcome: Outcome = landing.kind === 'not_sent' ? 'not_sent' : 'unknown';
    await settleAll(trip, outcome, landing.kind !== 'not_sent', undefined);
    const answer = upstreamFailure(trip, landing);
    await keepRecord(trip, { decision, outcome, answer, error: landing.reason });
    return landing.kind === 'not_sent' && landing.passThrough ? { kind: 'pass_through' } : { kind: 'answer', answer };
  }
  await settleAll(trip, 'forwarded', landing.acted, landing.answer);
  const passed = await passThroughHooks(trip, decision, landing.answer);
  if ('failure' in passed) {
    const answer = withheld(trip, passed.failure);
    await keepRecord(trip, { decision, outcome: 'withheld', answer, error: passed.failure.message });
    return { kind: 'answer', answer };
  }
  await keepRecord(trip, { decision, outcome: 'forwarded', answer: passed.answer });
  return passed.answer === landing.answer ? { kind: 'as_landed' } : { kind: 'answer', answer: passed.answer };
}

async function refuse(trip: Trip, decision: Decision, outcome: Outcome): Promise<Final> {
  const answer = refusalAnswer(trip, decision, outcome);
  await keepRecord(trip, { decision, outcome, answer });
  return { kind: 'answer', answer, instead: { id: trip.call.id, decision, outcome } };
}

async function answerInstead(trip: Trip, decision: Decision, answer: Answer, outcome: Outcome): Promise<Final> {
  await keepRecord(trip, { decision, outcome, answer });
  if (trip.incoming.isGone) return { kind: 'gone' };
  return { kind: 'answer', answer, instead: { id: trip.call.id, decision, outcome } };
}

/** The caller left before the call was sent, or Helio stops. Nothing was taken: an approval stands. */
async function abandon(trip: Trip, decision: Decision): Promise<Final> {
  if (!trip.incoming.isGone) return refuse(trip, unsent(trip.incoming), 'denied');
  await keepRecord(trip, { decision, outcome: 'not_sent', error: 'the caller was gone before the call was sent' });
  return { kind: 'gone' };
}

function unsent({ signal }: Incoming): Decision {
  return isShutdown(signal)
    ? kernelDeny('shutdown_cancelled', 'Helio was shut down before this call was sent.', {
        suggestion: 'Call again when Helio is back.',
      })
    : kernelDeny('approval_pending', 'A cancel came for this call before it was sent.', {
        suggestion:
          'Call again with the same arguments if it is still wanted: an approval that was given still stands.',
      });
}
