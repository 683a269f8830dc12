/** One legacy session over one connection of its own: ids go through as they are, nobody else is there to meet them. */
import type { Log } from '../../plugin.ts';
import { metaOf } from '../era.ts';
import { Lasting } from '../lasting.ts';
import { errorBytes, idKey, rpcCode, type Message } from '../messages.ts';
import { scanMessage, type Scanned } from '../scan.ts';
import type { Leg, Outgoing, Receiver } from '../upstream.ts';
import { Backlog } from './backlog.ts';
import { BridgeStream } from './bridge-stream.ts';
import type { Channel, OpenChannel } from './channel.ts';
import { progressTokenOf } from './renumber.ts';
import { idleLeg, plainReply, Reply } from './reply.ts';

export interface BridgeSessionOptions {
  readonly upstream: string;
  readonly id: string;
  readonly open: OpenChannel;
  readonly log: Log;
  /** Up, or down with the reason. */
  readonly seen: (up: boolean, detail: string) => void;
  readonly onNewConnection: () => void;
  /** The session is over before it began, or for good. */
  readonly ended: () => void;
}

interface Pending {
  readonly reply: Reply;
  readonly method: string;
  readonly tokenKey: string | undefined;
}

const firstDelayMs = 200;
const longestDelayMs = 30_000;
/** A connection that held this long, or answered something, starts the count of failures anew. */
const steadyMs = 3_000;
/** After so many failures in a row only a request causes another try. */
const eagerFailures = 5;

export class BridgeSession {
  readonly #options: BridgeSessionOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #initialize: Message;
  #channel: Channel | undefined;
  #openedAtMs = 0;
  #isReady = false;
  #isInitialized = false;
  /** This connection answered more than its handshake. */
  #hasServed = false;
  readonly #lasting = new Lasting();
  #isClosed = false;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  /** What waits for a connection that is being made anew. */
  readonly #waiting = new Backlog<{ readonly send: () => void; readonly failed: (reason: string) => void }>();
  readonly #stream: BridgeStream;
  #reinitId = 0;
  usedAtMs = Date.now();

  /** Begins with the client's own `initialize`. */
  constructor(options: BridgeSessionOptions, outgoing: Outgoing, receiver: Receiver) {
    this.#options = options;
    this.#stream = new BridgeStream(options.upstream, options.log);
    this.#initialize = outgoing.message!;
    const reply = new Reply(receiver);
    this.#pending.set(idKey(this.#initialize.id!), { reply, method: 'initialize', tokenKey: undefined });
    this.#connect();
    this.#channel!.send(outgoing.bytes!, (reason) => reply.failed(reason, false));
  }

  get isIdle(): boolean {
    return this.#pending.size === 0 && !this.#stream.isOpen;
  }

  post(outgoing: Outgoing, receiver: Receiver): Leg {
    this.usedAtMs = Date.now();
    const { message } = outgoing;
    const bytes = outgoing.bytes!;
    if (message!.kind !== 'request') {
      const told = () => plainReply(receiver, 202);
      this.#whenReady(
        () => {
          this.#channel!.send(bytes);
          told();
        },
        (reason) => receiver.failed(reason, false),
      );
      return idleLeg;
    }
    const key = idKey(message!.id!);
    const reply = new Reply(receiver);
    if (this.#pending.has(key)) {
      plainReply(receiver, 400, errorBytes(message!.id!.text, rpcCode.invalidRequest, 'This id is in use.'));
      return idleLeg;
    }
    this.#lasting.note(message!.method, message!.params);
    const token = metaOf(message!.params)['progressToken'];
    const tokenKey = typeof token === 'string' || typeof token === 'number' ? JSON.stringify(token) : undefined;
    this.#whenReady(
      () => {
        if (reply.isOver) return;
        this.#pending.set(key, { reply, method: message!.method!, tokenKey });
        this.#channel!.send(bytes, (reason) => {
          this.#pending.delete(key);
          reply.failed(reason, false);
        });
      },
      (reason) => reply.failed(reason, false),
    );
    return {
      pause: () => reply.pause(),
      resume: () => reply.resume(),
      abort: (why) => {
        // A disconnect is no cancel: the answer that comes is still put on record.
        if (why === 'disconnected') return;
        if (this.#pending.get(key)?.reply === reply) this.#pending.delete(key);
        reply.failed(why, true);
      },
    };
  }

  get(receiver: Receiver): Leg {
    this.usedAtMs = Date.now();
    return this.#stream.open(receiver);
  }

  keepAlive(): void {
    this.#stream.keepAlive();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#failAll('the session was closed');
    this.#stream.end();
    await this.#channel?.close();
  }

  // -- The connection ---------------------------------------------------------------------------------------------

  #connect(): void {
    const channel: Channel = this.#options.open({
      message: (bytes) => this.#channel === channel && this.#take(bytes),
      closed: (reason) => queueMicrotask(() => this.#channel === channel && this.#lost(reason)),
    });
    this.#channel = channel;
    this.#openedAtMs = Date.now();
    this.#hasServed = false;
  }

  #lost(reason: string): void {
    const { seen, log, upstream } = this.#options;
    this.#channel = undefined;
    seen(false, reason);
    if (this.#isClosed) return;
    log.warn('the connection to an upstream was lost', { upstream, reason });
    this.#isReady = false;
    this.#failPending(reason);
    if (!this.#isInitialized) return this.#giveUp();
    if (this.#hasServed || Date.now() - this.#openedAtMs > steadyMs) this.#failures = 0;
    this.#failures++;
    if (this.#failures > eagerFailures) return this.#failWaiting(reason);
    const delayMs = Math.min(firstDelayMs * 2 ** (this.#failures - 1), longestDelayMs);
    this.#retry = setTimeout(() => this.#reconnect(), delayMs);
  }

  #reconnect(): void {
    if (this.#isClosed || this.#channel) return;
    this.#connect();
    const id = `helio-reinitialize-${++this.#reinitId}`;
    const key = idKey({ value: id, text: JSON.stringify(id) });
    const reply = new Reply({
      head() {},
      chunk: (bytes) => this.#reinitialized(bytes),
      end() {},
      failed() {},
    });
    this.#pending.set(key, { reply, method: 'initialize', tokenKey: undefined });
    const { params } = this.#initialize;
    this.#channel!.send(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method: 'initialize', params })));
  }

  #reinitialized(bytes: Buffer): void {
    if (scanMessage(bytes)?.answer?.kind !== 'result') {
      const channel = this.#channel;
      this.#lost('the upstream refused to be initialised again');
      void channel?.close();
      return;
    }
    this.#channel!.send(Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}'));
    for (const { id, method, bytes: again } of this.#lasting.again()) {
      const reply = new Reply({ head() {}, chunk() {}, end() {}, failed() {} });
      this.#pending.set(idKey({ value: id, text: JSON.stringify(id) }), { reply, method, tokenKey: undefined });
      this.#channel!.send(again);
    }
    this.#options.log.info('the connection to an upstream was made anew', { upstream: this.#options.upstream });
    this.#options.seen(true, 'connected again');
    this.#options.onNewConnection();
    this.#isReady = true;
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    for (const one of this.#waiting.takeAll()) one.send();
  }

  #whenReady(send: () => void, failed: (reason: string) => void): void {
    if (this.#isClosed) return void queueMicrotask(() => failed('the session was closed'));
    if (this.#isReady) return send();
    if (!this.#waiting.add({ send, failed }))
      return void queueMicrotask(() => failed('the upstream is being restarted'));
    if (!this.#channel && this.#failures > eagerFailures) {
      this.#failures = eagerFailures;
      this.#reconnect();
    }
  }

  #giveUp(): void {
    this.#isClosed = true;
    this.#failWaiting('the upstream could not be started');
    this.#options.ended();
  }

  #failAll(reason: string): void {
    this.#failPending(reason);
    this.#failWaiting(reason);
  }

  #failPending(reason: string): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reply } of pending) reply.failed(reason, true);
  }

  #failWaiting(reason: string): void {
    for (const one of this.#waiting.takeAll()) one.failed(reason);
  }

  // -- What the upstream says -------------------------------------------------------------------------------------

  #take(bytes: Buffer): void {
    const scanned = scanMessage(bytes);
    if (scanned === undefined) {
      this.#options.log.warn('an upstream sent something that is no JSON-RPC message; it was dropped', {
        upstream: this.#options.upstream,
      });
      return;
    }
    if (scanned.kind === 'answer') this.#answer(scanned, bytes);
    else this.#say(scanned, bytes);
  }

  #answer(scanned: Scanned, bytes: Buffer): void {
    const key = scanned.id && idKey(scanned.id);
    const pending = key === undefined ? undefined : this.#pending.get(key);
    const { log, upstream, seen, id } = this.#options;
    if (pending === undefined) {
      const fields = { upstream, id: scanned.id?.text ?? 'none' };
      return log.warn('an upstream sent an answer that nobody waits for; it was dropped', fields);
    }
    this.#pending.delete(key!);
    if (pending.method !== 'initialize') this.#hasServed = true;
    if (pending.method !== 'initialize' || this.#isInitialized) return pending.reply.answer(200, bytes);
    if (scanned.answer!.kind !== 'result') {
      pending.reply.answer(200, bytes);
      void this.#channel?.close();
      return this.#giveUp();
    }
    this.#isInitialized = this.#isReady = true;
    seen(true, 'connected');
    pending.reply.answer(200, bytes, { 'mcp-session-id': id });
    this.#sendWaiting();
  }

  /** Nothing says to which request a message belongs; it is one client's in any case. */
  #say(scanned: Scanned, bytes: Buffer): void {
    const target = this.#targetOf(scanned, bytes);
    if (target) return target.say(bytes);
    this.#stream.say(bytes);
  }

  #targetOf(scanned: Scanned, bytes: Buffer): Reply | undefined {
    if (scanned.method === 'notifications/progress') {
      const tokenKey = progressTokenOf(bytes);
      for (const pending of this.#pending.values()) if (pending.tokenKey === tokenKey) return pending.reply;
      return undefined;
    }
    if (unsolicited.test(scanned.method!)) return undefined;
    if (this.#pending.size === 1) return this.#pending.values().next().value!.reply;
    // Without a GET stream a request of the server must go somewhere at once: somebody waits for its answer.
    if (scanned.kind === 'request' && !this.#stream.isOpen) return [...this.#pending.values()].at(-1)?.reply;
    return undefined;
  }
}

const unsolicited = /^notifications\/(.*list_changed|resources\/updated)$/;
