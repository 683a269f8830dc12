/** Keeps a client's connection alive while a person is being asked (MCP: progress resets a client's timeout). */
import type { JsonObject } from '../plugin.ts';
import { metaOf } from './era.ts';
import { exactText } from './json.ts';
import { messageEvent, type SseEvent } from './sse-events.ts';

/** Quick decisions keep the plain answer; after this the stream begins. */
const graceMs = 1_500;
/** Below the idle limits that were seen: 30 s and up. */
const everyMs = 12_000;
/** Some clients give a call five seconds, and go on as long as progress comes: for the first half minute it comes often. */
const earlyEveryMs = 2_000;
const earlyBeats = 15;
const comment = Buffer.from(': waiting\n\n');

export class KeepAlive {
  readonly #write: (bytes: Buffer) => void;
  /** JSON text: a token goes back in the type that it came in. */
  readonly #token: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #message = '';
  #progress = 0;
  #beats = 0;
  #isForwarded = false;

  constructor(params: JsonObject, write: (bytes: Buffer) => void) {
    this.#write = write;
    const meta = metaOf(params);
    const token = meta['progressToken'];
    if (typeof token === 'string') this.#token = JSON.stringify(token);
    else if (typeof token === 'number') this.#token = exactText(meta, 'progressToken') ?? String(token);
  }

  say(message: string): void {
    this.#message = message;
    this.#timer ??= setTimeout(() => this.#beat(), graceMs);
  }

  forwarded(): void {
    this.#isForwarded = true;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #beat(): void {
    this.#timer = setTimeout(() => this.#beat(), this.#beats++ < earlyBeats ? earlyEveryMs : everyMs);
    if (this.#token === undefined || this.#isForwarded) return this.#write(comment);
    this.#progress++;
    this.#write(
      messageEvent(this.#notification(`"progress":${this.#progress},"message":${JSON.stringify(this.#message)}`)),
    );
  }

  #notification(members: string): Buffer {
    return Buffer.from(
      `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${this.#token},${members}}}`,
    );
  }

  /** Progress must grow (MCP, progress): the upstream's counts on from ours. Undefined: leave the event as it is. */
  shift(event: SseEvent): Buffer | undefined {
    if (this.#progress === 0) return undefined;
    try {
      const message = JSON.parse(event.data!.toString()) as {
        params: { progressToken: unknown; progress: number; total?: number };
      };
      const { params } = message;
      if (JSON.stringify(params.progressToken) !== this.#token) return undefined;
      params.progress += this.#progress;
      if (params.total !== undefined) params.total += this.#progress;
      return messageEvent(Buffer.from(JSON.stringify(message)), event.id);
    } catch {
      return undefined;
    }
  }
}
