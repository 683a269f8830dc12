/** Turns a callback into an awaitable without a promise when the callback ran at once: most taps are synchronous. */
import type { Awaitable } from './plugin.ts';

export function sync<T>(run: (done: (value: T) => void) => void): Awaitable<T> {
  let value: T | undefined;
  let isDone = false;
  let resolve: ((value: T) => void) | undefined;
  run((given) => {
    value = given;
    isDone = true;
    resolve?.(given);
  });
  return isDone ? (value as T) : new Promise<T>((later) => void (resolve = later));
}
