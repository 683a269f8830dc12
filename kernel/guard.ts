/** The one place where foreign code is called: it is timed, and whatever it does wrong gets the plugin's name. */
import type { Awaitable } from './plugin.ts';
import { noteCall, noteFailure } from './health.ts';
import type { Tap } from './taps.ts';
import { enter, leave } from './watchdog.ts';

/** A plugin threw, ran out of time, or answered nonsense. `message` may be shown; the cause goes to the log only. */
export class PluginFailure extends Error {
  readonly plugin: string;
  readonly hook: string;
  constructor(tap: Pick<Tap, 'plugin' | 'hook'>, what: string, cause?: unknown) {
    super(`plugin "${tap.plugin}" ${what} in ${tap.hook}`, { cause });
    this.plugin = tap.plugin;
    this.hook = tap.hook;
  }
}

/**
 * Runs a tap and hands its answer, or a PluginFailure, to `done` - exactly once.
 *
 * The handler is called first; a timer and a promise exist only when it returned a promise. Measured: a synchronous tap
 * costs 0.1 us this way, 25-60 us with a timer each. A synchronous loop cannot be interrupted, so a late return fails.
 */
export function guard<R>(
  tap: Tap,
  run: () => Awaitable<R>,
  done: (failure: PluginFailure | undefined, value?: R) => void,
): void {
  const startedMs = performance.now();
  const { health, timeoutMs } = tap;
  const fail = (what: string, cause?: unknown): void => {
    const failure = new PluginFailure(tap, what, cause);
    noteCall(health, performance.now() - startedMs);
    noteFailure(health, failure.message);
    done(failure);
  };

  let value: Awaitable<R>;
  let later: boolean;
  enter(tap.place);
  try {
    value = run();
    later = isPromise(value); // a getter or a proxy can throw here
  } catch (cause) {
    leave();
    return fail('threw', cause);
  }
  leave();
  if (!later) {
    const tookMs = performance.now() - startedMs;
    if (tookMs > timeoutMs) return fail(`took ${Math.round(tookMs)} ms (allowed: ${timeoutMs})`);
    noteCall(health, tookMs);
    return done(undefined, value as R);
  }

  let settled = false;
  const once = (finish: () => void): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    finish();
  };
  // setTimeout, not AbortSignal.timeout(): that one's timer is unref'd in Node and may never fire.
  const timer = setTimeout(() => once(() => fail(`gave no answer within ${timeoutMs} ms`)), timeoutMs);
  // Through a promise of our own: a foreign `then` may throw, or call back twice.
  Promise.resolve(value).then(
    (answer) =>
      once(() => {
        noteCall(health, performance.now() - startedMs);
        done(undefined, answer);
      }),
    (cause: unknown) => once(() => fail('failed', cause)),
  );
}

export function isPromise(value: unknown): value is Promise<never> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
