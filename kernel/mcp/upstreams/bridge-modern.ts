/**
 * One connection for all modern clients (MCP 2026-07-28 has no sessions): request ids, progress tokens and subscription
 * ids are rewritten, so that nobody can meet another's. Helio opens it with its own `server/discover`, because many
 * servers pin their era by the first message.
 */
import type { Log } from '../../plugin.ts';
import { envelopeFault, firstModernVersion, metaKeys, metaOf } from '../era.ts';
import { readStrict } from '../json.ts';
import { errorBytes, isObject, rpcCode, type Message } from '../messages.ts';
import type { OwnIdentity } from '../own-client.ts';
import { withMember } from '../rewrite.ts';
import { scanMessage, withId, type Scanned } from '../scan.ts';
import type { Leg, Outgoing, Receiver } from '../upstream.ts';
import { Backlog } from './backlog.ts';
import type { Channel, OpenChannel } from './channel.ts';
import { progressTokenOf, renumbered, reread, restoreSubscription, statusOf, tokenTextOf } from './renumber.ts';
import { idleLeg, plainReply, Reply } from './reply.ts';

export interface BridgeModernOptions {
  readonly upstream: string;
  readonly open: OpenChannel;
  readonly log: Log;
  readonly self: OwnIdentity;
  readonly seen: (up: boolean, detail: string) => void;
  readonly onNewConnection: () => void;
  readonly toolsChanged: () => void;
}

interface Pending {
  readonly reply: Reply;
  readonly idText: string;
  /** JSON; undefined when the client gave none. */
  readonly tokenText: string | undefined;
  readonly isListen: boolean;
}

interface Waiting {
  readonly send: () => void;
  readonly unsupported: () => void;
  readonly failed: (reason: string) => void;
}

type State = 'idle' | 'opening' | 'ready' | 'unsupported';

const probeTimeoutMs = 15_000;
const probeId = 0;
const firstDelayMs = 200;
const longestDelayMs = 30_000;
const steadyMs = 10_000;
/** A server that did not answer the probe may only have been slow. */
const askAgainMs = 60_000;

export class BridgeModern {
  readonly #options: BridgeModernOptions;
  readonly #pending = new Map<number, Pending>();
  #state: State = 'idle';
  #channel: Channel | undefined;
  readonly #waiting = new Backlog<Waiting>();
  #nextId = probeId;
  /** From the upstream's own answer to server/discover. */
  #versions: readonly string[] = [];
  #openedAtMs = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: BridgeModernOptions) {
    this.#options = options;
  }

  exchange(outgoing: Outgoing, receiver: Receiver): Leg {
    const reply = new Reply(receiver);
    const message = outgoing.bytes === outgoing.message!.bytes ? outgoing.message! : reread(outgoing.bytes!);
    if (message.kind !== 'request') return this.#notify(receiver, message);
    const idText = message.id!.text;
    const fault = envelopeFault(message);
    if (fault !== undefined) {
      plainReply(receiver, 400, errorBytes(idText, rpcCode.invalidParams, fault));
      return idleLeg;
    }
    const id = ++this.#nextId;
    const send = () => {
      if (reply.isOver) return;
      const requested = metaOf(message.params)[metaKeys.protocolVersion] as string;
      if (!this.#versions.includes(requested)) {
        const data = { supported: this.#versions, requested };
        return reply.answer(
          400,
          errorBytes(idText, rpcCode.unsupportedVersion, `Unsupported protocol version: ${requested}`, data),
        );
      }
      const tokenText = tokenTextOf(message.params);
      this.#pending.set(id, { reply, idText, tokenText, isListen: message.method === 'subscriptions/listen' });
      this.#channel!.send(Buffer.from(renumbered(message, id, tokenText !== undefined)), (reason) => {
        this.#pending.delete(id);
        reply.failed(reason, false);
      });
    };
    const unsupported = () =>
      reply.answer(
        404,
        errorBytes(
          idText,
          rpcCode.methodNotFound,
          `Method not found: the upstream does not speak MCP ${firstModernVersion}`,
        ),
      );
    this.#whenReady({ send, unsupported, failed: (reason) => reply.failed(reason, false) });
    return {
      pause: () => reply.pause(),
      resume: () => reply.resume(),
      abort: (why) => {
        if (this.#pending.delete(id)) {
          const reason = why === 'timeout' ? 'no answer came in time' : 'the client closed the request';
          this.#channel?.send(
            Buffer.from(
              `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id},"reason":"${reason}"}}`,
            ),
          );
        }
        reply.failed(why, true);
      },
    };
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  keepAlive(): void {
    for (const { reply, isListen } of this.#pending.values()) if (isListen) reply.keepAlive();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#failAll('the upstream was closed');
    await this.#channel?.close();
  }

  #notify(receiver: Receiver, message: Message): Leg {
    const told = (status: number) =>
      queueMicrotask(() => {
        receiver.head(status, {});
        receiver.end();
      });
    // There are none in this era that a client could send over HTTP; one that comes is nobody's business but the server's.
    if (message.kind === 'notification' && message.method !== 'notifications/cancelled' && this.#state === 'ready')
      this.#channel!.send(message.bytes);
    told(message.kind === 'response' ? 400 : 202);
    return idleLeg;
  }

  #whenReady(one: Waiting): void {
    if (this.#isClosed) return void queueMicrotask(() => one.failed('the upstream was closed'));
    if (this.#state === 'ready') return one.send();
    if (this.#state === 'unsupported') return void queueMicrotask(one.unsupported);
    if (!this.#waiting.add(one)) return void queueMicrotask(() => one.failed('the upstream is being started'));
    if (this.#state === 'opening') return;
    this.#state = 'opening';
    const delayMs = this.#failures === 0 ? 0 : Math.min(firstDelayMs * 2 ** (this.#failures - 1), longestDelayMs);
    const earliestMs = this.#openedAtMs + delayMs;
    this.#timer = setTimeout(() => this.#connect(), Math.max(0, earliestMs - Date.now()));
  }

  #connect(): void {
    if (this.#isClosed) return;
    this.#openedAtMs = Date.now();
    const channel: Channel = this.#options.open({
      message: (bytes) => this.#channel === channel && this.#take(bytes),
      closed: (reason) => queueMicrotask(() => this.#channel === channel && this.#lost(reason)),
    });
    this.#channel = channel;
    const meta = {
      [metaKeys.protocolVersion]: firstModernVersion,
      [metaKeys.clientInfo]: { ...this.#options.self },
      [metaKeys.clientCapabilities]: {},
    };
    channel.send(
      Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: probeId, method: 'server/discover', params: { _meta: meta } })),
    );
    this.#timer = setTimeout(() => {
      this.#unsupported('it did not answer server/discover in time');
      const again = setTimeout(() => (this.#state = this.#state === 'unsupported' ? 'idle' : this.#state), askAgainMs);
      again.unref();
    }, probeTimeoutMs);
  }

  #probed(scanned: Scanned): void {
    clearTimeout(this.#timer);
    if (scanned.answer!.kind !== 'result') return this.#unsupported('it refused server/discover');
    const { supportedVersions } = scanned.answer!.value() as { supportedVersions?: unknown };
    this.#versions = Array.isArray(supportedVersions)
      ? supportedVersions.filter((version) => typeof version === 'string')
      : [firstModernVersion];
    this.#state = 'ready';
    this.#options.seen(true, `connected, speaks ${firstModernVersion}`);
    this.#options.onNewConnection();
    for (const one of this.#waiting.takeAll()) one.send();
  }

  #unsupported(why: string): void {
    this.#options.log.info(`an upstream does not speak MCP ${firstModernVersion}`, {
      upstream: this.#options.upstream,
      why,
    });
    this.#state = 'unsupported';
    const channel = this.#channel;
    this.#channel = undefined;
    void channel?.close();
    for (const one of this.#waiting.takeAll()) one.unsupported();
  }

  #lost(reason: string): void {
    clearTimeout(this.#timer);
    const { log, upstream, seen } = this.#options;
    // Some servers end on whatever is not `initialize`.
    if (this.#state === 'opening' && /ended with code/.test(reason))
      return this.#unsupported(`${reason} after server/discover`);
    this.#channel = undefined;
    this.#state = 'idle';
    seen(false, reason);
    log.warn('the connection to an upstream was lost', { upstream, reason });
    this.#failures = Date.now() - this.#openedAtMs > steadyMs ? 1 : this.#failures + 1;
    this.#failAll(reason);
  }

  #failAll(reason: string): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reply } of pending) reply.failed(reason, true);
    for (const one of this.#waiting.takeAll()) one.failed(reason);
  }

  // -- What the upstream says -------------------------------------------------------------------------------------

  #take(bytes: Buffer): void {
    const scanned = scanMessage(bytes);
    if (scanned === undefined) return this.#drop('something that is no JSON-RPC message');
    if (scanned.kind === 'answer') return this.#answer(scanned, bytes);
    if (scanned.kind === 'request') {
      // Forbidden in this era; nobody here could answer it.
      this.#channel?.send(
        errorBytes(
          scanned.id?.text ?? 'null',
          rpcCode.methodNotFound,
          'Servers do not send requests in this protocol version',
        ),
      );
      return this.#drop('a request');
    }
    this.#say(scanned, bytes);
  }

  #answer(scanned: Scanned, bytes: Buffer): void {
    const id = scanned.id?.value;
    if (id === probeId && this.#state === 'opening') return this.#probed(scanned);
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined;
    if (pending === undefined) return this.#drop('an answer that nobody waits for');
    this.#pending.delete(id as number);
    const { reply, idText, isListen } = pending;
    const own = withId(bytes, scanned.idSpan!, idText);
    reply.answer(statusOf(scanned), isListen ? restoreSubscription(own, idText) : own);
  }

  #say(scanned: Scanned, bytes: Buffer): void {
    if (scanned.method === 'notifications/tools/list_changed') this.#options.toolsChanged();
    const read = readStrict(bytes);
    if (!read.ok || !isObject(read.value)) return this.#drop('a notification that cannot be read');
    const params = read.value['params'];
    if (scanned.method === 'notifications/progress') {
      const pending = this.#pending.get(Number(progressTokenOf(bytes)));
      if (pending?.tokenText === undefined || !isObject(params))
        return this.#drop('progress of a request that is over');
      return pending.reply.say(
        Buffer.from(withMember(read.value, 'params', withMember(params, 'progressToken', pending.tokenText))),
      );
    }
    const subscription = isObject(params) ? metaOf(params)[metaKeys.subscriptionId] : undefined;
    if (subscription !== undefined && isObject(params)) {
      const pending = this.#pending.get(Number(subscription));
      if (!pending?.isListen) return this.#drop('news of a subscription that is over');
      const meta = withMember(metaOf(params), metaKeys.subscriptionId, pending.idText);
      return pending.reply.say(Buffer.from(withMember(read.value, 'params', withMember(params, '_meta', meta))));
    }
    // Nothing says whose it is: with one request in flight there is no doubt, with several it would reach a stranger.
    const requests = [...this.#pending.values()].filter((pending) => !pending.isListen);
    if (requests.length !== 1) return this.#drop(`a ${scanned.method} that belongs to no request`);
    requests[0]!.reply.say(bytes);
  }

  #drop(what: string): void {
    this.#options.log.warn(`an upstream sent ${what}; it was dropped`, { upstream: this.#options.upstream });
  }
}
