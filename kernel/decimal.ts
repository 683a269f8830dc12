/** Exact decimal arithmetic on texts: money, limits and digests never see a binary float. */

/** Longest text that counts as a number; it bounds the time that a hostile number can cost. */
export const maxDecimalLength = 1024;
/** Largest power of ten, either way: every finite JSON number fits (1.8e308, 5e-324). */
const maxExponent = 400;

/** JSON's number grammar (RFC 8259 section 6): no plus sign, no leading zeros, digits on both sides of the point. */
const grammar = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,4}))?$/;

/** `digits` times ten to the power of minus `scale`. */
interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

function parse(text: string): Decimal | undefined {
  if (text.length > maxDecimalLength) return undefined;
  const found = grammar.exec(text);
  if (!found) return undefined;
  const [, sign, whole, fraction = '', exponentText = '0'] = found;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > maxExponent) return undefined;
  const magnitude = BigInt(whole + fraction);
  const scale = fraction.length - exponent;
  const digits = sign ? -magnitude : magnitude;
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

/** A whole number of up to 15 digits, which a double holds exactly; undefined for every other text. Counters are such. */
function small(text: string): number | undefined {
  if (
    typeof text !== 'string' ||
    text.length === 0 ||
    text.length > 15 ||
    (text.length > 1 && text.charCodeAt(0) === 48)
  )
    return undefined;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 57) return undefined;
  }
  return Number(text);
}

function read(text: string): Decimal {
  const decimal = parse(text);
  if (!decimal) throw new TypeError(`not a decimal number: ${JSON.stringify(String(text).slice(0, 40))}`);
  return decimal;
}

/** Plain digits: no exponent, no trailing zeros in the fraction, `0` instead of `-0`. */
function write({ digits, scale }: Decimal): string {
  if (scale === 0) return String(digits);
  const negative = digits < 0n;
  const text = String(negative ? -digits : digits).padStart(scale + 1, '0');
  const whole = text.slice(0, -scale);
  let end = scale;
  const fraction = text.slice(-scale);
  while (end > 0 && fraction.charCodeAt(end - 1) === 48) end--;
  const plain = end === 0 ? whole : `${whole}.${fraction.slice(0, end)}`;
  return negative ? `-${plain}` : plain;
}

function align(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  const raise = (d: Decimal) => (d.scale === scale ? d.digits : d.digits * 10n ** BigInt(scale - d.scale));
  return [raise(a), raise(b), scale];
}

/** Whether a text is a number that the other functions take: JSON's grammar, at most 1024 characters, exponent within ±400. */
export function isDecimal(text: string): boolean {
  return small(text) !== undefined || parse(text) !== undefined;
}

/**
 * One text per value: `1`, `1.0` and `1e0` are all `1`; `-0` is `0`.
 * @throws TypeError when the text is no decimal; so do all functions below.
 */
export function normaliseDecimal(text: string): string {
  return small(text) === undefined ? write(read(text)) : text;
}

/** `addDecimal('0.1', '0.2')` is `0.3`. */
export function addDecimal(a: string, b: string): string {
  const [smallA, smallB] = [small(a), small(b)];
  if (smallA !== undefined && smallB !== undefined) return String(smallA + smallB); // below 2^53
  const [left, right, scale] = align(read(a), read(b));
  return write({ digits: left + right, scale });
}

export function subtractDecimal(a: string, b: string): string {
  const [left, right, scale] = align(read(a), read(b));
  return write({ digits: left - right, scale });
}

export function multiplyDecimal(a: string, b: string): string {
  const [left, right] = [read(a), read(b)];
  return write({ digits: left.digits * right.digits, scale: left.scale + right.scale });
}

export function negateDecimal(text: string): string {
  const { digits, scale } = read(text);
  return write({ digits: -digits, scale });
}

/** Negative, zero or positive, as for `sort`. */
export function compareDecimal(a: string, b: string): -1 | 0 | 1 {
  const [smallA, smallB] = [small(a), small(b)];
  if (smallA !== undefined && smallB !== undefined) return smallA < smallB ? -1 : smallA > smallB ? 1 : 0;
  const [left, right] = align(read(a), read(b));
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The sum of a list; of an empty one `0`. */
export function sumDecimals(texts: Iterable<string>): string {
  let total: Decimal = { digits: 0n, scale: 0 };
  for (const text of texts) {
    const [left, right, scale] = align(total, read(text));
    total = { digits: left + right, scale };
  }
  return write(total);
}
