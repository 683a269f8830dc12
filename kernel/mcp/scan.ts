/** Finds the members that matter in a server's message, without parsing the rest of it. */
import type { Answer, Json } from '../plugin.ts';
import type { RpcId } from './messages.ts';

/** A server's message as far as the door has to know it. */
export interface Scanned {
  readonly kind: 'answer' | 'request' | 'notification';
  readonly id: RpcId | undefined;
  /** Where the id stands, so that another can stand in its place. */
  readonly idSpan: Span | undefined;
  readonly method: string | undefined;
  /** Of answers only. */
  readonly answer: Answer | undefined;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

const quote = 0x22;
const backslash = 0x5c;
const topKeys = ['id', 'method', 'result', 'error'] as const;
const resultKeys = ['isError', 'resultType'] as const;

/** Undefined when the bytes are no JSON-RPC message: not an object, cut off, or a member stands there twice. */
export function scanMessage(message: Uint8Array): Scanned | undefined {
  const bytes = Buffer.isBuffer(message)
    ? message
    : Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const members = membersOf(bytes, skipSpace(bytes, 0), topKeys);
  if (members === undefined || skipSpace(bytes, members.end) !== bytes.length) return undefined;
  const { id: idSpan, method, result, error } = members.spans;
  const id = idSpan && idOf(textOf(bytes, idSpan));
  if (method !== undefined) {
    if (result ?? error) return undefined;
    const name = parsed(textOf(bytes, method));
    if (typeof name !== 'string') return undefined;
    return { kind: idSpan ? 'request' : 'notification', id, idSpan, method: name, answer: undefined };
  }
  if ((result === undefined) === (error === undefined)) return undefined;
  const answer = result ? resultOf(bytes, result) : error && errorOf(bytes, error);
  return answer && { kind: 'answer', id, idSpan, method: undefined, answer };
}

/** The same message under another id; `idText` is JSON. */
export function withId(message: Buffer, span: Span, idText: string): Buffer {
  return Buffer.concat([message.subarray(0, span.start), Buffer.from(idText), message.subarray(span.end)]);
}

function resultOf(bytes: Buffer, span: Span): Answer | undefined {
  if (bytes[span.start] !== 0x7b) return lazyAnswer('result', false, bytes, span);
  const inner = membersOf(bytes, span.start, resultKeys);
  if (inner === undefined) return undefined;
  const { isError, resultType } = inner.spans;
  const type = resultType && parsed(textOf(bytes, resultType));
  const kind = type === 'input_required' ? 'input_required' : type === 'task' ? 'task' : 'result';
  return lazyAnswer(kind, isError !== undefined && textOf(bytes, isError) === 'true', bytes, span);
}

function errorOf(bytes: Buffer, span: Span): Answer {
  return lazyAnswer('error', true, bytes, span);
}

function lazyAnswer(kind: Answer['kind'], isError: boolean, bytes: Buffer, span: Span): Answer {
  return new ScannedAnswer(kind, isError, bytes.subarray(span.start, span.end));
}

/** A class, so that an answer costs one object and no closure; `value()` parses once. */
class ScannedAnswer implements Answer {
  readonly kind: Answer['kind'];
  readonly isError: boolean;
  readonly bytes: Uint8Array;
  #value: Json | undefined;

  constructor(kind: Answer['kind'], isError: boolean, bytes: Uint8Array) {
    this.kind = kind;
    this.isError = isError;
    this.bytes = bytes;
  }
  value(): Json {
    return (this.#value ??= JSON.parse(
      Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength).toString(),
    ) as Json);
  }
}

/** The spans of the wanted members of the object at `at`; undefined when it is broken or a wanted key stands twice. */
function membersOf<K extends string>(
  bytes: Buffer,
  at: number,
  wanted: readonly K[],
): { readonly spans: { readonly [N in K]?: Span }; readonly end: number } | undefined {
  if (bytes[at] !== 0x7b) return undefined;
  const spans: { [N in K]?: Span } = {};
  let pos = skipSpace(bytes, at + 1);
  if (bytes[pos] === 0x7d) return { spans, end: pos + 1 };
  for (;;) {
    if (bytes[pos] !== quote) return undefined;
    const keyEnd = skipString(bytes, pos);
    if (keyEnd < 0) return undefined;
    const key = keyOf(bytes, pos, keyEnd);
    pos = skipSpace(bytes, keyEnd);
    if (bytes[pos] !== 0x3a) return undefined;
    const start = skipSpace(bytes, pos + 1);
    const valueEnd = skipValue(bytes, start);
    if (valueEnd < 0) return undefined;
    if (key !== undefined && (wanted as readonly string[]).includes(key)) {
      if (spans[key as K]) return undefined;
      spans[key as K] = { start, end: valueEnd };
    }
    pos = skipSpace(bytes, valueEnd);
    if (bytes[pos] === 0x7d) return { spans, end: pos + 1 };
    if (bytes[pos] !== 0x2c) return undefined;
    pos = skipSpace(bytes, pos + 1);
  }
}

const longestWanted = 10; // "resultType"

function keyOf(bytes: Buffer, start: number, end: number): string | undefined {
  const inside = bytes.toString('latin1', start + 1, end - 1);
  if (inside.includes('\\')) return parsed(`"${inside}"`) as string | undefined; // `"resu\u006ct"` is `result`
  return inside.length > longestWanted ? undefined : inside;
}

function skipSpace(bytes: Buffer, at: number): number {
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return at;
}

/** From the opening quote to behind the closing one; -1 when there is none. `indexOf` is native: long texts cost little. */
function skipString(bytes: Buffer, at: number): number {
  let from = at + 1;
  for (;;) {
    const end = bytes.indexOf(quote, from);
    if (end < 0) return -1;
    let slashes = 0;
    while (bytes[end - 1 - slashes] === backslash && end - 1 - slashes > at) slashes++;
    if (slashes % 2 === 0) return end + 1;
    from = end + 1;
  }
}

function skipValue(bytes: Buffer, at: number): number {
  const first = bytes[at];
  if (first === quote) return skipString(bytes, at);
  if (first !== 0x7b && first !== 0x5b) return skipWord(bytes, at);
  let depth = 0;
  for (let pos = at; pos < bytes.length; pos++) {
    const code = bytes[pos];
    if (code === quote) {
      pos = skipString(bytes, pos) - 1;
      if (pos < 0) return -1;
    } else if (code === 0x7b || code === 0x5b) depth++;
    else if (code === 0x7d || code === 0x5d) {
      if (--depth === 0) return pos + 1;
    }
  }
  return -1;
}

/** A number, true, false or null. */
function skipWord(bytes: Buffer, at: number): number {
  let pos = at;
  for (; pos < bytes.length; pos++) {
    const code = bytes[pos]!;
    const isWord =
      (code >= 0x30 && code <= 0x39) ||
      (code >= 0x61 && code <= 0x7a) ||
      code === 0x2d ||
      code === 0x2b ||
      code === 0x2e ||
      code === 0x45;
    if (!isWord) break;
  }
  return pos === at ? -1 : pos;
}

function textOf(bytes: Buffer, span: Span): string {
  return bytes.toString('utf8', span.start, span.end);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function idOf(text: string): RpcId | undefined {
  const value = parsed(text);
  return typeof value === 'string' || typeof value === 'number' ? { value, text } : undefined;
}
