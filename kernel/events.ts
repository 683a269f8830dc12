/** In-process events: to the listeners of the current generation, and as a record to every observer. */
import type { JsonObject, Log } from './plugin.ts';
import { record } from './gate.ts';
import { isPromise } from './guard.ts';
import type { World } from './trip.ts';

/** What the kernel's own word is in the `plugin` field of an event. */
export function emitEvent(world: World, log: Log, plugin: string, kind: string, data: JsonObject): void {
  for (const registration of world.current().plugins) {
    for (const { kind: wanted, listener } of registration.listeners) {
      if (wanted !== kind && wanted !== '*') continue;
      const failed = (cause: unknown): void =>
        log.error('a listener failed', { plugin: registration.plugin.definition.name, kind, cause: String(cause) });
      try {
        const said = listener(kind, data) as unknown;
        if (isPromise(said)) said.then(undefined, failed); // an async listener's rejection would end the process
      } catch (cause) {
        failed(cause);
      }
    }
  }
  void record(world, { kind, data: { ...data, plugin } });
}
