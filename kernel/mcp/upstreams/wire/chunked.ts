/** The chunked transfer coding (RFC 9112, section 7.1): gives the bytes of the body, knows where it ends. */
import { WireFault } from './head.ts';

const longestLineBytes = 4_096;
const longestTrailerBytes = 16_384;
const sizeLine = /^([0-9a-f]{1,12})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/i;

export class ChunkedBody {
  /** Bytes of the chunk that are still to come, with its CRLF. */
  #left = 0;
  #line = '';
  #trailerBytes = 0;
  #place: 'size' | 'bytes' | 'trailer' | 'over' = 'size';

  get isOver(): boolean {
    return this.#place === 'over';
  }

  /** Hands the body's bytes to `take` and returns how many of `bytes` belong to the message. @throws WireFault */
  push(bytes: Buffer, take: (body: Buffer) => void): number {
    let at = 0;
    while (at < bytes.length && this.#place !== 'over') {
      if (this.#place === 'bytes') at = this.#bytes(bytes, at, take);
      else at = this.#lineFrom(bytes, at);
    }
    return at;
  }

  #bytes(bytes: Buffer, at: number, take: (body: Buffer) => void): number {
    const body = Math.min(this.#left - 2, bytes.length - at);
    if (body > 0) {
      take(bytes.subarray(at, at + body));
      this.#left -= body;
      return at + body;
    }
    if (bytes[at] !== (this.#left === 2 ? 13 : 10)) throw new WireFault('a chunk is longer than it says');
    this.#left -= 1;
    if (this.#left === 0) this.#place = 'size';
    return at + 1;
  }

  #lineFrom(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(10, at);
    this.#line += bytes.toString('latin1', at, end < 0 ? bytes.length : end);
    if (this.#line.length > longestLineBytes) throw new WireFault('a line between its chunks is too long');
    if (end < 0) return bytes.length;
    if (!this.#line.endsWith('\r')) throw new WireFault('a line between its chunks is malformed');
    const line = this.#line.slice(0, -1);
    this.#line = '';
    if (this.#place === 'size') this.#size(line);
    else this.#trailer(line);
    return end + 1;
  }

  #size(line: string): void {
    const matched = sizeLine.exec(line);
    if (matched === null) throw new WireFault('the size of a chunk is malformed');
    const size = Number.parseInt(matched[1]!, 16);
    this.#left = size + 2;
    this.#place = size === 0 ? 'trailer' : 'bytes';
  }

  /** Trailers are read and dropped: nothing in MCP uses them. */
  #trailer(line: string): void {
    this.#trailerBytes += line.length;
    if (this.#trailerBytes > longestTrailerBytes) throw new WireFault('its trailers are too long');
    if (line === '') this.#place = 'over';
  }
}
