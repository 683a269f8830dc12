/**
 * The keep-alive connections to one HTTP/1.1 server. Why not a library: this client is on the path of every call
 * (docs/decisions/0012-own-upstream-client.md).
 */
import type { Headers } from '../../upstream.ts';
import { Connection, type WireReceiver } from './connection.ts';
import { createDial, type Dial } from './dial.ts';
import { writeHead } from './head.ts';

export interface WireRequest {
  readonly verb: string;
  readonly path: string;
  /** A flat list of lower-case names and values. `host`, `connection` and `content-length` are added. */
  readonly headers: readonly string[];
  readonly body: Uint8Array | undefined;
}

/** Servers that say nothing close idle connections after five seconds as a rule (Node does): Helio is first. */
const idleMs = 4_000;
/** A connection that the server is about to close is not used any more. */
const marginMs = 1_000;
const longestIdleMs = 60_000;
const sweepEveryMs = 1_000;

export class Connections {
  readonly #host: string;
  readonly #dial: Dial;
  readonly #connectTimeoutMs: number;
  readonly #all = new Set<Connection>();
  /** The one used last is used first, so that the others may close. */
  readonly #idle: Connection[] = [];
  readonly #whenEmpty: (() => void)[] = [];
  #sweep: NodeJS.Timeout | undefined;
  #isClosing = false;

  constructor(url: URL, connectTimeoutMs: number) {
    this.#host = url.host;
    this.#dial = createDial(url);
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  /** Never throws: what is wrong is told to the receiver. */
  send({ verb, path, headers, body }: WireRequest, receiver: WireReceiver): WireExchange {
    const exchange = new WireExchange(receiver);
    let head: string;
    try {
      head = writeHead(verb, path, this.#host, headers, body?.byteLength);
    } catch (error) {
      exchange.failed(error as Error);
      return exchange;
    }
    if (this.#isClosing) exchange.failed(new Error('the upstream was closed'));
    else {
      const idle = this.#takeIdle();
      if (idle === undefined) this.#connect(exchange, head, body);
      else exchange.begin(idle, head, body);
    }
    return exchange;
  }

  /** `now` fails what is under way, `when_idle` lets it finish. */
  close(when: 'now' | 'when_idle'): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#sweep);
    for (const connection of when === 'now' ? [...this.#all] : [...this.#idle]) connection.destroy();
    if (this.#all.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  #takeIdle(): Connection | undefined {
    const newest = this.#idle.pop();
    if (newest === undefined || newest.idleUntilMs > performance.now()) return newest;
    newest.destroy();
    return undefined; // the others are idle for longer still; the sweep closes them
  }

  #connect(exchange: WireExchange, head: string, body: Uint8Array | undefined): void {
    // One variable, because closures of one scope share what they hold: the connection would keep its first body.
    let opening: { exchange: WireExchange; head: string; body: Uint8Array | undefined } | undefined = {
      exchange,
      head,
      body,
    };
    const connection: Connection = new Connection(
      (read) =>
        this.#dial(read, () => {
          clearTimeout(timer);
          const first = opening;
          opening = undefined;
          if (first && !connection.isGone) first.exchange.begin(connection, first.head, first.body);
        }),
      (free) => this.#freed(free),
      (gone, error) => {
        clearTimeout(timer);
        this.#left(gone);
        const first = opening;
        opening = undefined;
        first?.exchange.failed(error);
      },
    );
    this.#all.add(connection);
    exchange.opens(connection);
    const timer = setTimeout(() => connection.destroy(tooSlow()), this.#connectTimeoutMs);
  }

  #freed(connection: Connection): void {
    const { keepAliveMs } = connection;
    const forMs = keepAliveMs === undefined ? idleMs : Math.min(keepAliveMs - marginMs, longestIdleMs);
    if (this.#isClosing || forMs <= 0) return connection.destroy();
    connection.idleUntilMs = performance.now() + forMs;
    this.#idle.push(connection);
    this.#sweep ??= setInterval(() => this.#closeStale(), sweepEveryMs).unref();
  }

  #closeStale(): void {
    const nowMs = performance.now();
    for (const connection of [...this.#idle]) if (connection.idleUntilMs <= nowMs) connection.destroy();
    if (this.#idle.length > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #left(connection: Connection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#all.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }
}

/** One request that was handed over. It lets go of its connection when it is over: that one serves others then. */
export class WireExchange implements WireReceiver {
  #receiver: WireReceiver | undefined;
  #connection: Connection | undefined;
  /** True once a byte of it may have reached the server. */
  wasSent = false;

  constructor(receiver: WireReceiver) {
    this.#receiver = receiver;
  }
  opens(connection: Connection): void {
    this.#connection = connection;
  }
  begin(connection: Connection, head: string, body: Uint8Array | undefined): void {
    this.#connection = connection;
    this.wasSent = true;
    connection.send(head, body, this);
  }

  head(status: number, headers: Headers): void {
    this.#receiver?.head(status, headers);
  }
  chunk(bytes: Buffer): void {
    this.#receiver?.chunk(bytes);
  }
  end(): void {
    this.#over()?.end();
  }
  failed(error: Error): void {
    this.#over()?.failed(error);
  }
  #over(): WireReceiver | undefined {
    const receiver = this.#receiver;
    this.#receiver = this.#connection = undefined;
    return receiver;
  }

  abort(error: Error): void {
    this.#connection?.destroy(error);
  }
  pause(): void {
    this.#connection?.pause();
  }
  resume(): void {
    this.#connection?.resume();
  }
}

function tooSlow(): Error {
  return Object.assign(new Error('the connection could not be opened in time'), { code: 'HELIO_CONNECT_TIMEOUT' });
}
