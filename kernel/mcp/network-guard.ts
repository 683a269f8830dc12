/**
 * Host and Origin: a web page in the operator's browser must not reach a door that is open to this machine (DNS
 * rebinding; MCP 2025-11-25, transports, security warning).
 */
import { isLoopback } from './config.ts';

export interface NetworkGuard {
  /** A sentence when the request is refused with 403. */
  refusal(host: string | undefined, origin: string | undefined): string | undefined;
}

export interface GuardRules {
  readonly host: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}

export function createNetworkGuard(rules: GuardRules): NetworkGuard {
  const hosts = new Set(rules.allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set(rules.allowedOrigins.map((origin) => origin.toLowerCase().replace(/\/$/, '')));
  // An address that was opened on purpose is one that clients may name.
  if (!isLoopback(rules.host) && rules.host !== '0.0.0.0' && rules.host !== '::') hosts.add(rules.host.toLowerCase());
  const hostIsAllowed = (host: string) => {
    const name = hostNameOf(host);
    return name !== undefined && (isLoopback(name) || hosts.has(host.toLowerCase()) || hosts.has(name));
  };
  // The same client sends the same header on every call.
  let lastHost: string | undefined;
  return {
    refusal(host, origin) {
      if (host !== lastHost || host === undefined) {
        if (host === undefined || !hostIsAllowed(host)) {
          return 'The Host header names a host that this door does not serve (listen.allowed_hosts).';
        }
        lastHost = host;
      }
      if (origin === undefined || originIsAllowed(origin, origins)) return undefined;
      return 'Requests of this Origin are refused (listen.allowed_origins).';
    },
  };
}

function originIsAllowed(origin: string, allowed: ReadonlySet<string>): boolean {
  if (allowed.has(origin.toLowerCase())) return true;
  const match = /^https?:\/\/([^/]+)$/i.exec(origin);
  const name = match ? hostNameOf(match[1]!) : undefined;
  return name !== undefined && isLoopback(name);
}

/** `localhost` of `localhost:3000`; undefined for what is no host, such as a list of two. */
function hostNameOf(host: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(host);
  return match?.[1]!.toLowerCase();
}
