/** `state:` - calls and money so far in a sliding window, by tool glob and key. This call is not yet counted. */
import { duration, type Awaitable, type Json } from '@gethelio/proxy/plugin';
import { z } from 'zod';
import { show, written as fixed, type Comparand, type Truth } from '../comparand.ts';
import { compileParts, partsText, testParts } from '../comparison.ts';
import type { ConditionContext } from '../contract.ts';
import { compileGlob } from '../glob.ts';
import { compilePath } from '../path.ts';
import { trackerBucket, trackerId, type Tracker } from '../trackers.ts';
import type { BuiltIn, BuiltInContext } from './built-in.ts';

const counted = {
  tool: z.string().min(1).default('*').describe('Which tools count, a glob.'),
  window: duration().describe('How far back, a duration such as 1h.'),
  key: z.enum(['global', 'tool', 'session', 'agent', 'principal']).default('session').describe('Whose calls count.'),
};
const operand = z.json().optional().describe('Compares what was counted so far.');
const question = z
  .strictObject({
    calls: z.strictObject(counted).optional().describe('Counts calls that were forwarded.'),
    spend: z
      .strictObject({ ...counted, field: z.string().describe('The path of the amount.') })
      .optional()
      .describe('Sums an argument.'),
    eq: operand,
    neq: operand,
    gt: operand,
    gte: operand,
    lt: operand,
    lte: operand,
  })
  .refine(
    ({ calls, spend }) => (calls === undefined) !== (spend === undefined),
    'ask for calls or for spend, one of them',
  );
const schema = z.union([question, z.array(question).min(1)]);
type Question = z.output<typeof question>;

export const state: BuiltIn<z.output<typeof schema>> = {
  key: 'state',
  summary: 'Calls and money so far in a sliding window. Calls that reached the upstream count; this one does not yet.',
  example: "state: { calls: { tool: 'send_*', window: 1h, key: session }, gte: 20 }",
  schema,
  reads: 'arguments',
  volatile: true,
  compile(parsed, context) {
    const questions = Array.isArray(parsed) ? parsed : [parsed];
    const asks = questions.map((one, i) => compileQuestion(one, Array.isArray(parsed) ? [i] : [], context));
    return (ctx) => {
      const truths = asks.map((ask) => ask(ctx));
      return truths.some((truth) => truth instanceof Promise)
        ? Promise.all(truths).then(conjunction)
        : conjunction(truths as Truth[]);
    };
  },
};

function conjunction(truths: readonly Truth[]): Truth {
  return truths.includes(false) ? false : truths.includes(undefined) ? undefined : true;
}

function compileQuestion(
  asked: Question,
  at: readonly number[],
  context: BuiltInContext,
): (ctx: ConditionContext) => Awaitable<Truth> {
  const { calls, spend, ...comparison } = asked;
  const parts = compileParts(comparison as Json, (message, inside, fix) =>
    context.report(message, [...at, ...inside], fix),
  );
  const what = calls ? 'calls' : 'spend';
  const store = calls ? context.counters : context.ledger;
  if (!store) context.report('`state` counts, and no plugin keeps the counts', at, 'add state-sqlite to plugins:');
  const tracker = makeTracker(asked, at, context);
  if (!parts || !tracker || !store) return () => undefined;
  context.track(tracker);
  const text = `${what} of ${(calls ?? spend)!.tool} so far by ${tracker.key}`;
  const judge = (total: string, ctx: ConditionContext): Truth => {
    const none = { root: null, decimal: () => undefined };
    const truth = testParts(parts, totalled(total), none);
    ctx.note(`${text}: ${total}, ${partsText(parts)}: ${truth ? 'holds' : 'does not hold'}`);
    return truth;
  };
  return (ctx) => {
    const bucket = trackerBucket(tracker, ctx.call, ctx.facts);
    if (bucket === undefined) {
      ctx.note(`${text}: no ${tracker.key} was established, cannot be judged`);
      return undefined;
    }
    const since = ctx.nowMs - tracker.windowMs;
    if (calls) return then(context.counters!.peek(bucket, since), (n) => judge(String(n), ctx));
    return then(context.ledger!.balance(bucket, since), ({ total }) => judge(total, ctx));
  };
}

function then<T, R>(value: Awaitable<T>, next: (value: T) => R): Awaitable<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function totalled(total: string): Comparand {
  return { ...fixed(Number(total)), number: () => total };
}

function makeTracker(asked: Question, at: readonly number[], context: BuiltInContext): Tracker | undefined {
  const { tool, window, key } = (asked.calls ?? asked.spend)!;
  const what = asked.calls ? 'calls' : 'spend';
  let field: Tracker['field'];
  if (asked.spend) {
    try {
      field = compilePath(asked.spend.field);
    } catch (error) {
      context.report(`the path ${show(asked.spend.field)} is malformed: ${(error as Error).message}`, [
        ...at,
        'spend',
        'field',
      ]);
      return undefined;
    }
  }
  const glob = compileGlob(tool, { folded: true });
  return {
    id: trackerId([what, tool, window, key, asked.spend?.field ?? null]),
    what,
    counts: (call) => call.kind === 'tool' && glob.test(call.name),
    key,
    windowMs: window,
    field,
  };
}
