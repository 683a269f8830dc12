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
}

export class MessageResponder implements Responder {
  readonly takesStreams = true;
  readonly #target: MessageTarget;
  /** JSON; undefined for what has no answer. */
  readonly #idText: string | undefined;
  readonly #cutter: SseCutter;
  #gone: (() => void) | undefined;
  isGone = false;

  constructor(target: MessageTarget, idText: string | undefined) {
    this.#target = target;
    this.#idText = idText;
    this.#cutter = new SseCutter((event) => {
      if (event.data !== undefined && event.data.length > 0) target.send(event.data);
    });
  }

  answer(status: number, headers: Headers, body: Uint8Array | undefined): void {
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
    this.#target.done?.();
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

const nothing = new Uint8Array(0);
