/** Which headers go on, in both directions. */
import type { Headers } from './upstream.ts';

/** RFC 9110, section 7.6.1, and what belongs to one connection only. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'content-length',
]);
/** Helio checks the Origin itself; a body must be readable, so nothing may be encoded. */
const notForUpstream = new Set([...hopByHop, 'origin', 'accept-encoding']);
/** Of MCP itself: go on whatever `forward_headers` says. */
const ofMcp = /^(mcp-.*|accept|content-type|last-event-id|user-agent|traceparent|tracestate|baggage)$/;

export interface RequestHeaderRules {
  /** Lower-case; undefined: all. */
  readonly forward: ReadonlySet<string> | undefined;
  readonly passAuthorization: boolean;
  /** From `upstream.headers`; lower-case names. */
  readonly added: readonly (readonly [string, string])[];
}

/** A flat list of names and values. */
export function requestHeaders(
  client: Headers,
  rules: RequestHeaderRules,
  extra: ReadonlyMap<string, string | undefined> | undefined,
): string[] {
  const out: string[] = ['accept-encoding', 'identity'];
  const connection = client['connection'];
  const named = connection === undefined || connection === 'keep-alive' ? undefined : namedIn(connection);
  for (const name in client) {
    if (notForUpstream.has(name) || named?.has(name) || name.startsWith('x-helio-')) continue;
    if (name === 'authorization') {
      if (!rules.passAuthorization) continue;
    } else if (rules.forward !== undefined && !rules.forward.has(name) && !ofMcp.test(name)) continue;
    if (rules.added.length > 0 && rules.added.some(([added]) => added === name)) continue;
    if (extra?.has(name)) continue;
    const value = client[name];
    if (typeof value === 'string') out.push(name, value);
    else if (value) for (const one of value) out.push(name, one);
  }
  for (const [name, value] of rules.added) if (!extra?.has(name)) out.push(name, value);
  if (extra)
    for (const [name, value] of extra) if (value !== undefined && !notForUpstream.has(name)) out.push(name, value);
  return out;
}

/** What the client gets of the upstream's headers. Drops the length too: the caller knows what it writes. */
export function responseHeaders(upstream: Headers): Headers {
  const connection = upstream['connection'];
  const named = connection === undefined || connection === 'keep-alive' ? undefined : namedIn(connection);
  const out: Headers = {};
  for (const name in upstream) {
    if (!hopByHop.has(name) && !named?.has(name)) out[name] = upstream[name];
  }
  return out;
}

function namedIn(connection: string | string[]): Set<string> {
  return new Set(
    String(connection)
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
}

export function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** `application/json` of `application/json; charset=utf-8`. */
export function mediaType(headers: Headers): string {
  const type = headerOf(headers, 'content-type') ?? '';
  const semicolon = type.indexOf(';');
  return (semicolon < 0 ? type : type.slice(0, semicolon)).trim().toLowerCase();
}
