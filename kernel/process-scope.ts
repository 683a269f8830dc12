/** What outlives a reload: kept values, events, sockets, the clock and the log. */
import type { JsonObject, KernelApi, Log } from './plugin.ts';
import type { StableListeners } from './http/listeners.ts';

export interface ProcessScope {
  readonly clock: { nowMs(): number };
  readonly log: Log;
  readonly stateDir: string;
  readonly listeners: StableListeners;
  /** Bound late: the running proxy answers, whatever generation asks. */
  readonly kernel: KernelApi;
  keep<T>(key: string, create: () => T): T;
  emit(plugin: string, kind: string, data: JsonObject): void;
}

/** `keep` of the process: made once, the same value for every generation. */
export function createKeeper(): ProcessScope['keep'] {
  const kept = new Map<string, unknown>();
  return <T>(key: string, create: () => T): T => {
    if (!kept.has(key)) kept.set(key, create());
    return kept.get(key) as T;
  };
}
