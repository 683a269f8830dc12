/** An upstream that speaks no streamable HTTP, seen as one that does: sessions, statuses and streams are Helio's own. */
import { randomUUID } from 'node:crypto';
import type { Log, UpstreamView } from '../../plugin.ts';
import { errorBytes, rpcCode } from '../messages.ts';
import type { OwnIdentity } from '../own-client.ts';
import type { Leg, Outgoing, Receiver, Upstream } from '../upstream.ts';
import { BridgeModern } from './bridge-modern.ts';
import { BridgeSession } from './bridge-session.ts';
import type { OpenChannel } from './channel.ts';
import { plainReply, refusal } from './reply.ts';

export interface BridgeOptions {
  readonly name: string;
  readonly transport: UpstreamView['transport'];
  readonly timeoutMs: number;
  /** Opens a connection with the credentials of the request that needs it. */
  readonly open: (outgoing: Outgoing) => OpenChannel;
  /** Why it cannot even be started now, where that can be told without trying. */
  readonly unstartable?: () => string | undefined;
  /** False: the transport is older than the modern era. */
  readonly speaksModern: boolean;
  readonly log: Log;
  readonly self: OwnIdentity;
  readonly onNewConnection: () => void;
}

const mostSessions = 256;
const idleSessionMs = 30 * 60_000;
const keepAliveEveryMs = 15_000;
/** What SDK servers say. */
const sessionNotFound = -32001;
const badRequest = -32000;
const idle: Leg = { abort() {}, pause() {}, resume() {} };

export function createBridge(options: BridgeOptions): Upstream {
  const { name, transport, log, self, onNewConnection } = options;
  const sessions = new Map<string, BridgeSession>();
  let modern: BridgeModern | undefined;
  let state: UpstreamView['state'] = 'unknown';
  let detail = 'not used yet';
  let isClosed = false;
  const seen = (up: boolean, why: string) => {
    if (!up && options.unstartable?.() !== undefined) return; // `view` says it, for as long as it holds
    state = up ? 'up' : 'down';
    detail = why;
  };
  const beat = setInterval(() => {
    modern?.keepAlive();
    for (const [id, session] of sessions) {
      session.keepAlive();
      if (session.isIdle && Date.now() - session.usedAtMs > idleSessionMs) end(id, session);
    }
  }, keepAliveEveryMs);
  beat.unref();

  function end(id: string, session: BridgeSession): Promise<void> {
    sessions.delete(id);
    return session.close();
  }

  function begin(outgoing: Outgoing, receiver: Receiver): Leg {
    if (sessions.size >= mostSessions && !endLongestIdle()) {
      refusal(receiver, 503, rpcCode.internalError, 'Too many sessions are open.');
      return idle;
    }
    const id = randomUUID();
    const session = new BridgeSession(
      {
        upstream: name,
        id,
        open: options.open(outgoing),
        log,
        seen,
        onNewConnection,
        ended: () => sessions.delete(id),
      },
      outgoing,
      receiver,
    );
    sessions.set(id, session);
    return idle;
  }

  function endLongestIdle(): boolean {
    let longest: [string, BridgeSession] | undefined;
    for (const entry of sessions)
      if (entry[1].isIdle && (!longest || entry[1].usedAtMs < longest[1].usedAtMs)) longest = entry;
    if (longest) void end(...longest);
    return longest !== undefined;
  }

  function legacy(outgoing: Outgoing, receiver: Receiver): Leg {
    const { verb, message, session: id } = outgoing;
    if (verb === 'POST' && message!.method === 'initialize' && message!.kind === 'request' && id === undefined)
      return begin(outgoing, receiver);
    if (id === undefined) {
      refusal(receiver, 400, badRequest, 'Bad Request: Mcp-Session-Id header is required');
      return idle;
    }
    const session = sessions.get(id);
    if (session === undefined) {
      refusal(receiver, 404, sessionNotFound, 'Session not found');
      return idle;
    }
    if (verb === 'DELETE') {
      void end(id, session);
      plainReply(receiver, 200);
      return idle;
    }
    if (verb === 'GET') return session.get(receiver);
    if (message!.method === 'initialize') {
      const idText = message!.id?.text ?? 'null';
      plainReply(
        receiver,
        400,
        errorBytes(idText, rpcCode.invalidRequest, 'Invalid Request: Server already initialized'),
      );
      return idle;
    }
    return session.post(outgoing, receiver);
  }

  return {
    name,
    transport,
    timeoutMs: options.timeoutMs,
    exchange(outgoing, receiver) {
      if (isClosed) {
        queueMicrotask(() => receiver.failed('the upstream was closed', false));
        return idle;
      }
      if (outgoing.era === 'legacy') return legacy(outgoing, receiver);
      if (!options.speaksModern) {
        const idText = outgoing.message?.id?.text ?? 'null';
        plainReply(
          receiver,
          404,
          errorBytes(idText, rpcCode.methodNotFound, 'Method not found: the upstream speaks an older MCP'),
        );
        return idle;
      }
      modern ??= new BridgeModern({
        upstream: name,
        open: options.open(outgoing),
        log,
        self,
        seen,
        onNewConnection,
        toolsChanged: onNewConnection,
      });
      return modern.exchange(outgoing, receiver);
    },
    // Asked anew each time: what was installed meanwhile must not stay `down` because nobody is sent to it.
    view() {
      const reason = options.unstartable?.();
      return reason === undefined
        ? { name, transport, state, detail }
        : { name, transport, state: 'down', detail: reason };
    },
    async close(when) {
      const isBusy = () => (modern?.inFlight ?? 0) > 0 || [...sessions.values()].some((session) => !session.isIdle);
      isClosed = when === 'now';
      const endMs = Date.now() + options.timeoutMs;
      while (!isClosed && isBusy() && Date.now() < endMs) await new Promise((done) => setTimeout(done, 250).unref());
      isClosed = true;
      clearInterval(beat);
      await Promise.all([modern?.close(), ...[...sessions].map(([id, session]) => end(id, session))]);
    },
  };
}
