/** What one client of the merged endpoint has open at each upstream. */
import type { JsonObject } from '../../plugin.ts';
import type { ClientRequest } from '../door.ts';
import { headerOf } from '../headers.ts';
import type { Relay } from '../relay.ts';
import type { Headers, Upstream } from '../upstream.ts';
import { collect, type Collected } from './collect.ts';

export type Part =
  | { readonly state: 'up'; readonly session: string | undefined; readonly result: JsonObject }
  | { readonly state: 'down'; readonly reason: string };

const initializeTimeoutMs = 10_000;
/** A part that was down is asked again at most this often. */
const askAgainMs = 5_000;

export class MergedSession {
  readonly id: string;
  readonly #initialize: Uint8Array;
  readonly #parts = new Map<string, { part: Part; triedAtMs: number }>();
  readonly #opening = new Map<string, Promise<Part>>();
  /** Which part has an open request of this client, by id key. */
  readonly routes = new Map<string, string>();

  constructor(id: string, initialize: Uint8Array) {
    this.id = id;
    this.#initialize = initialize;
  }

  known(name: string): Part | undefined {
    return this.#parts.get(name)?.part;
  }

  /** Opens the part's session when it is not open; a part that is down is tried again now and then. */
  open(relay: Relay, request: ClientRequest, upstream: Upstream): Promise<Part> {
    const { name } = upstream;
    const known = this.#parts.get(name);
    if (known && (known.part.state === 'up' || Date.now() - known.triedAtMs < askAgainMs))
      return Promise.resolve(known.part);
    let opening = this.#opening.get(name);
    if (!opening) {
      opening = this.#begin(relay, request, upstream).then((part) => {
        this.#opening.delete(name);
        this.#parts.set(name, { part, triedAtMs: Date.now() });
        return part;
      });
      this.#opening.set(name, opening);
    }
    return opening;
  }

  async #begin(relay: Relay, request: ClientRequest, upstream: Upstream): Promise<Part> {
    const headers = headersFor(request.headers, undefined);
    const told = await collect(
      relay,
      { ...request, verb: 'POST', upstream, headers, body: this.#initialize },
      initializeTimeoutMs,
    );
    if (told.answer?.kind !== 'result') return { state: 'down', reason: reasonOf(told) };
    const session = headerOf(told.headers, 'mcp-session-id');
    const isLate = this.#parts.has(upstream.name);
    // At the first time the client says so itself.
    if (isLate) await this.#initialized(relay, request, upstream, session);
    return { state: 'up', session, result: told.answer.value() as JsonObject };
  }

  async #initialized(
    relay: Relay,
    request: ClientRequest,
    upstream: Upstream,
    session: string | undefined,
  ): Promise<void> {
    const body = Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    await collect(
      relay,
      { ...request, verb: 'POST', upstream, headers: headersFor(request.headers, session), body },
      initializeTimeoutMs,
    );
  }
}

/** The client's headers with the session of one part in place of the merged one. */
export function headersFor(headers: Headers, session: string | undefined): Headers {
  const out: Headers = { ...headers };
  delete out['mcp-session-id'];
  if (session !== undefined) out['mcp-session-id'] = session;
  return out;
}

export function reasonOf(told: Collected): string {
  if (told.answer?.kind === 'error') {
    const { message } = told.answer.value() as { message?: unknown };
    if (typeof message === 'string') return message;
  }
  return told.status === 0 ? 'it did not answer in time' : `it answered HTTP ${told.status}`;
}
