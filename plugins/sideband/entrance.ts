/** Who comes in: no browser, no foreign Host, nobody without a token. Runs before a body is read. */
import { isIP, BlockList } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { Refused } from './refused.ts';
import type { Door, Tokens } from './tokens.ts';

const windowMs = 60_000;
const mostWrong = 20;

export interface EntranceTerms {
  readonly tokens: Tokens;
  readonly host: string;
  readonly allowedHosts: readonly string[];
  readonly wrong: WrongTokens;
  nowMs(): number;
  emit(kind: string, data: { readonly [key: string]: string }): void;
}

/** Counts wrong tokens of the last minute, of everybody together: on loopback all peers look the same. */
export interface WrongTokens {
  count: number;
  sinceMs: number;
}

/** Throws `Refused` 403 for an Origin (`null` included) or a foreign Host. */
export function checkOrigin(request: FastifyRequest, terms: EntranceTerms): void {
  // Only browsers send it, and a page has no business here (DNS rebinding, drive-by requests).
  if (request.headers.origin !== undefined)
    throw new Refused(403, 'foreign_origin', 'Requests from web pages are refused', 'leave out the Origin header');
  if (!isOurs(request.headers.host, terms))
    throw new Refused(403, 'foreign_host', 'This Host is not allowed', 'add it to sdk.allowed_hosts');
}

/**
 * Throws `Refused` 401 for a missing or wrong token, 429 when there were too many wrong ones. A right one always passes:
 * a client that kept the token of an earlier start must not lock out the others.
 */
export function checkToken(request: FastifyRequest, door: Door, terms: EntranceTerms): void {
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined && terms.tokens.opens(bearer, door)) return;
  const { wrong } = terms;
  const nowMs = terms.nowMs();
  if (nowMs - wrong.sinceMs >= windowMs) Object.assign(wrong, { count: 0, sinceMs: nowMs });
  if (++wrong.count > mostWrong)
    throw new Refused(429, 'throttled', 'Too many wrong tokens', 'wait a minute, then send the right one');
  terms.emit('sideband_refused', { peer: request.ip, path: request.url.split('?')[0]! });
  throw new Refused(
    401,
    'unauthorized',
    bearer === undefined ? 'There is no token' : 'This token is not known here',
    'send "Authorization: Bearer TOKEN" with the token that "helio start" printed, or the HELIO_SDK_TOKEN it was given',
  );
}

function isOurs(header: string | undefined, { host, allowedHosts }: EntranceTerms): boolean {
  if (header === undefined) return false;
  const name = header.toLowerCase().replace(/:\d+$/, '');
  const names = ['localhost', '127.0.0.1', '[::1]', host, ...allowedHosts];
  return names.some((ours) => {
    const wanted = (isIP(ours) === 6 ? `[${ours}]` : ours).toLowerCase();
    return wanted === name || wanted === header.toLowerCase();
  });
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const family = isIP(host);
  return family !== 0 && loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
