/** For doors that carry single messages: turns whatever the relay answers into messages, and HTTP refusals into errors. */
import type { Responder } from '../door.ts';
import { headerOf } from '../headers.ts';
import { errorBytes, rpcCode } from '../messages.ts';
import { scanMessage } from '../scan.ts';
import { SseCutter } from '../sse-events.ts';
import type { Headers } from '../upstream.ts';

export interface MessageTarget {
  /** False: stop feeding until `onDrain`. */
  send(message: Uint8Array): boolean;
  onDrain(run: () => void): void;
  /** The head of the answer, before anything of it is sent. */
  head?(status: number, headers: Headers): void;
  /** Nothing more comes for this request. */
  done?(): void;
  /** The upstream forgot its session (HTTP 404) and did nothing. `tell` hands its refusal to the client. */
  lost?: ((tell: () => void) => void) | undefined;
  /** The stream ended before the answer; the upstream goes on with it where a GET resumes it (SEP-1699). */
  resume?: ((lastEventId: string, delayMs: number) => void) | undefined;
}

/** Until a server says otherwise by `retry:`. */
const resumeDelayMs = 500;
const longestResumeDelayMs = 60_000;

export class MessageResponder implements Responder {
  readonly takesStreams = true;
  readonly #target: MessageTarget;
  /** JSON; undefined for what has no answer. */
  readonly #idText: string | undefined;
  readonly #cutter: SseCutter;
  #gone: (() => void) | undefined;
  #isTold = false;
  #resumeDelayMs = resumeDelayMs;
  /** Of the stream. */
  lastEventId: string | undefined;
  isGone = false;

  constructor(target: MessageTarget, idText: string | undefined) {
    this.#target = target;
    this.#idText = idText;
    this.#cutter = new SseCutter((event) => {
      if (event.id !== undefined) this.lastEventId = event.id;
      if (event.data === undefined || event.data.length === 0) return this.#learnDelay(event.raw);
      if (this.lastEventId !== undefined && idText !== undefined) this.#isTold ||= isAnswer(event.data);
      target.send(event.data);
    });
  }

  answer(status: number, headers: Headers, body: Uint8Array | undefined): void {
    if (this.isGone) return;
    const { lost } = this.#target;
    if (status === 404 && lost) return lost(() => this.#tell(status, headers, body));
    this.#tell(status, headers, body);
  }

  #tell(status: number, headers: Headers, body: Uint8Array | undefined): void {
    if (this.isGone) return;
    this.#target.head?.(status, headers);
    if (this.#idText !== undefined) this.#target.send(this.#fit(status, headers, body));
    this.#target.done?.();
  }

  begin(status: number, headers: Headers): void {
    this.#target.head?.(status, headers);
  }

  write(bytes: Uint8Array): boolean {
    this.#cutter.push(bytes);
    return this.#target.send(nothing); // an empty message is none: it only asks whether there is room
  }

  end(): void {
    const { resume, done } = this.#target;
    const isUnanswered = this.#idText !== undefined && !this.#isTold && this.lastEventId !== undefined;
    if (isUnanswered && resume && !this.isGone) resume(this.lastEventId!, this.#resumeDelayMs);
    else done?.();
  }

  #learnDelay(raw: Buffer): void {
    const told = /^retry: ?(\d{1,9})$/m.exec(raw.toString('latin1'));
    if (told) this.#resumeDelayMs = Math.min(Number(told[1]), longestResumeDelayMs);
  }

  onDrain(run: () => void): void {
    this.#target.onDrain(run);
  }

  onGone(run: () => void): void {
    this.#gone = run;
  }

  /** The client is gone, or cancelled this request where that is the same. */
  leave(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.#gone?.();
  }

  /** A body that is the answer itself, or an error that says what HTTP would have said. */
  #fit(status: number, headers: Headers, body: Uint8Array | undefined): Uint8Array {
    const scanned = body && body.length > 0 ? scanMessage(body) : undefined;
    if (scanned?.answer && scanned.id !== undefined) return body!;
    const told =
      scanned?.answer?.kind === 'error' ? (scanned.answer.value() as { code?: number; message?: string }) : undefined;
    const challenge = status === 401 ? headerOf(headers, 'www-authenticate') : undefined;
    const message =
      told?.message ?? `The upstream answered HTTP ${status}${challenge === undefined ? '' : ` (${challenge})`}.`;
    return errorBytes(this.#idText!, told?.code ?? rpcCode.internalError, message, { status });
  }
}

function isAnswer(message: Buffer): boolean {
  return scanMessage(message)?.kind === 'answer';
}

const nothing = new Uint8Array(0);
