/** What the merged endpoint says on its own account. */
import type { JsonObject } from '../../plugin.ts';
import type { ClientRequest, Responder } from '../door.ts';
import { metaKeys, metaOf } from '../era.ts';
import { errorBytes, rpcCode, type Message } from '../messages.ts';
import type { Relay } from '../relay.ts';
import type { Headers } from '../upstream.ts';
import type { Missing } from './merge.ts';

const jsonHeaders: Headers = Object.freeze({ 'content-type': 'application/json' });

export function tell(responder: Responder, message: Message, result: JsonObject, headers: Headers = {}): void {
  if (responder.isGone) return;
  const isModern = metaOf(message.params)[metaKeys.protocolVersion] !== undefined;
  const whole = isModern && result['resultType'] === undefined ? { resultType: 'complete', ...result } : result;
  responder.answer(
    200,
    { ...jsonHeaders, ...headers },
    Buffer.from(`{"jsonrpc":"2.0","id":${message.id!.text},"result":${JSON.stringify(whole)}}`),
  );
}

/** No part answered. */
export function tellNone(responder: Responder, message: Message, missing: Missing): void {
  if (responder.isGone) return;
  const why = missing.map(({ part, reason }) => `${part}: ${reason}`).join('; ');
  const body = errorBytes(message.id!.text, rpcCode.internalError, `No upstream is available (${why})`);
  responder.answer(200, { ...jsonHeaders }, body);
}

export function tellNoSession(responder: Responder, id: string | undefined, idText: string | undefined): void {
  const [status, code, reason] =
    id === undefined
      ? ([400, -32000, 'Bad Request: Mcp-Session-Id header is required'] as const)
      : ([404, -32001, 'Session not found'] as const);
  responder.answer(status, { ...jsonHeaders }, errorBytes(idText ?? 'null', code, reason));
}

/** Why the merged endpoint refuses: the HTTP status, the JSON-RPC code, the word for the record, the sentence. */
export type Refusal = readonly [status: number, code: number, word: string, reason: string];

export function refuse(
  relay: Relay,
  request: ClientRequest,
  responder: Responder,
  message: Message,
  [status, code, word, reason]: Refusal,
): void {
  const name = message.params['name'] ?? message.params['uri'];
  relay.refuse(request, responder, {
    status,
    rpcCode: code,
    code: word,
    reason,
    idText: message.id?.text ?? 'null',
    method: message.method ?? '',
    ...(typeof name === 'string' && { name }),
    sent: Buffer.from(request.body).toString('utf8', 0, 4_096),
  });
}
