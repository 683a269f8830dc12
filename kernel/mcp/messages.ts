/** JSON-RPC messages by key presence: everything unknown passes, everything ambiguous is refused. */
import type { Json, JsonObject } from '../plugin.ts';
import type { JsonRpcId } from './incoming.ts';
import { exactText, readStrict, type ReadFailure } from './json.ts';

/** JSON-RPC 2.0, section 5.1, and MCP 2026-07-28 (`headerMismatch`, `unsupportedVersion`). */
export const rpcCode = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  headerMismatch: -32020,
  unsupportedVersion: -32022,
} as const;

/** One message of a client, strictly read. */
export interface Message {
  readonly kind: 'request' | 'notification' | 'response';
  /** Undefined for responses only. */
  readonly method: string | undefined;
  /** Undefined for notifications only. */
  readonly id: RpcId | undefined;
  /** An empty object when absent. */
  readonly params: JsonObject;
  readonly hasParams: boolean;
  /** The whole message. */
  readonly object: JsonObject;
  readonly bytes: Uint8Array;
}

/** An id with its JSON text, so that it goes back exactly as it came: `1` is not `"1"` (JSON-RPC 2.0, section 5). */
export interface RpcId {
  readonly value: JsonRpcId;
  readonly text: string;
}

/** Why a body is no message that may go on. */
export interface NoMessage {
  readonly code: 'batch' | 'invalid_request' | 'case_variant' | ReadFailure;
  readonly rpcCode: number;
  /** A sentence. */
  readonly reason: string;
  /** Of a message that could be read, for the answer and the record. */
  readonly id?: RpcId;
  readonly method?: string;
}

const nothing: JsonObject = Object.freeze({});

/** JSON all the same, so the request is invalid and the text is not. */
const wellFormed: ReadonlySet<string> = new Set(['duplicate_key', 'number_out_of_range', 'too_deep', 'too_wide']);

/** Reads one message. A batch is refused whatever it holds: MCP servers execute what hides in one. */
export function readMessage(bytes: Uint8Array): Message | NoMessage {
  if (startsAsArray(bytes)) {
    return refused('batch', rpcCode.invalidRequest, 'JSON-RPC batches are refused: send one message per request.');
  }
  const read = readStrict(bytes);
  if (!read.ok) {
    const code = wellFormed.has(read.code) ? rpcCode.invalidRequest : rpcCode.parseError;
    return refused(read.code, code, `The message was refused: ${read.reason}.`);
  }
  if (!isObject(read.value))
    return refused('invalid_request', rpcCode.invalidRequest, 'A message must be a JSON object.');
  return sort(read.value, bytes);
}

function sort(object: JsonObject, bytes: Uint8Array): Message | NoMessage {
  const id = readId(object);
  const method = typeof object['method'] === 'string' ? object['method'] : undefined;
  const known = { ...(id && { id }), ...(method !== undefined && { method }) };
  const variant = caseVariant(object, ['jsonrpc', 'id', 'method', 'params', 'result', 'error']);
  if (variant !== undefined) {
    return {
      ...refused('case_variant', rpcCode.invalidRequest, `The key ${variant} is written in another case.`),
      ...known,
    };
  }
  const invalid = (reason: string) => ({ ...refused('invalid_request', rpcCode.invalidRequest, reason), ...known });
  if (object['jsonrpc'] !== '2.0') return invalid('"jsonrpc" must be "2.0".');
  if ('method' in object) {
    if (method === undefined) return invalid('"method" must be a string.');
    if ('result' in object || 'error' in object) return invalid('A message has either a method or a result.');
    const params = object['params'];
    if ('params' in object && !isObject(params)) return invalid('"params" must be an object.');
    // `id: null` is read as a notification: a governed method without an id is never forwarded.
    if ('id' in object && object['id'] !== null && !id) return invalid('"id" must be a string or a number.');
    const kind = id ? 'request' : 'notification';
    return {
      kind,
      method,
      id,
      params: isObject(params) ? params : nothing,
      hasParams: 'params' in object,
      object,
      bytes,
    };
  }
  if ('result' in object === 'error' in object) return invalid('A message has a method, a result or an error.');
  if (!id && object['id'] !== null && 'id' in object) return invalid('"id" must be a string or a number.');
  return { kind: 'response', method: undefined, id, params: nothing, hasParams: false, object, bytes };
}

function readId(object: JsonObject): RpcId | undefined {
  const value = object['id'];
  if (typeof value === 'string') return { value, text: JSON.stringify(value) };
  if (typeof value === 'number') return { value, text: exactText(object, 'id') ?? String(value) };
  return undefined;
}

/** One key for equal ids: `1` and `1.0` are the same number, `1` and `"1"` are not. */
export function idKey(id: RpcId): string {
  if (typeof id.value === 'string') return `s${id.value}`;
  return Number.isSafeInteger(id.value) ? `n${id.value}` : `n${id.text}`;
}

/** A key of the object that is one of `names` in another case: parsers that fold case would read another message. */
export function caseVariant(object: JsonObject, names: readonly string[]): string | undefined {
  for (const key of Object.keys(object)) {
    if (!names.includes(key) && names.includes(key.toLowerCase())) return JSON.stringify(key);
  }
  return undefined;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isMessage(read: Message | NoMessage): read is Message {
  return 'kind' in read;
}

/** Looks through white space and a byte order mark, which some parsers skip. */
function startsAsArray(bytes: Uint8Array): boolean {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0a || bytes[at] === 0x0d) at++;
  return bytes[at] === 0x5b;
}

function refused(code: NoMessage['code'], rpcCode: number, reason: string): NoMessage {
  return { code, rpcCode, reason };
}

/** A JSON-RPC error as bytes; `idText` is JSON (`null` when no id could be read). */
export function errorBytes(idText: string, code: number, message: string, details?: Json): Buffer {
  const data = details === undefined ? '' : `,"data":${JSON.stringify(details)}`;
  return Buffer.from(
    `{"jsonrpc":"2.0","id":${idText},"error":{"code":${code},"message":${JSON.stringify(message)}${data}}}`,
  );
}
