/** What a client asked of its session that lasts as long as the session: said again when it had to be opened anew. */
import type { JsonObject } from '../plugin.ts';

const mostSubscriptions = 1_000;
let asked = 0;

export interface Again {
  /** Of a request that only Helio makes. */
  readonly id: string;
  readonly method: string;
  readonly bytes: Buffer;
}

export class Lasting {
  #level: string | undefined;
  readonly #uris = new Set<string>();

  /** A request of the client on its way to the server. */
  note(method: string | undefined, { level, uri }: JsonObject): void {
    if (method === 'logging/setLevel' && typeof level === 'string') this.#level = level;
    if (typeof uri !== 'string') return;
    if (method === 'resources/unsubscribe') this.#uris.delete(uri);
    else if (method === 'resources/subscribe' && this.#uris.size < mostSubscriptions) this.#uris.add(uri);
  }

  /** The same requests for the new session. */
  again(): readonly Again[] {
    const subscriptions = [...this.#uris].map((uri) => request('resources/subscribe', { uri }));
    return this.#level === undefined
      ? subscriptions
      : [request('logging/setLevel', { level: this.#level }), ...subscriptions];
  }
}

function request(method: string, params: JsonObject): Again {
  const id = `helio-again-${++asked}`;
  return { id, method, bytes: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params })) };
}
