/** What the doors remember of the sessions that legacy upstreams gave out: never more than they need. */
import type { JsonObject } from '../plugin.ts';
import { isObject } from './messages.ts';
import type { Scanned } from './scan.ts';
import type { SseEvent } from './sse-events.ts';

/** A request whose answer has not been seen yet, on whatever stream of its session it will come. */
export interface OpenRequest {
  /**
   * The answer came as this event of some stream of the session: what to write there, now or once it is judged.
   * Undefined when nothing waits for it (any more).
   */
  landOnEvent(event: SseEvent, scanned: Scanned): Buffer | Promise<Buffer | undefined> | undefined;
  /** `notifications/cancelled`. True when the upstream never saw the request: then it must not see this either. */
  cancel(): boolean;
}

export class ClientSession {
  client: { readonly name: string; readonly version: string } | undefined;
  capabilities: JsonObject = Object.freeze({});
  /** By id key. */
  readonly open = new Map<string, OpenRequest>();
  /** Answers that were told, by event id: a resumed stream may repeat them (`undefined`: as the upstream sent it). */
  readonly answered = new Map<string, Buffer | undefined>();
  isKnown = false;

  remember(eventId: string, told: Buffer | undefined): void {
    this.answered.set(eventId, told);
    if (this.answered.size > repeatableAnswers) this.answered.delete(this.answered.keys().next().value!);
  }

  /** From the params of `initialize`. */
  introduce(params: JsonObject): void {
    this.client = clientOf(params['clientInfo']);
    const capabilities = params['capabilities'];
    if (isObject(capabilities)) this.capabilities = capabilities;
    this.isKnown = true;
  }
}

const repeatableAnswers = 32;
const maxSessions = 100_000;

export function clientOf(told: unknown): ClientSession['client'] {
  const { name, version } = (told ?? {}) as { name?: unknown; version?: unknown };
  return typeof name === 'string' ? { name, version: typeof version === 'string' ? version : '' } : undefined;
}

export class Sessions {
  readonly #byKey = new Map<string, ClientSession>();

  /** A request without a session has one of its own: nothing of it is ever found by another request. */
  of(upstream: string, id: string | undefined): ClientSession {
    if (id === undefined) return new ClientSession();
    const key = `${upstream}\n${id}`;
    const known = this.#byKey.get(key);
    if (known) return known;
    const session = new ClientSession();
    this.#byKey.set(key, session);
    if (this.#byKey.size > maxSessions) this.#forgetOldest();
    return session;
  }

  add(upstream: string, id: string, session: ClientSession): void {
    this.#byKey.set(`${upstream}\n${id}`, session);
  }

  /** Ended by DELETE or 404. Open requests keep their own reference. */
  drop(upstream: string, id: string): void {
    this.#byKey.delete(`${upstream}\n${id}`);
  }

  /** An id that no `initialize` gave out here leaves no trace once nothing is open. */
  release(upstream: string, id: string | undefined, session: ClientSession): void {
    if (id !== undefined && !session.isKnown && session.open.size === 0 && session.answered.size === 0)
      this.drop(upstream, id);
  }

  get size(): number {
    return this.#byKey.size;
  }

  #forgetOldest(): void {
    for (const [key, session] of this.#byKey) {
      if (session.open.size > 0) continue;
      this.#byKey.delete(key);
      return;
    }
  }
}
