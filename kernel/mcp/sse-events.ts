/**
 * Cuts a byte stream into server-sent events and keeps their bytes: events that nobody touches go on exactly as they
 * came (WHATWG HTML, section 9.2.6: lines end with CR, LF or CRLF, a blank line ends an event).
 */

export interface SseEvent {
  /** Everything from the end of the last event on, the blank line included. */
  readonly raw: Buffer;
  /** The joined `data` lines; undefined when there is none. */
  readonly data: Buffer | undefined;
  readonly event: string | undefined;
  readonly id: string | undefined;
}

const lf = 0x0a;
const cr = 0x0d;
const largestEventBytes = 64 * 1024 * 1024;

/** Feed it chunks; it calls `emit` with every complete event. Comments between events go on at once. */
export class SseCutter {
  readonly #emit: (event: SseEvent) => void;
  #rest: Buffer = Buffer.alloc(0);
  /** Where the search for the next line end starts in `#rest`, and where the line at hand begins. */
  #searched = 0;
  #lineStart = 0;

  constructor(emit: (event: SseEvent) => void) {
    this.#emit = emit;
  }

  /** @throws RangeError when one event is larger than 64 MiB. */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const end = endOfLine(rest, this.#searched);
      if (end === undefined) break;
      const isBlank = end.at === this.#lineStart;
      const isLoneComment = this.#lineStart === 0 && rest[0] === 0x3a;
      if (!isBlank && !isLoneComment) {
        this.#searched = this.#lineStart = end.next;
        continue;
      }
      const raw = rest.subarray(0, end.next);
      rest = rest.subarray(end.next);
      this.#searched = this.#lineStart = 0;
      this.#emit(readEvent(raw));
    }
    if (rest.length > largestEventBytes) throw new RangeError('an event is larger than 64 MiB');
    // A CR at the very end may be half of a CRLF: look at it again with the next chunk.
    this.#searched = Math.max(
      this.#lineStart,
      rest.length > 0 && rest[rest.length - 1] === cr ? rest.length - 1 : rest.length,
    );
    this.#rest = rest;
  }

  /** What is left of an event that never ended. */
  rest(): Buffer {
    return this.#rest;
  }
}

function endOfLine(bytes: Buffer, from: number): { readonly at: number; readonly next: number } | undefined {
  const newline = bytes.indexOf(lf, from);
  const searchEnd = newline < 0 ? bytes.length : newline;
  const carriage = bytes.subarray(from, searchEnd).indexOf(cr);
  if (carriage < 0) return newline < 0 ? undefined : { at: newline, next: newline + 1 };
  const at = from + carriage;
  if (at + 1 === bytes.length) return undefined;
  return { at, next: bytes[at + 1] === lf ? at + 2 : at + 1 };
}

function readEvent(raw: Buffer): SseEvent {
  let data: Buffer | undefined;
  let event: string | undefined;
  let id: string | undefined;
  for (let from = 0; from < raw.length;) {
    const end = endOfLine(raw, from) ?? { at: raw.length, next: raw.length };
    const line = raw.subarray(from, end.at);
    from = end.next;
    const colon = line.indexOf(0x3a);
    const name = colon < 0 ? line.toString() : line.toString('latin1', 0, colon);
    if (name === '' || line.length === 0) continue;
    const value = colon < 0 ? Buffer.alloc(0) : line.subarray(line[colon + 1] === 0x20 ? colon + 2 : colon + 1);
    if (name === 'data') data = data === undefined ? value : Buffer.concat([data, Buffer.from('\n'), value]);
    else if (name === 'event') event = value.toString();
    else if (name === 'id') id = value.toString();
  }
  return { raw, data, event, id };
}

/** One message as an event. JSON may hold raw line ends between tokens: each becomes a `data` line of its own. */
export function messageEvent(message: Uint8Array, id?: string): Buffer {
  const bytes = Buffer.isBuffer(message)
    ? message
    : Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const head = id === undefined ? 'event: message\ndata: ' : `event: message\nid: ${id}\ndata: `;
  if (!bytes.includes(lf) && !bytes.includes(cr)) return Buffer.concat([Buffer.from(head), bytes, Buffer.from('\n\n')]);
  return Buffer.from(`${head}${bytes.toString().replace(/\r\n|\r|\n/g, '\ndata: ')}\n\n`);
}
