/**
 * What plugins are told of a call. Classes, because each is made for every call: a spread with a getter costs 2 us, an
 * AbortSignal that nobody looks at 3 us. Frozen where they are made: all taps of a hook are handed the same one.
 */
import type { Call, CallContext, Decision, ForwardContext, RequestContext, ResponseContext } from './plugin.ts';
import type { Trip } from './trip.ts';

export class TripContext implements CallContext {
  readonly #trip: Trip;
  readonly facts: CallContext['facts'];
  readonly nowMs: number;
  readonly tool: CallContext['tool'];
  readonly mode: CallContext['mode'];
  readonly continues: string | undefined;

  constructor(trip: Trip, mode: CallContext['mode'] = 'live') {
    this.#trip = trip;
    this.facts = trip.facts;
    this.nowMs = trip.world.clock.nowMs();
    this.tool = trip.tool;
    this.mode = mode;
    this.continues = trip.continues;
  }
  /** Read anew by every tap: a later one sees what an earlier one rewrote. */
  get call(): Call {
    return this.#trip.call;
  }
  get signal(): AbortSignal {
    return this.#trip.incoming.signal;
  }
}

export class TripRequestContext extends TripContext implements RequestContext {
  readonly rewriteArguments: RequestContext['rewriteArguments'];

  constructor(trip: Trip, rewriteArguments: RequestContext['rewriteArguments']) {
    super(trip);
    this.rewriteArguments = rewriteArguments;
  }
}

export class TripForwardContext extends TripContext implements ForwardContext {
  readonly decision: Decision;
  readonly lift: ForwardContext['lift'];
  readonly waiting: ForwardContext['waiting'];
  readonly setHeader: ForwardContext['setHeader'];

  constructor(
    trip: Trip,
    decision: Decision,
    { lift, waiting, setHeader }: Pick<ForwardContext, 'lift' | 'waiting' | 'setHeader'>,
  ) {
    super(trip);
    this.decision = decision;
    this.lift = lift;
    this.waiting = waiting;
    this.setHeader = setHeader;
  }
}

export class TripResponseContext extends TripContext implements ResponseContext {
  readonly decision: Decision;

  constructor(trip: Trip, decision: Decision) {
    super(trip);
    this.decision = decision;
  }
}
