/** One client's stream that carries the news of several upstreams: each is opened anew when it ends, the client's stays. */
import type { Answer } from '../../plugin.ts';
import type { ClientRequest, Responder } from '../door.ts';
import { rpcCode } from '../messages.ts';
import type { Relay } from '../relay.ts';
import { scanMessage } from '../scan.ts';
import { SseCutter, type SseEvent } from '../sse-events.ts';
import type { Headers } from '../upstream.ts';
import type { PartView } from './outward.ts';

export interface PartStream {
  readonly request: ClientRequest;
  readonly view: PartView;
}

/** How one part's stream came to its end. */
export type PartEnd = 'ended' | 'refused' | 'lost';

export interface MergedStreamOptions {
  readonly relay: Relay;
  readonly client: Responder;
  /** What to ask one part for; undefined when it is not open. */
  open(part: string): PartStream | undefined;
  /** The bytes for the client; undefined: nothing. */
  event(event: SseEvent, view: PartView): Buffer | undefined;
  /**
   * The stream of a part is over. `lost`: it knows the session no more. `refused`: it has no such stream. True: open it
   * again in a while.
   */
  over(part: string, end: PartEnd): boolean;
  /** Nothing more is said: the client went away, or it was ended from here. */
  gone(): void;
}

export const streamHeaders: Headers = Object.freeze({
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
});
const keepAliveEveryMs = 15_000;
const comment = Buffer.from(': keep-alive\n\n');
const firstDelayMs = 500;
const longestDelayMs = 30_000;
/** A stream that held this long starts the count anew. */
const steadyMs = 5_000;

interface Line {
  leave: () => void;
  drained: () => void;
  delayMs: number;
  retry: NodeJS.Timeout | undefined;
  isOpen: boolean;
}

export class MergedStream {
  readonly #options: MergedStreamOptions;
  readonly #lines = new Map<string, Line>();
  readonly #beat: NodeJS.Timeout;
  #isOver = false;

  constructor(options: MergedStreamOptions) {
    this.#options = options;
    const { client } = options;
    this.#beat = setInterval(() => this.isOpen && client.write(comment), keepAliveEveryMs);
    this.#beat.unref();
    client.onGone(() => this.close());
    client.onDrain(() => this.#lines.forEach((line) => line.drained()));
  }

  /** The head has left: there may be nothing to say for long. */
  isOpen = false;

  begin(headers: Headers): void {
    if (this.isOpen || this.#options.client.isGone) return;
    this.isOpen = true;
    this.#options.client.begin(200, { ...streamHeaders, ...headers });
  }

  write(bytes: Buffer): boolean {
    return this.#options.client.isGone ? true : this.#options.client.write(bytes);
  }

  /** Opens the stream of a part, unless it is open. */
  add(part: string): void {
    if (this.#isOver) return;
    const known = this.#lines.get(part);
    if (known?.isOpen) return;
    clearTimeout(known?.retry);
    const stream = this.#options.open(part);
    if (stream === undefined) return;
    const line: Line = {
      leave() {},
      drained() {},
      delayMs: known?.delayMs ?? firstDelayMs,
      retry: undefined,
      isOpen: true,
    };
    this.#lines.set(part, line);
    this.#openLine(part, line, stream);
  }

  /** Ends it from this side. */
  end(): void {
    if (this.#isOver) return;
    this.close();
    if (!this.#options.client.isGone) this.#options.client.end();
  }

  #openLine(part: string, line: Line, { request, view }: PartStream): void {
    const { relay, client, event } = this.#options;
    let hasRoom = true;
    const openedAtMs = Date.now();
    const cutter = new SseCutter((one) => {
      const bytes = client.isGone ? undefined : event(one, view);
      if (bytes) hasRoom = client.write(bytes);
    });
    const over = (end: PartEnd) => {
      if (!line.isOpen) return;
      line.isOpen = false;
      if (this.#isOver || !this.#options.over(part, end)) return;
      if (Date.now() - openedAtMs > steadyMs) line.delayMs = firstDelayMs;
      line.retry = setTimeout(() => this.add(part), line.delayMs);
      line.retry.unref();
      line.delayMs = Math.min(line.delayMs * 2, longestDelayMs);
    };
    relay.take(request, {
      takesStreams: true,
      get isGone() {
        return client.isGone || !line.isOpen;
      },
      answer: (status, _headers, body) => over(endOf(status, body)),
      begin() {},
      write(bytes) {
        hasRoom = true;
        cutter.push(bytes);
        return hasRoom;
      },
      end: () => over('ended'),
      onDrain: (run) => void (line.drained = run),
      onGone: (run) => void (line.leave = run),
    });
  }

  /** Lets go of all parts. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#beat);
    for (const line of this.#lines.values()) {
      clearTimeout(line.retry);
      const wasOpen = line.isOpen;
      line.isOpen = false;
      if (wasOpen) line.leave();
    }
    this.#options.gone();
  }
}

/** 409: the server still holds the stream that was there before. */
function endOf(status: number, body: Uint8Array | undefined): PartEnd {
  if (status === 404) return 'lost';
  if (body !== undefined && body.length > 0 && isNoSuchMethod(scanMessage(body)?.answer)) return 'refused';
  return status >= 500 || status === 409 || status === 429 || status < 300 ? 'ended' : 'refused';
}

export function isNoSuchMethod(answer: Answer | undefined): boolean {
  if (answer?.kind !== 'error') return false;
  return (answer.value() as { code?: unknown } | null)?.code === rpcCode.methodNotFound;
}
