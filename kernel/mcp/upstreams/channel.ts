/** A connection that carries single messages both ways: a child's pipes, or a legacy sse connection. */

export interface Channel {
  /** `failed` is told when the message provably did not leave. */
  send(message: Uint8Array, failed?: (reason: string) => void): void;
  /** Ends it; `closed` is not told any more. */
  close(): Promise<void>;
}

export interface ChannelEvents {
  message(bytes: Buffer): void;
  /** It is over; nothing more comes. */
  closed(reason: string): void;
}

export type OpenChannel = (events: ChannelEvents) => Channel;
