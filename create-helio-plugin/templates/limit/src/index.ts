/** Lets a session call a tool so many times in a window. Counted in Helio's own store: exact, and kept over a restart. */
import { bucketName, definePlugin, deny, duration, type Call, type Facts, type TakeOp } from '@gethelio/proxy/plugin';
import { session as sessionFact } from '@gethelio/proxy/contracts/identity';
import { commit, counters } from '@gethelio/proxy/contracts/state';
import { z } from 'zod';

export const myPlugin = definePlugin({
  name: 'my-plugin',
  apiVersion: 1,
  summary: 'Limits how often one session may call one tool.',
  config: z
    .strictObject({
      max_calls: z.int().min(1).default(20).describe('Calls of one tool that one session may make in the window.'),
      window: duration().prefault('1h').describe('The window that slides along.'),
    })
    .prefault({}),
  taps: ['evaluate', 'beforeForward'],
  needs: { counters, commit },
  register({ config, hooks, needs }) {
    /** What this call takes. The same twice: `evaluate` asks whether it fits, `beforeForward` takes it. */
    const takeOf = (call: Call, facts: Facts, nowMs: number): TakeOp | undefined => {
      const session = facts.get(sessionFact)?.id;
      if (session === undefined) return undefined;
      return {
        op: 'take',
        bucket: bucketName('my-plugin', call.name, session),
        entry: call.id,
        amount: '1',
        limit: String(config.max_calls),
        atMs: nowMs,
        sinceMs: nowMs - config.window + 1,
        expiresAtMs: nowMs + config.window,
      };
    };
    const full = (roomAtMs: number | undefined, nowMs: number) =>
      deny('too_many_calls', `This session has made its ${config.max_calls} calls of this tool.`, {
        retry: { allowed: roomAtMs !== undefined, ...(roomAtMs !== undefined && { afterMs: roomAtMs - nowMs }) },
      });

    // `meter` comes after `judge`. With room left a limit says nothing: it must not open what the policy closes.
    hooks.evaluate.tap({ stage: 'meter' }, async ({ call, facts, nowMs }) => {
      const take = takeOf(call, facts, nowMs);
      // Whom to count for is not known: counting nobody would let everybody through.
      if (take === undefined) return deny('no_session', 'This tool is limited per session, and the call names none.');
      const refusal = await needs.counters.check(take);
      return refusal && full(refusal.roomAtMs, nowMs);
    });
    // All plugins' takes are one transaction: all of them or none, exact under parallel calls.
    hooks.beforeForward.tap(({ call, facts, nowMs }) => {
      const take = takeOf(call, facts, nowMs);
      if (take === undefined) return { deny: deny('no_session', 'The call names no session.') };
      return {
        ops: [take],
        refused: (refusal) => full(refusal.roomAtMs, nowMs),
        settle: ({ acted }) => (acted ? [] : [{ op: 'giveBack', bucket: take.bucket, entry: take.entry }]),
      };
    });
  },
});
export default myPlugin;
