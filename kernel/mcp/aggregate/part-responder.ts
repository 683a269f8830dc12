/** Passes one part's answer on to the client, with the names that the client knows. */
import type { Responder } from '../door.ts';
import { readStrict, writeJson } from '../json.ts';
import { isObject } from '../messages.ts';
import { withMember } from '../rewrite.ts';
import { scanMessage } from '../scan.ts';
import { messageEvent, SseCutter, type SseEvent } from '../sse-events.ts';
import type { Headers } from '../upstream.ts';
import { outwardResult } from './merge.ts';
import { outwardRequest, type Names } from './names.ts';

export interface PartView {
  readonly names: Names;
  readonly part: string;
  readonly method: string;
  /** The merged session, in place of the part's own. */
  readonly session: string | undefined;
}

export class PartResponder implements Responder {
  readonly #client: Responder;
  readonly #view: PartView;
  readonly #done: () => void;
  readonly #cutter: SseCutter;
  #hasRoom = true;

  constructor(client: Responder, view: PartView, done: () => void) {
    this.#client = client;
    this.#view = view;
    this.#done = done;
    this.#cutter = new SseCutter((event) => {
      const bytes = outwardEvent(event, view);
      if (bytes && !client.isGone) this.#hasRoom = client.write(bytes);
    });
  }
  get takesStreams(): boolean {
    return this.#client.takesStreams;
  }
  get isGone(): boolean {
    return this.#client.isGone;
  }
  answer(status: number, headers: Headers, body: Uint8Array | undefined): void {
    this.#done();
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
    this.#done();
    this.#client.end();
  }
  onDrain(run: () => void): void {
    this.#client.onDrain(run);
  }
  onGone(run: () => void): void {
    this.#client.onGone(() => {
      this.#done();
      run();
    });
  }
  #own(headers: Headers): Headers {
    if (headers['mcp-session-id'] === undefined) return headers;
    return { ...headers, 'mcp-session-id': this.#view.session };
  }
}

export function outwardEvent(event: SseEvent, view: PartView): Buffer | undefined {
  if (event.data === undefined || event.data.length === 0) return event.raw;
  const message = outwardMessage(event.data, view);
  return message === event.data ? event.raw : messageEvent(message, event.id);
}

/** The very same bytes when nothing in them has a name of the part's own. */
export function outwardMessage(bytes: Buffer, { names, part, method }: PartView): Buffer {
  const scanned = scanMessage(bytes);
  if (scanned === undefined) return bytes;
  const hasResources =
    scanned.answer?.kind === 'result' && (method === 'resources/read' || bytes.includes('"resource'));
  if (scanned.kind !== 'request' && scanned.method !== 'notifications/resources/updated' && !hasResources) return bytes;
  const read = readStrict(bytes);
  if (!read.ok || !isObject(read.value)) return bytes;
  if (scanned.kind === 'request') return Buffer.from(outwardRequest(part, read.value, scanned.id?.text ?? 'null'));
  if (hasResources) {
    const result = read.value['result'];
    return isObject(result)
      ? Buffer.from(withMember(read.value, 'result', writeJson(outwardResult(names, part, method, result))))
      : bytes;
  }
  const params = read.value['params'];
  if (!isObject(params) || typeof params['uri'] !== 'string') return bytes;
  return Buffer.from(
    withMember(read.value, 'params', withMember(params, 'uri', JSON.stringify(names.uri(part, params['uri'])))),
  );
}
