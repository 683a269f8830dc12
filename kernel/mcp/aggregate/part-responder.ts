/** Passes one part's answer on to the client, with the names that the client knows. */
import type { Responder } from '../door.ts';
import { SseCutter } from '../sse-events.ts';
import type { Headers } from '../upstream.ts';
import { outwardEventId } from './event-ids.ts';
import { outwardEvent, outwardMessage, type PartView } from './outward.ts';

export interface PartEnds {
  /** Nothing more comes. */
  done(): void;
  /** The part forgot its session, and did not carry out the request. Left out: the client is told. */
  lost?: (() => void) | undefined;
}

export class PartResponder implements Responder {
  readonly #client: Responder;
  readonly #view: PartView;
  readonly #ends: PartEnds;
  readonly #cutter: SseCutter;
  #hasRoom = true;

  constructor(client: Responder, view: PartView, ends: PartEnds) {
    this.#client = client;
    this.#view = view;
    this.#ends = ends;
    this.#cutter = new SseCutter((event) => {
      const id = event.id === undefined ? undefined : outwardEventId(view.part, event.id);
      if (!client.isGone) this.#hasRoom = client.write(outwardEvent(event, view, id));
    });
  }
  get takesStreams(): boolean {
    return this.#client.takesStreams;
  }
  get isGone(): boolean {
    return this.#client.isGone;
  }
  answer(status: number, headers: Headers, body: Uint8Array | undefined): void {
    if (status === 404 && this.#ends.lost) return this.#ends.lost();
    this.#ends.done();
    const message = body && body.length > 0 ? outwardMessage(Buffer.from(body), this.#view) : body;
    this.#client.answer(status, this.#own(headers), message);
  }
  begin(status: number, headers: Headers): void {
    this.#client.begin(status, this.#own(headers));
  }
  write(bytes: Uint8Array): boolean {
    this.#hasRoom = true;
    this.#cutter.push(bytes);
    return this.#hasRoom;
  }
  end(): void {
    this.#ends.done();
    this.#client.end();
  }
  onDrain(run: () => void): void {
    this.#client.onDrain(run);
  }
  onGone(run: () => void): void {
    this.#client.onGone(() => {
      this.#ends.done();
      run();
    });
  }
  #own(headers: Headers): Headers {
    if (headers['mcp-session-id'] === undefined) return headers;
    return { ...headers, 'mcp-session-id': this.#view.session };
  }
}
