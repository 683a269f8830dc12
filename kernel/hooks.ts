/** The five hooks, each a tapable class chosen for its rule; nothing of a plugin reaches tapable unguarded. */
import { AsyncParallelHook, AsyncSeriesBailHook, AsyncSeriesHook, AsyncSeriesWaterfallHook } from 'tapable';
import type {
  Answer,
  CallContext,
  Commitment,
  DecisionRecord,
  ForwardContext,
  GivenVerdict,
  Halt,
  RequestContext,
  ResponseContext,
  Verdict,
} from './plugin.ts';
import { guard, PluginFailure } from './guard.ts';
import { isAnswer, isVerdictLike, readForwardAnswer, readVerdicts } from './nonsense.ts';
import type { Tap } from './taps.ts';

/** What one evaluation knows on its way through the taps. */
export interface Evaluation {
  readonly ctx: CallContext;
  /** Explain and dry run walk on after a deny; a further leg of a call leaves the meter out. */
  readonly walkOn: boolean;
  readonly skipMeter: boolean;
  readonly onStep?: (tap: Tap, verdicts: readonly Verdict[], ms: number) => void;
  readonly onFailure: (failure: PluginFailure) => void;
}
/** What one commitment round collects. The first halt ends it. */
export interface Forwarding {
  readonly ctx: ForwardContext;
  readonly commitments: { readonly plugin: string; readonly commitment: Commitment }[];
  readonly skipTaking: boolean;
  /** Asked once, between `lift` and `reserve`: a hold that nobody lifted, or that has to be judged again, ends here. */
  readonly atTheGate: () => ForwardEnd | undefined;
  readonly onFailure: (failure: PluginFailure) => void;
}
export type ForwardEnd =
  | { readonly halt: Halt; readonly plugin: string }
  | { readonly failure: PluginFailure }
  | { readonly judgeAgain: true };

/** tapable's callback: an error, or nothing and the next value. */
export type Callback<T> = (error?: Error | null | false, value?: T) => void;

export interface Hooks {
  readonly taps: { readonly [hook: string]: readonly Tap[] };
  onRequest(ctx: RequestContext, done: (failure: PluginFailure | undefined) => void): void;
  evaluate(evaluation: Evaluation, done: (verdicts: readonly GivenVerdict[]) => void): void;
  beforeForward(forwarding: Forwarding, done: (end: ForwardEnd | undefined) => void): void;
  afterResponse(
    answer: Answer,
    ctx: ResponseContext,
    done: (failure: PluginFailure | undefined, answer: Answer) => void,
  ): void;
  onDecision(record: DecisionRecord, onFailure: (failure: PluginFailure) => void): void;
}

/** Wires ordered taps into the hooks. The result is frozen: a generation's hooks never change. */
export function createHooks(taps: {
  readonly onRequest: readonly Tap<'onRequest'>[];
  readonly evaluate: readonly Tap<'evaluate'>[];
  readonly beforeForward: readonly Tap<'beforeForward'>[];
  readonly afterResponse: readonly Tap<'afterResponse'>[];
  readonly onDecision: readonly Tap<'onDecision'>[];
}): Hooks {
  // Everyone sees every call, in order, and nobody ends it: bail would let a plugin hide a call from evidence and audit.
  const onRequest = new AsyncSeriesHook<[RequestContext]>(['ctx']);
  // The verdicts are threaded through and only ever grow: with bail the first answer wins, and order becomes policy.
  const evaluate = new AsyncSeriesWaterfallHook<[readonly GivenVerdict[], Evaluation]>(['verdicts', 'evaluation']);
  // The first halt ends it: nothing after a halt may spend, ask or write.
  const beforeForward = new AsyncSeriesBailHook<[Forwarding], ForwardEnd>(['forwarding']);
  // The answer is threaded: redaction comes before annotation.
  const afterResponse = new AsyncSeriesWaterfallHook<[Answer, ResponseContext]>(['answer', 'ctx']);
  // Observers, side by side: nobody may come to rely on their order.
  const onDecision = new AsyncParallelHook<[DecisionRecord, (failure: PluginFailure) => void]>(['record', 'onFailure']);

  for (const tap of taps.onRequest) {
    onRequest.tapAsync(tap.plugin, (ctx, next) => {
      if (leavesOut(tap, ctx.call.name)) return next();
      guard(
        tap,
        () => tap.handler(ctx) as unknown,
        (failure, said) =>
          next(
            failure ?? (isVerdictLike(said) ? new PluginFailure(tap, 'gave a verdict, which nobody can') : undefined),
          ),
      );
    });
  }
  for (const tap of taps.evaluate)
    evaluate.tapAsync(tap.plugin, (verdicts, evaluation, next) => judge(tap, verdicts, evaluation, next));
  for (const tap of taps.beforeForward.filter((tap) => tap.stage === 'lift')) {
    beforeForward.tapAsync(tap.plugin, (forwarding, next) =>
      forwarding.skipTaking ? next() : take(tap, forwarding, next),
    );
  }
  beforeForward.tapAsync('kernel', (forwarding, next) => next(null, forwarding.atTheGate()));
  for (const tap of taps.beforeForward.filter((tap) => tap.stage !== 'lift')) {
    beforeForward.tapAsync(tap.plugin, (forwarding, next) =>
      forwarding.skipTaking && tap.stage === 'reserve' ? next() : take(tap, forwarding, next),
    );
  }
  for (const tap of taps.afterResponse) {
    afterResponse.tapAsync(tap.plugin, (answer, ctx, next) => {
      if (leavesOut(tap, ctx.call.name)) return next(null, answer);
      guard(
        tap,
        () => tap.handler(answer, ctx),
        (failure, changed) => {
          if (failure !== undefined) return next(failure);
          if (changed === undefined) return next(null, answer);
          if (isAnswer(changed)) return next(null, changed);
          next(new PluginFailure(tap, 'answered something that is no answer'));
        },
      );
    });
  }
  for (const tap of taps.onDecision) {
    onDecision.tapAsync(tap.plugin, (record, onFailure, next) => {
      if (tap.matches !== undefined && (record.call === undefined || leavesOut(tap, record.call.name))) return next();
      guard(
        tap,
        () => tap.handler(record),
        (failure) => {
          if (failure) onFailure(failure);
          next(); // one observer's failure is not another's
        },
      );
    });
  }

  return Object.freeze({
    taps: taps as Hooks['taps'],
    onRequest: (ctx, done) =>
      onRequest.callAsync(ctx, (failure) => done((failure ?? undefined) as PluginFailure | undefined)),
    evaluate: (evaluation, done) => evaluate.callAsync([], evaluation, (_never, verdicts) => done(verdicts ?? [])),
    beforeForward: (forwarding, done) => beforeForward.callAsync(forwarding, (_never, end) => done(end ?? undefined)),
    afterResponse: (answer, ctx, done) =>
      afterResponse.callAsync(answer, ctx, (failure, changed) =>
        done((failure ?? undefined) as PluginFailure | undefined, changed ?? answer),
      ),
    onDecision: (record, onFailure) => onDecision.callAsync(record, onFailure, () => {}),
  } satisfies Hooks);
}

/** One tap of evaluate. A deny ends the walk after its stage, so that the agent learns of every reason at once. */
function judge(
  tap: Tap<'evaluate'>,
  verdicts: readonly GivenVerdict[],
  evaluation: Evaluation,
  next: Callback<readonly GivenVerdict[]>,
): void {
  const { ctx } = evaluation;
  if (
    leavesOut(tap, ctx.call.name) ||
    (evaluation.skipMeter && tap.stage === 'meter') ||
    isOver(tap, verdicts, evaluation)
  ) {
    return next(null, verdicts);
  }
  const startedMs = evaluation.onStep === undefined ? 0 : performance.now();
  guard(
    tap,
    () => tap.handler(ctx),
    (failure, said) => {
      if (failure === undefined && said === undefined && evaluation.onStep === undefined) return next(null, verdicts);
      const read = failure ?? readVerdicts(tap, said);
      const given = read instanceof PluginFailure ? [failed(read, evaluation)] : read;
      evaluation.onStep?.(tap, given, performance.now() - startedMs);
      next(
        null,
        given.length === 0
          ? verdicts
          : [
              ...verdicts,
              ...given.map((verdict) => Object.freeze({ ...verdict, plugin: tap.plugin, stage: tap.stage })),
            ],
      );
    },
  );
}

function isOver(tap: Tap, verdicts: readonly GivenVerdict[], evaluation: Evaluation): boolean {
  if (verdicts.length === 0 || evaluation.walkOn) return false;
  if (verdicts.some((verdict) => verdict.effect === 'simulate' && !verdict.shadow)) return false;
  return verdicts.some((verdict) => verdict.effect === 'deny' && !verdict.shadow && verdict.stage !== tap.stage);
}

/** One tap of beforeForward: collects what it wants to take, ends at its halt or its failure. */
function take(tap: Tap<'beforeForward'>, forwarding: Forwarding, next: Callback<ForwardEnd>): void {
  if (leavesOut(tap, forwarding.ctx.call.name)) return next();
  guard(
    tap,
    () => tap.handler(forwarding.ctx),
    (failure, said) => {
      if (failure === undefined && said === undefined) return next();
      const read = failure ?? readForwardAnswer(tap, said);
      if (read instanceof PluginFailure) {
        forwarding.onFailure(read);
        return next(null, { failure: read });
      }
      if ('ops' in read) {
        forwarding.commitments.push({ plugin: tap.plugin, commitment: read });
        return next();
      }
      next(null, { halt: read, plugin: tap.plugin });
    },
  );
}

function failed(failure: PluginFailure, evaluation: Evaluation): Verdict {
  evaluation.onFailure(failure);
  return failureVerdict(failure);
}

/** The deny that a failed plugin becomes. The cause is for the log, not for the agent. */
export function failureVerdict(failure: PluginFailure): Verdict {
  return {
    effect: 'deny',
    code: 'plugin_failed',
    reason: `The call was refused because ${failure.message}.`,
    suggestion: 'Tell the operator; retrying helps only when the plugin works again.',
    details: { plugin: failure.plugin, hook: failure.hook },
    retry: { allowed: true },
  };
}

function leavesOut(tap: Tap, name: string): boolean {
  return tap.matches !== undefined && !tap.matches(name);
}
