/** A plugin whose needed services can be broken from outside, once it has started. */
import type { PluginDefinition } from '../plugin.ts';

export interface Breakage {
  how: 'works' | 'throws' | 'hangs';
  /** How often a broken service was asked; how often before the call was sent. */
  touched: number;
  before: number;
  sent?: () => number;
}

type AnyPlugin = PluginDefinition<any, any, any, any, any, any>;

/** The same plugin; its `needs` go through `breakage`. */
export function breakable(plugin: AnyPlugin, breakage: Breakage): AnyPlugin {
  return Object.freeze({
    ...plugin,
    register(api: Parameters<AnyPlugin['register']>[0]) {
      const needs = Object.fromEntries(
        Object.entries(api.needs as object).map(([key, service]) => [key, wrapped(service as object, breakage)]),
      );
      return plugin.register({ ...api, needs });
    },
  });
}

function wrapped(service: object, breakage: Breakage): object {
  return new Proxy(service, {
    get(target, key, receiver) {
      const value = Reflect.get(target, key, receiver) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (breakage.how === 'works') return Reflect.apply(value, target, args) as unknown;
        breakage.touched++;
        if ((breakage.sent?.() ?? 0) === 0) breakage.before++;
        if (breakage.how === 'throws') throw new Error('this service is broken');
        return new Promise(() => {});
      };
    },
  });
}
