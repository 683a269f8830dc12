/**
 * What every upstream looks like to the doors: one exchange of streamable HTTP, whatever the transport really is. An
 * adapter that is not HTTP makes up statuses, session ids and event streams, so that there is one path for all.
 */
import type { UpstreamView } from '../plugin.ts';
import type { Message } from './messages.ts';

/** Lower-case names; an array for a header that stands there several times. */
export interface Headers {
  [name: string]: string | string[] | undefined;
}

/** One request of a client on its way to the upstream. */
export interface Outgoing {
  readonly verb: 'POST' | 'GET' | 'DELETE';
  readonly era: 'legacy' | 'modern';
  /** The client's headers with lower-case names, before the adapter strips and adds. */
  readonly headers: Headers;
  /** Added last, in place of the client's: from `setHeader` of plugins. Undefined takes the client's away. */
  readonly extra?: ReadonlyMap<string, string | undefined>;
  /** Of a POST: what is sent, byte for byte, and what it says. */
  readonly bytes?: Uint8Array;
  readonly message?: Message;
  /** `Mcp-Session-Id` of the client. */
  readonly session: string | undefined;
}

/** How the upstream's side of the exchange is told. `head`, then chunks, then `end`; or `failed` at any point, once. */
export interface Receiver {
  head(status: number, headers: Headers): void;
  chunk(bytes: Buffer): void;
  end(): void;
  /** `sent: false`: provably not one byte of the request reached the upstream. */
  failed(reason: string, sent: boolean): void;
}

export interface Leg {
  /**
   * The client gave up or time is over. HTTP closes the connection and reports `failed`; a shared connection may go on
   * and still tell the answer after a legacy `disconnect`, which is no cancel.
   */
  abort(why: 'cancelled' | 'disconnected' | 'timeout'): void;
  pause(): void;
  resume(): void;
}

export interface Upstream {
  readonly name: string;
  /** Stands for all upstreams at once: only the relay knows what to do with it. */
  readonly isMerged?: true;
  readonly transport: UpstreamView['transport'];
  readonly timeoutMs: number;
  /** Of an HTTP upstream whose OAuth goes through (`auth: passthrough`). */
  readonly url?: string;
  exchange(outgoing: Outgoing, receiver: Receiver): Leg;
  view(): UpstreamView;
  /** Answers without the protocol, such as OAuth metadata; undefined when there is no such thing. */
  document?(path: string): Promise<UpstreamDocument | undefined>;
  /** Stops what it started: `now` fails the exchanges in flight, `when_idle` lets them finish. */
  close(when: 'now' | 'when_idle'): Promise<void>;
}

export interface UpstreamDocument {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}
