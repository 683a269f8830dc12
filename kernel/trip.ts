/** One call on its way through the pipeline: what belongs to it and nobody else. */
import type { Call, Log, ToolDefinition } from './plugin.ts';
import type { Incoming } from './mcp/incoming.ts';
import type { Taken } from './steps.ts';
import type { Generation } from './generation.ts';
import type { OpenLegs } from './legs.ts';
import { makeCall } from './call.ts';
import { createFacts, type FactSheet } from './facts.ts';

/** What all calls share. */
export interface World {
  current(): Generation;
  readonly clock: { nowMs(): number };
  readonly log: Log;
  readonly legs: OpenLegs;
}

export interface Trip {
  readonly world: World;
  readonly incoming: Incoming;
  readonly startedMs: number;
  readonly facts: FactSheet;
  /** The generation it began with; a call that waited for a person is judged again by the current one. */
  generation: Generation;
  call: Call;
  rewritten: boolean;
  tool: ToolDefinition | undefined;
  /** The call that this one continues. */
  continues: string | undefined;
  /** What the leg that it continues had taken. */
  claimed: readonly Taken[];
  /** What was taken for it: settled exactly once. */
  taken: readonly Taken[];
  waitedMs: number;
  forwardedAtMs: number | undefined;
  upstreamMs: number;
}

export function startTrip(incoming: Incoming, world: World): Trip {
  const generation = world.current();
  generation.enter();
  return {
    world,
    incoming,
    startedMs: performance.now(),
    facts: createFacts(),
    generation,
    call: makeCall(incoming),
    rewritten: false,
    tool: undefined,
    continues: undefined,
    claimed: [],
    taken: [],
    waitedMs: 0,
    forwardedAtMs: undefined,
    upstreamMs: 0,
  };
}
