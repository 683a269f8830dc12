/** The steps of the pipeline, in its order: receive, judge, ask, commit, settle. */
import type { Lookup } from './mcp/incoming.ts';
import type {
  Answer,
  Awaitable,
  Commitment,
  Decision,
  GivenVerdict,
  Outcome,
  Refusal,
  StoreOp,
  Verdict,
} from './plugin.ts';
import type { Commit, Committed } from './store.ts';
import { withArguments } from './call.ts';
import { TripContext, TripForwardContext, TripRequestContext } from './contexts.ts';
import { decisionOf, fold, kernelDeny } from './decision.ts';
import { failureVerdict, type ForwardEnd, type Forwarding } from './hooks.ts';
import { PluginFailure } from './guard.ts';
import { readVerdict } from './nonsense.ts';
import type { Trip } from './trip.ts';
import { andThen, sync } from './sync.ts';

/** What one plugin asked to take. */
export interface Taken {
  readonly plugin: string;
  readonly commitment: Commitment;
}

/** Step 1: onRequest, then the tool's definition. Returns a deny when the call cannot even be judged. */
export function receive(trip: Trip): Awaitable<Decision | undefined> {
  const { generation } = trip;
  const ctx = new TripRequestContext(trip, (next, reason) => {
    trip.call = withArguments(trip.call, next);
    trip.rewritten = true;
    trip.world.log.info('a plugin rewrote the arguments of a call', { call: trip.call.id, reason });
  });
  Object.freeze(ctx);
  const identified = sync<PluginFailure | undefined>((done) => generation.hooks.onRequest(ctx, done));
  return andThen(identified, (failure) => {
    if (failure !== undefined) return failed(trip, failure);
    const leg = trip.world.legs.claim(trip);
    trip.continues = leg?.callId;
    trip.claimed = leg?.taken ?? [];
    return andThen(trip.incoming.definition(), (lookup) => withDefinition(trip, lookup));
  });
}

function withDefinition(trip: Trip, lookup: Lookup): Decision | undefined {
  if ('unknown' in lookup) {
    const looks = lookup.near === undefined ? '' : `, which looks like the advertised ${JSON.stringify(lookup.near)}`;
    return kernelDeny('unknown_tool', `Unknown tool: ${trip.call.name}${looks}`, {
      as: 'unknown_tool',
      retry: { allowed: false },
    });
  }
  if ('unavailable' in lookup) {
    return kernelDeny(
      'upstream_unavailable',
      `The tools of upstream "${trip.call.upstream}" are not known: ${lookup.unavailable}`,
    );
  }
  trip.tool = lookup.found;
  return undefined;
}

/** Step 2: evaluate and fold. */
export function judge(trip: Trip): Awaitable<Decision> {
  const { generation, facts } = trip;
  const unrecordable = generation.journal?.unavailable();
  if (unrecordable !== undefined) return kernelDeny('audit_unavailable', unrecordable);
  facts.beginEvaluation();
  const given = sync<readonly GivenVerdict[]>((done) =>
    generation.hooks.evaluate(
      {
        ctx: Object.freeze(new TripContext(trip)),
        walkOn: false,
        skipMeter: trip.continues !== undefined,
        onFailure: (failure) => logFailure(trip, failure),
      },
      done,
    ),
  );
  return andThen(given, (verdicts) => {
    facts.endEvaluation();
    return fold(verdicts);
  });
}

export type Asked =
  | { readonly kind: 'go'; readonly commitments: readonly Taken[]; readonly headers: ReadonlyMap<string, string> }
  | { readonly kind: 'judge_again' }
  | { readonly kind: 'deny'; readonly decision: Decision }
  | { readonly kind: 'respond'; readonly answer: Answer; readonly outcome: Outcome };

/** Step 3, first half: lift, reserve, prepare. */
export function askBeforeForward(trip: Trip, decision: Decision): Awaitable<Asked> {
  const headers = new Map<string, string>();
  const commitments: Taken[] = [];
  const startedMs = performance.now();
  let lifted = decision.effect === 'allow' || trip.continues !== undefined;
  let waited = false;
  const forwarding: Forwarding = {
    ctx: Object.freeze(
      new TripForwardContext(trip, decision, {
        lift: () => void (lifted = true),
        waiting: (message) => {
          waited = true;
          trip.incoming.waiting(message);
        },
        setHeader: (name, value) => void headers.set(name.toLowerCase(), value),
      }),
    ),
    commitments,
    skipTaking: trip.continues !== undefined, // its first leg took everything
    atTheGate: () => {
      if (!lifted) return { halt: { deny: unlifted(decision) }, plugin: 'kernel' };
      return waited ? { judgeAgain: true } : undefined;
    },
    onFailure: (failure) => logFailure(trip, failure),
  };
  const ended = sync<ForwardEnd | undefined>((done) => trip.generation.hooks.beforeForward(forwarding, done));
  return andThen(ended, (end) => {
    if (waited) trip.waitedMs += performance.now() - startedMs;
    return end === undefined ? { kind: 'go', commitments, headers } : askedOf(trip, decision, end);
  });
}

function askedOf(trip: Trip, decision: Decision, end: ForwardEnd): Asked {
  if ('failure' in end)
    return { kind: 'deny', decision: joined(decision, failureVerdict(end.failure), end.failure.plugin) };
  if ('judgeAgain' in end) {
    const current = trip.world.current();
    current.enter();
    trip.generation.leave();
    trip.generation = current;
    return { kind: 'judge_again' };
  }
  if ('deny' in end.halt) return { kind: 'deny', decision: joined(decision, end.halt.deny, end.plugin) };
  return { kind: 'respond', answer: end.halt.respond, outcome: end.halt.outcome ?? 'answered' };
}

/** Step 3, second half: all ops of all plugins and the intent are one transaction. Returns the deny of a refused op. */
export function commitAll(
  trip: Trip,
  decision: Decision,
  commitments: readonly Taken[],
): Awaitable<Decision | undefined> {
  const { generation, call, facts, tool } = trip;
  facts.close();
  const taking =
    commitments.length === 1 ? commitments[0]!.commitment.ops : commitments.flatMap(({ commitment }) => commitment.ops);
  const intent = generation.journal?.intent({ call, facts, decision, tool, hasOps: taking.length > 0 }) ?? [];
  trip.taken = [...trip.claimed, ...commitments.filter(({ commitment }) => commitment.settle !== undefined)];
  if (taking.length + intent.length === 0) return undefined;
  if (generation.commit === undefined)
    return kernelDeny('plugin_failed', 'No state store is loaded, so nothing can be taken for this call.');

  return committing(generation.commit, [...taking, ...intent]).then(
    (committed) => (committed.ok ? undefined : notTaken(trip, decision, commitments, committed.refusal)),
    (cause: unknown) => {
      trip.world.log.error('the state store failed; the call was refused', { call: call.id, cause: String(cause) });
      trip.taken = [];
      return kernelDeny('audit_unavailable', 'The state store cannot write now, so this call was refused.', {
        suggestion: 'Try again later.',
      });
    },
  );
}

function notTaken(trip: Trip, decision: Decision, commitments: readonly Taken[], refusal: Refusal): Decision {
  trip.taken = [];
  const owner = ownerOf(refusal.index, commitments);
  return joined(decision, verdictOfRefused(trip, owner, refusal), owner?.plugin ?? 'kernel');
}

/** What the plugin whose op was refused says about it. Whatever it says is a deny. */
function verdictOfRefused(trip: Trip, owner: Taken | undefined, refusal: Refusal): Verdict {
  try {
    const said = owner?.commitment.refused?.(refusal);
    if (said !== undefined) return { ...readVerdict(said), effect: 'deny' };
  } catch (cause) {
    const failure = new PluginFailure({ plugin: owner!.plugin, hook: 'beforeForward' }, 'failed on a refusal', cause);
    logFailure(trip, failure);
    return failureVerdict(failure);
  }
  return {
    effect: 'deny',
    code: 'policy_denied',
    reason: `What ${owner?.plugin ?? 'the audit'} wanted to take for this call is not there any more.`,
    retry: { allowed: true },
  };
}

/** Step 5: what was taken is settled exactly once, on the answer as it came, before it leaves. */
export function settleAll(
  trip: Trip,
  outcome: Outcome,
  acted: boolean,
  answer: Answer | undefined,
): Awaitable<unknown> {
  const { taken, world, generation } = trip;
  trip.taken = [];
  if (answer?.kind === 'input_required') return world.legs.park(trip, taken, answer);
  const ops: StoreOp[] = [];
  for (const { plugin, commitment } of taken) {
    try {
      ops.push(...(commitment.settle?.({ outcome, acted, answer, nowMs: world.clock.nowMs() }) ?? []));
    } catch (cause) {
      world.log.error('a plugin failed to settle a call; what it took stays taken', {
        call: trip.call.id,
        plugin,
        cause: String(cause),
      });
    }
  }
  if (ops.length === 0) return undefined;
  if (generation.commit === undefined) return undefined;
  return committing(generation.commit, ops).catch((cause: unknown) =>
    world.log.error('the state store failed while a call was settled; what was taken stays taken', {
      call: trip.call.id,
      cause: String(cause),
    }),
  );
}

/** A store that throws at once has failed like one that rejects: what ran must not be told as refused. */
function committing(store: Commit, ops: readonly StoreOp[]): Promise<Committed> {
  try {
    return store.commit(ops);
  } catch (cause) {
    return Promise.reject(cause);
  }
}

/** A hold that nobody lifted is a refusal. */
function unlifted(decision: Decision): Verdict {
  const hold = decision.verdicts[0]!;
  return {
    ...hold,
    effect: 'deny',
    code: 'approval_denied',
    reason: `${hold.reason} Nobody can give that approval here, so the call was refused.`,
  };
}

function joined(decision: Decision, verdict: Verdict, plugin: string): Decision {
  return decisionOf('deny', [{ ...verdict, plugin, stage: 'commit' }, ...decision.verdicts]);
}

function failed(trip: Trip, failure: PluginFailure): Decision {
  logFailure(trip, failure);
  return fold([{ ...failureVerdict(failure), plugin: failure.plugin, stage: 'request' }]);
}

/** The stack is for the log, with the call's id; the agent reads a sentence. */
export function logFailure(trip: Pick<Trip, 'world' | 'call'>, failure: PluginFailure): void {
  const cause =
    failure.cause instanceof Error ? (failure.cause.stack ?? failure.cause.message) : String(failure.cause ?? '');
  trip.world.log.error(failure.message, { call: trip.call.id, plugin: failure.plugin, hook: failure.hook, cause });
}

function ownerOf(index: number, commitments: readonly Taken[]): Taken | undefined {
  let end = 0;
  return commitments.find(({ commitment }) => index < (end += commitment.ops.length));
}
