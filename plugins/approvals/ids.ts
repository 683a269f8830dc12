/** Names of tickets: they sort by time, and cannot be guessed. */
import { randomBytes } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford's: no i, l, o, u
const timeLength = 10;

/** `apr_` + 10 characters of time + 16 characters (80 bits) of chance. */
export function newTicketId(nowMs: number): string {
  let time = '';
  for (let rest = nowMs, i = 0; i < timeLength; i++, rest = Math.floor(rest / 32)) time = alphabet[rest % 32]! + time;
  return `apr_${time}${Array.from(randomBytes(16), (byte) => alphabet[byte % 32]).join('')}`;
}

export function isTicketId(text: string): boolean {
  return /^apr_[0-9a-hjkmnp-tv-z]{26}$/.test(text);
}

/** The key of a decided ticket: byte order is newest first. */
export function decidedKey(id: string): string {
  const time = [...id.slice(4, 4 + timeLength)];
  return `${time.map((c) => alphabet[31 - alphabet.indexOf(c)]).join('')}.${id}`;
}
