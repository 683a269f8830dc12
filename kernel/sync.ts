/**
 * Goes on at once when nothing has to be waited for: most taps are synchronous, and an async function costs 1.5 kB of
 * garbage and a turn of the microtask queue for every call whether it waits or not.
 */
import { isPromise } from './guard.ts';
import type { Awaitable } from './plugin.ts';

/** `next` with the value: now, or once it is there. Not called `then`: a module that exports that cannot be awaited. */
export function andThen<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return isPromise(value) ? (value as Promise<T>).then(next) : next(value as T);
}

/** What a callback is told, as an awaitable. */
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
