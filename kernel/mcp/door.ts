/** What a door hands to the relay, and how the relay talks back to the client. */
import type { Arrival } from '../plugin.ts';
import type { Headers, Upstream } from './upstream.ts';

/** One request of a client, in the shape of streamable HTTP whatever the door. */
export interface ClientRequest {
  readonly door: Arrival['door'];
  readonly verb: 'POST' | 'GET' | 'DELETE';
  /** Lower-case names, repeated ones joined with ", ". */
  readonly headers: Headers;
  /** Of a POST. */
  readonly body: Uint8Array;
  readonly peer: string;
  readonly upstream: Upstream;
  /** The client's own view of this door, for OAuth metadata: `http://127.0.0.1:3000/mcp`. */
  readonly publicUrl: string | undefined;
  /** The session as the client knows it, where the upstream's own is another one. */
  readonly clientSession?: string;
  /** The door's own session, for identity, where a connection is one client and the upstream names no session. */
  readonly doorSession?: string;
}

/** Where the answer of one request goes. Nothing is written after `isGone`. */
export interface Responder {
  /** Whether the client reads event streams. */
  readonly takesStreams: boolean;
  readonly isGone: boolean;
  /** One whole answer. `headers` without a length. */
  answer(status: number, headers: Headers, body: Uint8Array | undefined): void;
  /** Starts a stream: the head leaves at once. */
  begin(status: number, headers: Headers): void;
  /** False: stop feeding until `onDrain`. */
  write(bytes: Uint8Array): boolean;
  end(): void;
  onDrain(run: () => void): void;
  /** The client went away before the end. */
  onGone(run: () => void): void;
}
