/** Extension points: who owns one, who contributed what, in the order of registration. */
import type { FastifyInstance } from 'fastify';
import type { Awaitable, ExtensionPoint } from './plugin.ts';

/** What `api.routes` hands to the owner of the operator's listener. */
export interface RoutesContribution {
  readonly plugin: string;
  readonly prefix: string;
  readonly auth: 'operator' | 'own';
  build(app: FastifyInstance): Awaitable<void>;
}

/** The contributions of one generation. Contributing to a point without an owner is allowed: it is then unused. */
export function createExtensions() {
  const contributions = new Map<string, { plugin: string; value: unknown }[]>();
  return {
    contribute<T>(plugin: string, point: ExtensionPoint<T>, value: T): void {
      const list = contributions.get(point.id) ?? [];
      list.push({ plugin, value });
      contributions.set(point.id, list);
    },
    collect<T>(point: ExtensionPoint<T>): readonly T[] {
      return (contributions.get(point.id) ?? []).map(({ value }) => value as T);
    },
    /** Extension ids somebody contributed to, with the contributors' names. */
    contributors(): ReadonlyMap<string, readonly string[]> {
      return new Map([...contributions].map(([id, list]) => [id, list.map(({ plugin }) => plugin)]));
    },
  };
}
export type Extensions = ReturnType<typeof createExtensions>;
