/** How names, URIs and ids of several upstreams live beside each other, and find their way back. */
import type { Json } from '../../plugin.ts';

export interface Routed {
  readonly part: string;
  readonly name: string;
}

export interface Names {
  /** Of tools and prompts, and of tasks. */
  name(part: string, name: string): string;
  /** Undefined: no upstream of ours. */
  ofName(name: string): Routed | undefined;
  uri(part: string, uri: string): string;
  ofUri(uri: string): Routed | undefined;
}

/** An upstream's name never holds the separator, so the first one ends it. */
export function createNames(separator: string, hasPart: (part: string) => boolean): Names {
  const split = (text: string, by: string): Routed | undefined => {
    const at = text.indexOf(by);
    if (at <= 0) return undefined;
    const part = text.slice(0, at);
    return hasPart(part) ? { part, name: text.slice(at + by.length) } : undefined;
  };
  return {
    name: (part, name) => `${part}${separator}${name}`,
    ofName: (name) => split(name, separator),
    uri: (part, uri) => `${part}+${uri}`,
    ofUri: (uri) => split(uri, '+'),
  };
}

const mark = 'helio';

/** A server's request id (or progress token) as the client sees it: the part and the type stand in it. */
export function outwardId(part: string, value: Json): string {
  return `${mark}:${part}:${typeof value === 'number' ? 'n' : 's'}:${String(value)}`;
}

export function inwardId(value: unknown): { readonly part: string; readonly text: string } | undefined {
  const match = typeof value === 'string' ? /^helio:([^:]+):([ns]):([\s\S]*)$/.exec(value) : null;
  if (!match) return undefined;
  return { part: match[1]!, text: match[2] === 'n' ? match[3]! : JSON.stringify(match[3]) };
}
