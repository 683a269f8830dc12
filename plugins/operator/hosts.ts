/** Which Host and Origin headers are believed: DNS rebinding makes a foreign page look like this machine. */
import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine can reach an address. Names other than `localhost` are not resolved: they count as remote. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost') return true;
  const family = isIP(bare);
  return family !== 0 && loopback.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}

const anyAddress = new Set(['0.0.0.0', '::']);

export interface HostCheck {
  /** Whether a Host header (`name` or `name:port`) is ours. */
  host(header: string | undefined): boolean;
  /** Whether an Origin header is ours; absent is, `null` is not. */
  origin(header: string | undefined): boolean;
}

/** Loopback names, the configured host, `public_url` and `allowed_hosts` (each with any port, unless it names one). */
export function createHostCheck(config: {
  readonly host: string;
  readonly allowed_hosts: readonly string[];
  readonly public_url?: string | undefined;
}): HostCheck {
  const exact = new Set<string>();
  const names = new Set(['localhost', '127.0.0.1', '[::1]']);
  if (!anyAddress.has(config.host)) names.add(bracketed(config.host));
  if (config.public_url !== undefined) exact.add(new URL(config.public_url).host.toLowerCase());
  for (const allowed of config.allowed_hosts) {
    const value = allowed.toLowerCase();
    if (/:\d+$/.test(value) && isIP(value) !== 6) exact.add(value);
    else names.add(bracketed(value));
  }
  const isOurs = (value: string): boolean => exact.has(value) || names.has(value.replace(/:\d+$/, ''));
  return {
    host: (header) => header !== undefined && isOurs(header.toLowerCase()),
    origin(header) {
      if (header === undefined) return true;
      const match = /^https?:\/\/([^/?#@\s]+)$/.exec(header.toLowerCase());
      return match?.[1] !== undefined && isOurs(match[1]);
    },
  };
}

const bracketed = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host).toLowerCase();
