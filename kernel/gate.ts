/** The one gate behind every door: calls and lists go through the pipeline, everything else is put on record. */
import type { DecisionRecord, JsonObject } from './plugin.ts';
import { kernelDeny } from './decision.ts';
import { noFacts } from './facts.ts';
import type { Gate, Incoming } from './mcp/incoming.ts';
import { runCall } from './pipeline.ts';
import { runList } from './pipeline-list.ts';
import type { World } from './trip.ts';
import { uuidv7 } from './uuid.ts';

const passes = { effect: 'allow', verdicts: [] } as const;

export function createGate(world: World): Gate {
  return {
    call: (incoming: Incoming) => (incoming.kind === 'list' ? runList(incoming, world) : runCall(incoming, world)),
    passed({ method, upstream, arrival, isNotification, error }) {
      void record(world, {
        kind: isNotification ? 'notification' : 'request',
        method,
        upstream,
        arrival,
        decision: passes,
        outcome: error === undefined ? 'forwarded' : 'unknown',
        ...(error !== undefined && { error }),
      });
    },
    async refused({ code, reason, door, peer, method, name, sent }) {
      const data: JsonObject = { door, peer, ...(name !== undefined && { name }), ...(sent !== undefined && { sent }) };
      await record(world, {
        kind: 'refusal',
        ...(method !== undefined && { method }),
        decision: kernelDeny(code, reason),
        outcome: 'denied',
        error: reason,
        data,
      });
    },
  };
}

/** Puts something on record that is no call: journal first, then the observers. */
export async function record(
  world: World,
  seen: Pick<DecisionRecord, 'kind'> & Partial<DecisionRecord>,
): Promise<void> {
  const atMs = seen.atMs ?? world.clock.nowMs();
  const whole: DecisionRecord = Object.freeze({
    id: uuidv7(atMs),
    atMs,
    facts: noFacts,
    decision: passes,
    outcome: 'forwarded',
    helioMs: 0,
    waitedMs: 0,
    upstreamMs: 0,
    ...seen,
  });
  const { journal, hooks } = world.current();
  try {
    await journal?.outcome(whole);
  } catch (cause) {
    world.log.error('an event could not be recorded', { kind: whole.kind, cause: String(cause) });
  }
  hooks.onDecision(whole, (failure) => world.log.error(failure.message, { plugin: failure.plugin }));
}
