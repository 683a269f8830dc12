/** Event ids of several upstreams: each says whose it is, so that a client can resume a stream where it broke off. */

/** Of the stream of one request: it can only go on at the upstream that has it. */
export function outwardEventId(part: string, id: string): string {
  return `one.${part}.${id}`;
}

/** Of the stream that carries all upstreams: the last id of each of them. */
export function outwardEventIds(lastIds: ReadonlyMap<string, string>): string {
  return `all.${new URLSearchParams([...lastIds]).toString()}`;
}

export type Resumed =
  | { readonly kind: 'one'; readonly part: string; readonly id: string }
  | { readonly kind: 'all'; readonly lastIds: ReadonlyMap<string, string> };

/** Of `Last-Event-ID`; undefined when it is none that was given out here. */
export function inwardEventId(text: string): Resumed | undefined {
  const one = /^one\.([^.]+)\.(.*)$/.exec(text);
  if (one) return { kind: 'one', part: one[1]!, id: one[2]! };
  return text.startsWith('all.') ? { kind: 'all', lastIds: new Map(new URLSearchParams(text.slice(4))) } : undefined;
}
