/** What one client of the merged endpoint has open at each upstream. */
import type { JsonObject } from '../../plugin.ts';
import type { ClientRequest } from '../door.ts';
import { headerOf } from '../headers.ts';
import { Lasting } from '../lasting.ts';
import { isObject } from '../messages.ts';
import type { Relay } from '../relay.ts';
import type { Headers, Upstream } from '../upstream.ts';
import { collect, type Collected } from './collect.ts';
import type { Standing } from './standing.ts';

export interface OpenPart {
  readonly state: 'up';
  readonly session: string | undefined;
  readonly result: JsonObject;
}
export interface ClosedPart {
  readonly state: 'down';
  readonly reason: string;
  /** It is silent, for everybody; else it only refused this client. */
  readonly isAway: boolean;
}
export type Part = OpenPart | ClosedPart;

const initializeTimeoutMs = 10_000;
/** A part that was down is asked again at most this often. */
const askAgainMs = 5_000;
const initialized = Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}');

export class MergedSession {
  readonly id: string;
  readonly #initialize: Uint8Array;
  readonly #parts = new Map<string, { part: Part; triedAtMs: number }>();
  readonly #opening = new Map<string, Promise<Part>>();
  readonly #lasting = new Map<string, Lasting>();
  /** Which part has an open request of this client, by id key. */
  readonly routes = new Map<string, string>();
  /** The client's own `notifications/initialized` came. */
  isInitialized = false;
  /** The client's GET. */
  stream: Standing | undefined;

  constructor(id: string, initialize: Uint8Array) {
    this.id = id;
    this.#initialize = initialize;
  }

  known(name: string): Part | undefined {
    return this.#parts.get(name)?.part;
  }

  lastingOf(name: string): Lasting {
    let lasting = this.#lasting.get(name);
    if (!lasting) this.#lasting.set(name, (lasting = new Lasting()));
    return lasting;
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
        if (part.state === 'up' && this.isInitialized) this.stream?.back(name);
        return part;
      });
      this.#opening.set(name, opening);
    }
    return opening;
  }

  /** The part said that it knows this session no more, or answers again: the next request opens another. */
  forget(name: string, session?: string): void {
    const part = this.known(name);
    if (part === undefined || (part.state === 'up' && part.session !== session)) return;
    this.#parts.delete(name);
  }

  async #begin(relay: Relay, request: ClientRequest, upstream: Upstream): Promise<Part> {
    const own = { ...request, verb: 'POST', upstream } as const;
    const headers = headersFor(request.headers, undefined);
    delete headers['last-event-id'];
    const told = await collect(relay, { ...own, headers, body: this.#initialize }, initializeTimeoutMs);
    if (told.answer?.kind !== 'result')
      return { state: 'down', reason: reasonOf(told), isAway: isAway(told, upstream) };
    const result = told.answer.value() as JsonObject;
    const part: OpenPart = { state: 'up', session: headerOf(told.headers, 'mcp-session-id'), result };
    // Before that the client says so itself.
    if (this.isInitialized) await this.#catchUp(relay, { ...own, headers: headersFor(headers, part) }, part);
    return part;
  }

  /** A session that is opened late, or anew, learns what the client said before. */
  async #catchUp(relay: Relay, own: ClientRequest, { result }: OpenPart): Promise<void> {
    await collect(relay, { ...own, body: initialized }, initializeTimeoutMs);
    const capabilities = isObject(result['capabilities']) ? result['capabilities'] : {};
    for (const { method, bytes } of this.lastingOf(own.upstream.name).again()) {
      const capability = method === 'logging/setLevel' ? 'logging' : 'resources';
      if (capabilities[capability] !== undefined) await collect(relay, { ...own, body: bytes }, initializeTimeoutMs);
    }
  }
}

/** The client's headers with the session of one part in place of the merged one, and the version that it agreed on. */
export function headersFor(headers: Headers, part: Part | undefined): Headers {
  const out: Headers = { ...headers };
  delete out['mcp-session-id'];
  if (part?.state !== 'up') return out;
  if (part.session !== undefined) out['mcp-session-id'] = part.session;
  const version = part.result['protocolVersion'];
  if (out['mcp-protocol-version'] !== undefined && typeof version === 'string') out['mcp-protocol-version'] = version;
  return out;
}

export function reasonOf(told: Collected): string {
  if (told.answer?.kind === 'error') {
    const { message } = told.answer.value() as { message?: unknown };
    if (typeof message === 'string') return message;
  }
  return told.status === 0 ? 'it did not answer in time' : `it answered HTTP ${told.status}`;
}

/** No answer in time, or none at all: what an upstream refuses, it is there to refuse. */
export function isAway(told: Collected, upstream: Upstream): boolean {
  return told.status === 0 || (told.answer?.kind !== 'result' && upstream.view().state === 'down');
}
