/** The decision link in a message: whoever holds it speaks for the channel, once, for one ticket, until its deadline. */
import { createHmac, timingSafeEqual } from 'node:crypto';

export function makeToken(key: Uint8Array, channel: string, ticket: string, untilMs: number): string {
  const body = `${ticket}.${untilMs}`;
  return `${body}.${mac(key, channel, body)}`;
}

/** The ticket that the token is for; undefined when it is forged, for another channel, or over. */
export function readToken(key: Uint8Array, channel: string, token: string, nowMs: number): string | undefined {
  const found = /^((apr_[a-z0-9]{26})\.(\d{1,15}))\.([\w-]{43})$/.exec(token);
  if (!found) return undefined;
  const [, body, ticket, untilMs, sealed] = found;
  const isOurs = timingSafeEqual(Buffer.from(sealed!), Buffer.from(mac(key, channel, body!)));
  return isOurs && Number(untilMs) > nowMs ? ticket : undefined;
}

function mac(key: Uint8Array, channel: string, body: string): string {
  return createHmac('sha256', key).update(`${channel.length}:${channel}.${body}`).digest('base64url');
}
