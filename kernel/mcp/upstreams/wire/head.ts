/** Heads of HTTP/1.1 messages: writes a request's, reads a response's, strictly (RFC 9112). */
import type { Headers } from '../../upstream.ts';

/** The upstream's bytes are no HTTP that Helio can trust. `message` is the part of a sentence. */
export class WireFault extends Error {
  readonly code = 'malformed';
}

/** How many bytes the body has; `chunked` carries its own end, `until_close` ends with the connection. */
export type BodyLength = number | 'chunked' | 'until_close';

export interface ResponseHead {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Headers;
  readonly bodyLength: BodyLength;
  /** Whether the connection may carry another request. */
  readonly keepsAlive: boolean;
}

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Among them CR, LF and NUL, which would begin another field or another message for the next reader. */
const forbiddenInValue = /[^\t\x20-\x7e\x80-\xff]/;
const digits = /^\d{1,15}$/;
const target = /^[\x21-\x7e\x80-\xff]+$/;
/** They say how a message is framed, which only Helio knows. */
const ofFraming = new Set(['connection', 'content-length', 'transfer-encoding', 'upgrade', 'expect']);

/**
 * `lines` is the head without its last empty line. What another reader could frame differently is refused instead of
 * mended: folded lines, space before a colon, two lengths, a length beside chunks (RFC 9112, sections 5.1, 5.2, 6.3, 11.2).
 * @throws WireFault
 */
export function readHead(text: string): ResponseHead {
  const lines = text.split('\r\n');
  const matched = statusLine.exec(lines[0]!);
  if (matched === null) throw new WireFault('its status line is malformed');
  const status = Number(matched[2]);
  const headers: Headers = {};
  for (let at = 1; at < lines.length; at += 1) {
    const line = lines[at]!;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (!token.test(name)) throw new WireFault('a header line is malformed');
    const value = trimmed(line, colon + 1);
    if (forbiddenInValue.test(value)) throw new WireFault(`the header ${name} has a forbidden character`);
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (Array.isArray(before)) before.push(value);
    else headers[name] = before === undefined ? value : [before, value];
  }
  const bodyLength = bodyLengthOf(status, headers);
  const connection = headers['connection'];
  const isFramed =
    bodyLength !== 'until_close' &&
    // Bytes may follow all the same, and would be read as the next answer.
    !(bodyLength === 0 && (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'));
  const keepsAlive =
    isFramed &&
    (matched[1] === '1'
      ? connection === undefined || !/\bclose\b/i.test(String(connection))
      : bodyLength !== 'chunked' && /\bkeep-alive\b/i.test(String(connection))); // RFC 9112, section 6.1
  return { status, headers, bodyLength, keepsAlive };
}

/** Without the spaces and tabs around it: `trim` also takes CR, LF and others that must be seen (RFC 9112, section 5). */
function trimmed(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** RFC 9112, section 6.3. */
function bodyLengthOf(status: number, headers: Headers): BodyLength {
  if (status < 200 || status === 204 || status === 304) return 0;
  const coding = headers['transfer-encoding'];
  const length = headers['content-length'];
  if (coding !== undefined) {
    if (length !== undefined) throw new WireFault('it has both a length and a transfer encoding');
    if (typeof coding !== 'string' || coding.toLowerCase() !== 'chunked')
      throw new WireFault('its transfer encoding is not chunked');
    return 'chunked';
  }
  if (length === undefined) return 'until_close';
  if (typeof length !== 'string' || !digits.test(length)) throw new WireFault('its length is malformed');
  return Number(length);
}

/**
 * `headers` is a flat list of names and values. A `host` among them takes the place of `host`.
 * @throws TypeError when one of them would break out of its line.
 */
export function writeHead(
  verb: string,
  path: string,
  host: string,
  headers: readonly string[],
  length?: number,
): string {
  if (!target.test(path)) throw new TypeError('the path cannot be sent');
  const own = headers.includes('host') ? '' : `host: ${host}\r\n`;
  let text = `${verb} ${path} HTTP/1.1\r\n${own}connection: keep-alive\r\n`;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    const value = headers[at + 1]!;
    if (!token.test(name) || forbiddenInValue.test(value) || ofFraming.has(name))
      throw new TypeError(`the header ${JSON.stringify(name)} cannot be sent`);
    text += `${name}: ${value}\r\n`;
  }
  return length === undefined ? `${text}\r\n` : `${text}content-length: ${length}\r\n\r\n`;
}
