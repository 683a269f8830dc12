/** One keep-alive connection to an HTTP/1.1 server: one request, its answer, then the next. */
import type { Socket } from 'node:net';
import type { Headers } from '../../upstream.ts';
import { ChunkedBody } from './chunked.ts';
import { readHead, WireFault, type BodyLength } from './head.ts';

/** Told of one exchange: `head`, then chunks, then `end`; or `failed` at any point, once. */
export interface WireReceiver {
  head(status: number, headers: Headers): void;
  /** The receiver's own: never written to again. */
  chunk(bytes: Buffer): void;
  end(): void;
  failed(error: Error): void;
}

const longestHeadBytes = 64 * 1024;
/** A body of known length that is no stream is handed over in one piece up to here: it is copied once instead of twice. */
const gatheredBytes = 256 * 1024;
/** Up to here head and body leave in one buffer; a copy is cheaper than a second system call. */
const joinedBytes = 16 * 1024;
const endOfHead = Buffer.from('\r\n\r\n');
const nothing = Buffer.alloc(0);

export class Connection {
  readonly #socket: Socket;
  /** Called when it may take the next request, or is gone. */
  readonly #free: (connection: Connection) => void;
  readonly #gone: (connection: Connection, error: Error) => void;
  #receiver: WireReceiver | undefined;
  #place: 'head' | 'body' = 'head';
  #pending: Buffer = nothing;
  #left: BodyLength = 0;
  #chunked: ChunkedBody | undefined;
  #gathered: Buffer | undefined;
  #gatheredBytes = 0;
  #keepsAlive = true;
  #isPaused = false;
  #isGone = false;
  idleUntilMs = 0;
  /** What the server said in `Keep-Alive: timeout=5`; undefined when it said nothing. */
  keepAliveMs: number | undefined;

  /** `open` is given the function that takes what is read: bytes that the next read may overwrite. */
  constructor(
    open: (read: (bytes: Buffer) => void) => Socket,
    free: (connection: Connection) => void,
    gone: (connection: Connection, error: Error) => void,
  ) {
    const socket = open((bytes) => this.#read(bytes));
    this.#socket = socket;
    this.#free = free;
    this.#gone = gone;
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => this.#fall(error));
    socket.on('close', () => this.#fall(lost()));
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  send(head: string, body: Uint8Array | undefined, receiver: WireReceiver): void {
    this.#receiver = receiver;
    this.#place = 'head';
    const socket = this.#socket;
    if (body === undefined) return void socket.write(head, 'latin1');
    if (body.byteLength <= joinedBytes) {
      const joined = Buffer.allocUnsafe(head.length + body.byteLength);
      joined.write(head, 'latin1');
      joined.set(body, head.length);
      return void socket.write(joined);
    }
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }
  destroy(error?: Error): void {
    this.#fall(error ?? lost());
  }

  #read(bytes: Buffer): void {
    let rest = bytes;
    try {
      while (rest.length > 0 && !this.#isGone) {
        // Bytes that nobody asked for: whose answer they would be nobody can say.
        if (this.#receiver === undefined) throw new WireFault('it sent more than one answer');
        rest = this.#place === 'head' ? this.#head(rest) : this.#body(rest);
      }
    } catch (fault) {
      this.#fall(fault as Error);
    }
  }

  #head(bytes: Buffer): Buffer {
    const all = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    // What was there before holds no end, but may hold its beginning.
    const end = all.indexOf(endOfHead, Math.max(0, this.#pending.length - 3));
    if (end < 0) {
      if (all.length > longestHeadBytes) throw new WireFault('its head is too long');
      this.#pending = all === bytes ? Buffer.from(bytes) : all;
      return nothing;
    }
    this.#pending = nothing;
    const { status, headers, bodyLength, keepsAlive } = readHead(all.toString('latin1', 0, end));
    const rest = all.subarray(end + endOfHead.length);
    if (status === 101) throw new WireFault('it switched the protocol without being asked');
    if (status < 200) return rest;
    this.#place = 'body';
    this.#left = bodyLength;
    this.#keepsAlive = keepsAlive;
    this.keepAliveMs = keepsAlive ? keepAliveOf(headers) : undefined;
    this.#chunked = bodyLength === 'chunked' ? new ChunkedBody() : undefined;
    this.#receiver!.head(status, headers);
    return bodyLength === 0 ? this.#end(rest) : rest;
  }

  #body(bytes: Buffer): Buffer {
    const receiver = this.#receiver!;
    if (this.#left === 'until_close') {
      receiver.chunk(Buffer.from(bytes));
      return nothing;
    }
    if (this.#left === 'chunked') {
      const used = this.#chunked!.push(bytes, (body) => receiver.chunk(Buffer.from(body)));
      const rest = bytes.subarray(used);
      return this.#chunked!.isOver ? this.#end(rest) : rest;
    }
    const mine = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#gather(mine, this.#left, receiver);
    this.#left -= mine.length;
    const rest = bytes.subarray(mine.length);
    return this.#left === 0 ? this.#end(rest) : rest;
  }

  #gather(bytes: Buffer, left: number, receiver: WireReceiver): void {
    if (this.#gathered === undefined) {
      if (bytes.length === left || left > gatheredBytes) return receiver.chunk(Buffer.from(bytes));
      this.#gathered = Buffer.allocUnsafeSlow(left);
      this.#gatheredBytes = 0;
    }
    this.#gathered.set(bytes, this.#gatheredBytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes < this.#gathered.length) return;
    const whole = this.#gathered;
    this.#gathered = undefined;
    receiver.chunk(whole);
  }

  #end(rest: Buffer): Buffer {
    if (this.#isGone) return nothing; // the receiver gave up while it was told: nobody may be given this one
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.resume(); // who paused it is gone; the next answer must be read
    // Not used again after bytes that belong to no answer, nor when the request was not written to its end.
    if (!this.#keepsAlive || rest.length > 0 || this.#socket.writableLength > 0) this.#fall(lost());
    else this.#free(this);
    receiver?.end();
    return nothing;
  }

  /** The server closed its side: the end of an answer without a length, else of the connection. */
  #ended(): void {
    if (this.#receiver && this.#place === 'body' && this.#left === 'until_close') this.#end(nothing);
    else this.#fall(lost());
  }

  #fall(error: Error): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#socket.destroy();
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#pending = nothing;
    this.#gathered = undefined;
    this.#gone(this, error);
    receiver?.failed(error);
  }
}

function lost(): Error {
  return Object.assign(new Error('the connection was lost'), { code: 'ECONNRESET' });
}

/** RFC 2068, section 19.7.1: seconds for which the server keeps an idle connection. */
function keepAliveOf(headers: Headers): number | undefined {
  const matched = /\btimeout=(\d{1,5})\b/i.exec(String(headers['keep-alive'] ?? ''));
  return matched === null ? undefined : Number(matched[1]) * 1_000;
}
