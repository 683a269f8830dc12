/**
 * The one strict JSON reader. Policy, digest, audit and upstream must see the same value, so whatever two parsers could
 * read differently is refused: duplicate keys, lone surrogates, numbers outside binary range, bytes that are not UTF-8.
 */
import { isDecimal, maxDecimalLength } from '../decimal.ts';
import type { Json } from '../plugin.ts';
import { bareObject, setExactText } from './exact.ts';
import { Refused, type ReadLimits, type StrictRead } from './strict-read.ts';

export { bareObject, deepFreeze, exactText, type StrictObject } from './exact.ts';
export type { ReadFailure, ReadLimits, StrictRead } from './strict-read.ts';
export { decimalAt, decimalIn, memberPath } from './member-path.ts';
export { canonical, writeJson } from './write-json.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const loneSurrogate = /\p{Surrogate}/u;
const defaultDepth = 64;
const maxWidth = 50_000; // members of one object; measured: 300,000 cost 1 s, and four such messages at once 15 s

// The reader's state lives in the module: reading is synchronous and never re-entered, and locals of a closure cost more.
let source = '';
let end = 0;
let pos = 0;
let depthLeft = 0;
let maxDepth = defaultDepth;

/** Reads one JSON text from bytes. Never throws; costs time and memory linear in the size. */
export function readStrict(bytes: Uint8Array, limits?: ReadLimits): StrictRead {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { ok: false, code: 'invalid_utf8', reason: 'the bytes are not valid UTF-8', at: 0 };
  }
  return read(text, limits);
}

/** The same for a text that is a string already. */
export function readStrictText(text: string, limits?: ReadLimits): StrictRead {
  const lone = text.search(loneSurrogate);
  if (lone >= 0) return { ok: false, code: 'lone_surrogate', reason: 'a lone surrogate is no character', at: lone };
  return read(text, limits);
}

function read(text: string, limits: ReadLimits | undefined): StrictRead {
  source = text;
  end = text.length;
  pos = 0;
  depthLeft = maxDepth = limits?.depth ?? defaultDepth;
  try {
    if (text.charCodeAt(0) === 0xfeff) throw new Refused('byte_order_mark', 'a byte order mark stands in front', 0);
    if (Number.isNaN(nextCode())) throw new Refused('empty', 'there is nothing to read', 0);
    const value = readValue();
    numberText = undefined;
    nextCode();
    if (pos < end) throw new Refused('trailing_data', `unexpected ${shown()} after the end of the value`, pos);
    return { ok: true, value, text };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ok: false, code: error.code, reason: error.message, at: error.at };
  } finally {
    source = ''; // lets go of the body
    numberText = undefined;
  }
}

/** Skips white space and returns the code of the character there; NaN at the end. */
function nextCode(): number {
  let code = source.charCodeAt(pos);
  while (code === 32 || code === 10 || code === 13 || code === 9) code = source.charCodeAt(++pos);
  return code;
}

/** Set by `readNumber` when the text is not what `String(number)` gives; taken by the container around it. */
let numberText: string | undefined;

function readValue(): Json {
  const code = nextCode();
  if (code === 34) return readString();
  if (code === 123) return readObject();
  if (code === 91) return readArray();
  if (code === 45 || (code >= 48 && code <= 57)) return readNumber(code);
  if (code === 116) return readWord('true', true);
  if (code === 102) return readWord('false', false);
  if (code === 110) return readWord('null', null);
  throw unexpected('a value');
}

function readWord<T extends Json>(word: string, value: T): T {
  if (!source.startsWith(word, pos)) throw unexpected('a value');
  pos += word.length;
  return value;
}

function readObject(): Json {
  enter();
  const object = bareObject();
  pos++;
  if (nextCode() === 125) return leave(object);
  for (let width = 1; ; width++) {
    if (width > maxWidth) throw new Refused('too_wide', `an object has more than ${maxWidth} members`, pos);
    if (nextCode() !== 34) throw unexpected('a key in double quotes');
    const at = pos;
    const key = readString();
    if (key in object) throw new Refused('duplicate_key', `the key ${quoted(key)} stands twice in one object`, at);
    if (nextCode() !== 58) throw unexpected('":"');
    pos++;
    const value = readValue();
    object[key] = value;
    if (numberText !== undefined) keepText(object, key);
    const code = nextCode();
    if (code === 44) pos++;
    else if (code === 125) return leave(object);
    else throw unexpected('"," or "}"');
  }
}

function readArray(): Json {
  enter();
  const array: Json[] = [];
  pos++;
  if (nextCode() === 93) return leave(array);
  for (;;) {
    const value = readValue();
    array.push(value);
    if (numberText !== undefined) keepText(array, array.length - 1);
    const code = nextCode();
    if (code === 44) pos++;
    else if (code === 93) return leave(array);
    else throw unexpected('"," or "]"');
  }
}

function enter(): void {
  if (depthLeft-- <= 0) throw new Refused('too_deep', `arrays and objects are nested more than ${maxDepth} deep`, pos);
}

function leave<T>(container: T): T {
  pos++;
  depthLeft++;
  return container;
}

function keepText(container: Json[] | Record<string, Json>, key: string | number): void {
  setExactText(container, key, numberText!);
  numberText = undefined;
}

function readString(): string {
  const start = ++pos;
  for (;;) {
    const code = source.charCodeAt(pos);
    if (code === 34) return source.slice(start, pos++);
    if (code === 92) return readEscaped(start);
    if (!(code >= 32)) throw badCharacter(code);
    pos++;
  }
}

/** The rest of a string from its first backslash on. */
function readEscaped(start: number): string {
  let read = source.slice(start, pos);
  let from = pos;
  for (;;) {
    const code = source.charCodeAt(pos);
    if (code === 34) return read + source.slice(from, pos++);
    if (code === 92) {
      read += source.slice(from, pos) + readEscape();
      from = pos;
    } else if (!(code >= 32)) throw badCharacter(code);
    else pos++;
  }
}

const escapes: { readonly [code: number]: string } = {
  34: '"',
  92: '\\',
  47: '/',
  98: '\b',
  102: '\f',
  110: '\n',
  114: '\r',
  116: '\t',
};

function readEscape(): string {
  const at = pos;
  const code = source.charCodeAt(pos + 1);
  if (code !== 117) {
    const plain = escapes[code];
    if (plain === undefined) throw new Refused('invalid_json', 'unknown escape in a string', at);
    pos += 2;
    return plain;
  }
  const unit = readHex();
  if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
  // The text itself holds whole characters only, so the other half must be an escape too.
  if (unit < 0xdc00 && source.charCodeAt(pos) === 92 && source.charCodeAt(pos + 1) === 117) {
    const low = readHex();
    if (low >= 0xdc00 && low <= 0xdfff) return String.fromCharCode(unit, low);
  }
  throw new Refused('lone_surrogate', 'a \\u escape spells a lone surrogate, which is no character', at);
}

/** Reads `\uXXXX` at `pos`. */
function readHex(): number {
  let unit = 0;
  for (let i = pos + 2; i < pos + 6; i++) {
    const code = source.charCodeAt(i);
    const digit =
      code >= 48 && code <= 57
        ? code - 48
        : code >= 97 && code <= 102
          ? code - 87
          : code >= 65 && code <= 70
            ? code - 55
            : -1;
    if (digit < 0) throw new Refused('invalid_json', 'a \\u escape needs four hexadecimal digits', pos);
    unit = unit * 16 + digit;
  }
  pos += 6;
  return unit;
}

function readNumber(first: number): number {
  const start = pos;
  let code = first;
  if (code === 45) code = source.charCodeAt(++pos);
  let value = 0;
  if (code === 48) code = source.charCodeAt(++pos);
  else if (code >= 49 && code <= 57) {
    do value = value * 10 + (code - 48);
    while ((code = source.charCodeAt(++pos)) >= 48 && code <= 57);
  } else throw unexpected('a digit');
  // Fast path: up to 15 digits are exact, and written as they came.
  if (code !== 46 && code !== 101 && code !== 69 && !(code >= 48 && code <= 57) && pos - start <= 15) {
    if (first !== 45) return value;
    if (value !== 0) return -value;
  }
  if (code === 46) {
    if (!isDigit(source.charCodeAt(++pos))) throw unexpected('a digit after the point');
    while (isDigit((code = source.charCodeAt(pos)))) pos++;
  }
  if (code === 101 || code === 69) {
    code = source.charCodeAt(++pos);
    if (code === 43 || code === 45) code = source.charCodeAt(++pos);
    if (!isDigit(code)) throw unexpected('a digit of the exponent');
    while (isDigit((code = source.charCodeAt(pos)))) pos++;
  }
  return exactNumber(source.slice(start, pos), start);
}

function exactNumber(text: string, at: number): number {
  const value = Number(text);
  if (text.length > maxDecimalLength) {
    throw new Refused('number_out_of_range', `a number has more than ${maxDecimalLength} characters`, at);
  }
  if (!Number.isFinite(value)) throw outOfRange(text, 'large', at);
  // What reads as 0 but is not would be judged as another number than the one that is sent.
  if (value === 0 && /^[^eE]*[1-9]/.test(text)) throw outOfRange(text, 'small', at);
  if (/[eE]/.test(text) && !isDecimal(text)) throw outOfRange(text, 'long in its exponent', at);
  if (String(value) !== text) numberText = text;
  return value;
}

function outOfRange(text: string, how: string, at: number): Refused {
  return new Refused('number_out_of_range', `the number ${text.slice(0, 20)} is too ${how}`, at);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function unexpected(wanted: string): Refused {
  return new Refused(
    'invalid_json',
    pos >= end ? `the text ends where ${wanted} should stand` : `unexpected ${shown()}, ${wanted} should stand here`,
    pos,
  );
}

function badCharacter(code: number): Refused {
  const reason = Number.isNaN(code)
    ? 'the text ends inside a string'
    : 'a control character inside a string must be written as \\u escape';
  return new Refused('invalid_json', reason, pos);
}

function shown(): string {
  return quoted(String.fromCodePoint(source.codePointAt(pos)!));
}

/** For reasons: in quotes, control characters escaped, cut. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}
