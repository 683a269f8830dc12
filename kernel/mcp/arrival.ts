/** How one request reached Helio, told lazily: most calls need little of it. */
import type { Arrival, JsonObject } from '../plugin.ts';
import type { ClientRequest } from './door.ts';
import { metaKeys, metaOf, type Era } from './era.ts';
import { headerOf } from './headers.ts';
import { isObject, type Message } from './messages.ts';
import { clientOf, type ClientSession } from './sessions.ts';

export class RequestArrival implements Arrival {
  readonly #request: ClientRequest;
  readonly #message: Message;
  readonly #session: ClientSession;
  readonly era: Era;
  readonly mcpSession: string | undefined;

  constructor(
    request: ClientRequest,
    message: Message,
    era: Era,
    session: ClientSession,
    mcpSession: string | undefined,
  ) {
    this.#request = request;
    this.#message = message;
    this.#session = session;
    this.era = era;
    this.mcpSession = request.clientSession ?? mcpSession ?? request.doorSession;
  }
  get door(): Arrival['door'] {
    return this.#request.door;
  }
  get peer(): string {
    return this.#request.peer;
  }
  header(name: string): string | undefined {
    return this.#request.door === 'stdio' ? undefined : headerOf(this.#request.headers, name.toLowerCase());
  }
  get meta(): JsonObject {
    return metaOf(this.#message.params);
  }
  get client(): Arrival['client'] {
    if (this.era === 'modern') return clientOf(this.meta[metaKeys.clientInfo]);
    return this.#message.method === 'initialize' ? clientOf(this.#message.params['clientInfo']) : this.#session.client;
  }
  get clientCapabilities(): JsonObject {
    if (this.era === 'legacy') return this.#session.capabilities;
    const told = this.meta[metaKeys.clientCapabilities];
    return isObject(told) ? told : {};
  }
  get requestState(): string | undefined {
    const state = this.#message.params['requestState'];
    return typeof state === 'string' ? state : undefined;
  }
  get inputResponses(): JsonObject | undefined {
    const responses = this.#message.params['inputResponses'];
    return isObject(responses) ? responses : undefined;
  }
}
