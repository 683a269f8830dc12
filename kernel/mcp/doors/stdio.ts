/** The stdio door: `helio stdio` in place of the server that a desktop client starts. One client, one session. */
import type { Readable, Writable } from 'node:stream';
import type { Log } from '../../plugin.ts';
import { errorBytes, isMessage, readMessage, rpcCode } from '../messages.ts';
import type { Relay } from '../relay.ts';
import type { Upstream } from '../upstream.ts';
import { LineCutter } from '../upstreams/lines.ts';
import { createMessageClient } from './message-client.ts';

export interface StdioDoorOptions {
  readonly relay: Relay;
  /** Read for every request: a reload may replace it. */
  readonly upstream: () => Upstream;
  readonly input: Readable;
  readonly output: Writable;
  readonly log: Log;
  readonly messageLimitBytes: number;
}

export interface StdioDoor {
  /** Resolves when the client closed its end and everything it asked was told or let go. */
  readonly closed: Promise<void>;
  /** The session that identity sees when the upstream gives none. */
  readonly session: string;
}

export function createStdioDoor(options: StdioDoorOptions): StdioDoor {
  const { relay, upstream, input, output, log, messageLimitBytes } = options;
  const send = (message: Uint8Array) => {
    if (message.length > 0) output.write(oneLine(message));
    return !output.writableNeedDrain;
  };
  const client = createMessageClient({
    relay,
    upstream,
    door: 'stdio',
    peer: 'stdio',
    target: { send, onDrain: (run) => void output.once('drain', run) },
  });
  const lines = new LineCutter(
    messageLimitBytes,
    (line) => client.take(line),
    () => {
      log.warn('a message was larger than listen.body_limit and was refused');
      send(
        errorBytes(
          'null',
          rpcCode.invalidRequest,
          `The message is larger than ${messageLimitBytes} bytes (listen.body_limit).`,
        ),
      );
    },
  );
  return { session: client.session, closed: untilClosed(input, output, lines).then(() => client.end()) };
}

/**
 * In place of the door when helio.yaml cannot be used: stays up and answers every request with the reason, so that the
 * host shows it and nothing gets through.
 */
export function createErrorDoor(input: Readable, output: Writable, reason: string): StdioDoor {
  const lines = new LineCutter(
    4 * 1024 * 1024,
    (line) => {
      const message = readMessage(line);
      const id = isMessage(message) && message.kind !== 'request' ? undefined : message.id;
      if (id) output.write(oneLine(errorBytes(id.text, rpcCode.internalError, reason)));
    },
    () => {},
  );
  return { session: 'none', closed: untilClosed(input, output, lines) };
}

function untilClosed(input: Readable, output: Writable, lines: LineCutter): Promise<void> {
  input.on('data', (chunk: Buffer) => lines.push(chunk));
  input.once('end', () => input.destroy());
  // The client is gone when nobody reads what it is told.
  output.on('error', () => input.destroy());
  return new Promise((done) => input.once('close', () => done()));
}

/** Line ends between tokens would end the message early; inside strings JSON has none. */
function oneLine(message: Uint8Array): Buffer {
  const line = Buffer.allocUnsafe(message.length + 1);
  for (let at = 0; at < message.length; at++)
    line[at] = message[at] === 0x0a || message[at] === 0x0d ? 0x20 : message[at]!;
  line[message.length] = 0x0a;
  return line;
}
