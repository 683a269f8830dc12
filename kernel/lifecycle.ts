/** start -> serve -> stop of one generation: in plugin order, and back in reverse. */
import { helioError, isHelioError } from './errors.ts';
import type { Generation } from './generation.ts';
import { noteFailure } from './health.ts';
import type { Prepared } from './http/listeners.ts';
import type { ProcessScope } from './process-scope.ts';

const startDeadlineMs = 10_000;
const stopDeadlineMs = 5_000;

/**
 * Runs every onStart, then builds the routes and opens or swaps the listeners. An observer with `on_error: continue` that
 * cannot start is logged and counted. Throws HELIO_PLUGIN_START or HELIO_LISTEN_*.
 */
export async function startGeneration(generation: Generation, scope: ProcessScope): Promise<void> {
  for (const { plugin, starts, health } of generation.plugins) {
    const { name } = plugin.definition;
    try {
      for (const start of starts) await within(startDeadlineMs, name, start);
    } catch (error) {
      if (plugin.entry.onError !== 'continue') throw error;
      const { message } = error as Error;
      noteFailure(health, message);
      scope.log.error('a plugin could not start; Helio goes on without it, as on_error says', {
        plugin: name,
        reason: message,
      });
    }
  }
  const prepared: Prepared[] = [];
  for (const { listens } of generation.plugins) {
    for (const { options, build } of listens) prepared.push(await scope.listeners.prepare(options, build));
  }
  for (const routes of prepared) await scope.listeners.use(routes);
}

/** Runs every onStop in reverse order, each within its time; a failing one is logged and the others go on. */
export async function stopGeneration(
  generation: Generation,
  scope: ProcessScope,
  reason: 'reload' | 'shutdown',
): Promise<void> {
  for (const { plugin, stops } of [...generation.plugins].reverse()) {
    for (const stop of [...stops].reverse()) {
      try {
        await within(stopDeadlineMs, plugin.definition.name, () => stop(reason));
      } catch (error) {
        scope.log.warn('a plugin did not stop cleanly', {
          plugin: plugin.definition.name,
          reason: String((error as Error).message),
        });
      }
    }
  }
}

async function within(deadlineMs: number, plugin: string, run: (signal: AbortSignal) => unknown): Promise<void> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => {
      abort.abort();
      fail(helioError('HELIO_PLUGIN_START', { plugin, reason: `it took longer than ${deadlineMs / 1000} s` }));
    }, deadlineMs);
  });
  try {
    await Promise.race([run(abort.signal), late]);
  } catch (error) {
    if (isHelioError(error)) throw error;
    const { message = String(error), fix } = (error ?? {}) as { message?: string; fix?: unknown };
    const told = { plugin, reason: message.split('\n')[0]!, ...(typeof fix === 'string' && { fix }) };
    throw helioError('HELIO_PLUGIN_START', told, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
