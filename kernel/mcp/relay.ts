/** Takes one request of a client, whatever the door, and sees to it that it is judged, passed or refused. */
import type { ClientRequest, Responder } from './door.ts';
import { eraOf, headerMismatch } from './era.ts';
import { Exchange } from './exchange.ts';
import { kindOf, subjectOf } from './governed.ts';
import { headerOf } from './headers.ts';
import { RequestArrival } from './arrival.ts';
import { errorBytes, idKey, isMessage, readMessage, rpcCode, type Message } from './messages.ts';
import { passPlain, passStream } from './plain.ts';
import type { RelayWorld, Setting } from './setting.ts';
import type { Headers } from './upstream.ts';

export interface Relay {
  take(request: ClientRequest, responder: Responder): void;
  /** Refuses before anything was read: records it, then answers. */
  refuse(request: Omit<ClientRequest, 'upstream' | 'body'>, responder: Responder, refusal: DoorRefusal): void;
}

/** Why a door sends a request away, and what it says. */
export interface DoorRefusal {
  readonly status: number;
  readonly rpcCode: number;
  readonly code: string;
  readonly reason: string;
  /** JSON; `null` when no id was read. */
  readonly idText?: string;
  readonly method?: string;
  readonly name?: string;
  readonly sent?: string;
  readonly headers?: Headers;
}

const jsonHeaders: Headers = Object.freeze({ 'content-type': 'application/json' });
/** As much of a refused body as goes on record. */
const recordedChars = 4_096;

export function createRelay(world: RelayWorld): Relay {
  const refuse: Relay['refuse'] = (request, responder, refusal) => {
    const { code, reason, method, name, sent } = refusal;
    const record = {
      code,
      reason,
      door: request.door,
      peer: request.peer,
      ...(method !== undefined && { method }),
      ...(name !== undefined && { name }),
      ...(sent !== undefined && { sent }),
    };
    const answer = () => {
      if (responder.isGone) return;
      if (refusal.status === 202) return responder.answer(202, {}, undefined);
      const body = errorBytes(refusal.idText ?? 'null', refusal.rpcCode, reason);
      responder.answer(refusal.status, { ...jsonHeaders, ...refusal.headers }, body);
    };
    world.gate().refused(record).then(answer, answer);
  };

  function post(request: ClientRequest, responder: Responder): void {
    const message = readMessage(request.body);
    if (!isMessage(message)) {
      const { code, reason, id, method } = message;
      const known = { ...(id && { idText: id.text }), ...(method !== undefined && { method }) };
      return refuse(request, responder, {
        status: 400,
        rpcCode: message.rpcCode,
        code,
        reason,
        ...known,
        sent: sentOf(request),
      });
    }
    const era = eraOf(message, headerOf(request.headers, 'mcp-protocol-version'));
    const mismatch = mismatchOf(request, message, era);
    if (mismatch !== undefined) {
      const reason = `Bad Request: the request headers and body disagree: ${mismatch}`;
      return refuse(request, responder, {
        ...refusalOf(request, message, 'header_mismatch', reason),
        status: 400,
        rpcCode: rpcCode.headerMismatch,
      });
    }
    const sessionId = era === 'legacy' ? headerOf(request.headers, 'mcp-session-id') : undefined;
    const session = world.sessions.of(request.upstream.name, sessionId);

    if (message.kind === 'response') return passPlain(world, request, responder, message, era, sessionId);
    const kind = kindOf(message.method);
    if (message.kind === 'notification') {
      if (kind !== undefined) {
        const reason = `${message.method} needs an id: a notification is never carried out.`;
        return refuse(request, responder, { ...refusalOf(request, message, 'no_id', reason), status: 202, rpcCode: 0 });
      }
      const arrival = new RequestArrival(request, message, era, session, sessionId);
      world.gate().passed({ method: message.method!, upstream: request.upstream.name, arrival, isNotification: true });
      if (message.method === 'notifications/cancelled' && isConsumed(message, { world, request, session, sessionId }))
        return responder.answer(202, {}, undefined);
      return passPlain(world, request, responder, message, era, sessionId);
    }

    const subject = kind && subjectOf(kind, message);
    if (typeof subject === 'string') {
      return refuse(request, responder, {
        ...refusalOf(request, message, 'invalid_params', subject),
        status: 200,
        rpcCode: rpcCode.invalidParams,
      });
    }
    // Two open requests of one session under one id: nobody could say whose answer it is that comes.
    if (session.open.has(idKey(message.id!))) {
      const reason = 'This id belongs to a request of the session that is still open.';
      return refuse(request, responder, {
        ...refusalOf(request, message, 'id_in_use', reason),
        status: 200,
        rpcCode: rpcCode.invalidRequest,
      });
    }
    const exchange = new Exchange({ world, request, responder, message, era, session, sessionId });
    if (!subject) return exchange.pass();
    const mirrorsParams =
      era === 'modern' && subject.kind === 'tool' && request.door !== 'stdio' && request.upstream.transport !== 'http';
    if (!mirrorsParams) return exchange.govern(subject);
    void exchange.checkParamHeaders(subject).then((mismatch) => {
      if (mismatch === undefined) return exchange.govern(subject);
      exchange.abandon();
      const reason = `Bad Request: the request headers and body disagree: ${mismatch}`;
      refuse(request, responder, {
        ...refusalOf(request, message, 'header_mismatch', reason),
        status: 400,
        rpcCode: rpcCode.headerMismatch,
      });
    });
  }

  return {
    refuse,
    take(request, responder) {
      if (request.verb === 'POST') post(request, responder);
      else passStream(world, request, responder);
    },
  };
}

function mismatchOf(request: ClientRequest, message: Message, era: 'legacy' | 'modern'): string | undefined {
  if (request.door === 'stdio') return undefined;
  const { headers, upstream } = request;
  return headerMismatch(message, era, (name) => headerOf(headers, name), upstream.transport !== 'http');
}

/** A cancel of a request that the upstream never saw must not reach it either. */
function isConsumed(message: Message, from: Pick<Setting, 'world' | 'request' | 'session' | 'sessionId'>): boolean {
  const value = message.params['requestId'];
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  const key = idKey({ value, text: String(value) });
  const open = from.session.open.get(key);
  if (open !== undefined) return open.cancel();
  // An upstream without sessions: its clients' requests are told apart by where they come from.
  if (from.sessionId !== undefined || from.request.door !== 'http') return false;
  return [...from.world.open].filter((each) => each.dismiss(from, key)).length > 0;
}

function refusalOf(
  request: ClientRequest,
  message: Message,
  code: string,
  reason: string,
): Omit<DoorRefusal, 'status' | 'rpcCode'> {
  const name = message.params['name'] ?? message.params['uri'];
  return {
    code,
    reason,
    ...(message.id && { idText: message.id.text }),
    method: message.method!,
    ...(typeof name === 'string' && { name }),
    sent: sentOf(request),
  };
}

function sentOf(request: ClientRequest): string {
  return Buffer.from(
    request.body.buffer,
    request.body.byteOffset,
    Math.min(request.body.byteLength, recordedChars),
  ).toString();
}
