/** Reads how an exchange ended on the upstream's side. */
import type { Answer } from '../plugin.ts';
import { errorAnswer } from '../answer.ts';
import type { Final, Landing } from './incoming.ts';
import { idKey, rpcCode, type RpcId } from './messages.ts';
import { scanMessage, type Scanned } from './scan.ts';

/** HTTP statuses with which a server refuses before it looks at the message. */
const refusedBefore = new Set([401, 403, 404, 405, 413, 415]);
/** JSON-RPC errors that a server gives before it acts. */
const errorsBeforeActing = new Set<number>([
  rpcCode.parseError,
  rpcCode.invalidRequest,
  rpcCode.methodNotFound,
  rpcCode.invalidParams,
]);

export interface Landed {
  readonly landing: Landing;
  /** True: the upstream's body is not fit to be passed on, `landing.answer` stands in its place. */
  readonly isReplaced: boolean;
  /** For the log, when the upstream broke the protocol. */
  readonly fault?: string;
}

/** Of a whole body that answers one POST. */
export function landingOfBody(status: number, body: Buffer, id: RpcId): Landed {
  const scanned = body.length > 0 ? scanMessage(body) : undefined;
  const isOwn = scanned?.answer !== undefined && scanned.id !== undefined && idKey(scanned.id) === idKey(id);
  if (status >= 200 && status < 300) {
    if (isOwn) return { landing: landingOfAnswer(scanned!, status), isReplaced: false };
    const fault = faultOf(scanned, status, body);
    const answer = errorAnswer({
      code: rpcCode.internalError,
      message: `The upstream's answer cannot be used: ${fault}.`,
    });
    return { landing: { kind: 'answer', answer, acted: true, status }, isReplaced: true, fault };
  }
  if (isOwn) {
    const landing = landingOfAnswer(scanned!, status);
    return { landing: refusedBefore.has(status) ? { ...landing, acted: false } : landing, isReplaced: false };
  }
  if (refusedBefore.has(status)) {
    return {
      landing: { kind: 'not_sent', reason: `the upstream refused with HTTP ${status}`, passThrough: true },
      isReplaced: false,
    };
  }
  // An error without an id, or no JSON at all: status and body go on as they are.
  const anonymous =
    scanned?.answer?.kind === 'error' && scanned.id === undefined ? landingOfAnswer(scanned as Own, status) : undefined;
  const answer = errorAnswer({ code: rpcCode.internalError, message: `The upstream answered HTTP ${status}.` });
  return { landing: anonymous ?? { kind: 'answer', answer, acted: true, status }, isReplaced: false };
}

type Own = Scanned;

/** Of a message that is the answer. */
export function landingOfAnswer(scanned: Own, status?: number): Landing & { readonly kind: 'answer' } {
  const answer = scanned.answer!;
  return { kind: 'answer', answer, acted: hasActed(answer), ...(status !== undefined && { status }) };
}

function hasActed(answer: Answer): boolean {
  if (answer.kind !== 'error') return true;
  try {
    const { code } = answer.value() as { code?: unknown };
    return typeof code !== 'number' || !errorsBeforeActing.has(code);
  } catch {
    return true;
  }
}

function faultOf(scanned: Scanned | undefined, status: number, body: Buffer): string {
  if (body.length === 0) return `it sent HTTP ${status} without a body`;
  if (scanned?.answer === undefined) return 'it is no JSON-RPC answer';
  return scanned.id === undefined ? 'it has no id' : 'it has another id';
}

/** A made or changed answer as a whole message; `idText` is JSON. */
export function messageBytes(idText: string, answer: Answer): Buffer {
  const member = answer.kind === 'error' ? 'error' : 'result';
  return Buffer.concat([Buffer.from(`{"jsonrpc":"2.0","id":${idText},"${member}":`), answer.bytes, Buffer.from('}')]);
}

/** What the client is told of a request that no pipeline saw. */
export function finalOf(landing: Landing): Final {
  if (landing.kind === 'answer') return { kind: 'as_landed' };
  if (landing.kind === 'not_sent' && landing.passThrough) return { kind: 'pass_through' };
  return {
    kind: 'answer',
    answer: errorAnswer({ code: rpcCode.internalError, message: `The upstream gave no answer: ${landing.reason}.` }),
  };
}
