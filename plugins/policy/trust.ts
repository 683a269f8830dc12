/** Whether an upstream's hints that loosen are believed. */
import type { JsonObject } from '@gethelio/proxy/plugin';

/** `upstream.annotations`, or that of one of `upstreams`. */
export function trustOf(sections: JsonObject, upstream: string): 'trusted' | 'untrusted' {
  const several = sections['upstreams'] as JsonObject | undefined;
  const one = (several?.[upstream] ?? sections['upstream']) as JsonObject | undefined;
  return one?.['annotations'] === 'untrusted' ? 'untrusted' : 'trusted';
}
