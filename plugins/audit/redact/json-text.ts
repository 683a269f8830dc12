/** Redacts JSON text without parsing it into values: what stays keeps its bytes, exact numbers included. */
import type { CompiledRules, Mode } from './rules.ts';

/** Deeper JSON is not looked through: the caller then keeps nothing of it. */
const maxDepth = 400;
/** Shorter values (`123`, `yes`) are not searched for elsewhere: too much else reads the same. */
const minTraceLength = 5;

/** Searching for more than this many values in every text of a row would cost more than the row. */
const maxTaken = 1_000;

/** Values that were taken out, with what stands in their place: to be taken out of other texts of the same row too. */
export type Taken = Map<string, string>;

/** Not valid JSON, or too deep: nothing of it may be kept. */
export class UnreadableJson extends Error {}

/**
 * The text with configured keys and paths replaced; `base` is where it stands in the row. Strings that hold JSON are
 * looked through as well, and `key: value`, `key=value` inside sentences. What was taken is added to `taken`.
 */
export function redactJson(text: string, rules: CompiledRules, base: readonly string[], taken: Taken): string {
  const steps = [...base];
  let at = 0;
  let depth = 0;

  function fail(): never {
    throw new UnreadableJson(`unreadable JSON at character ${at}`);
  }
  function space(): void {
    while (at < text.length && ' \n\r\t'.includes(text[at]!)) at += 1;
  }
  function stringToken(): string {
    if (text[at] !== '"') fail();
    const from = at;
    for (at += 1; at < text.length; at += 1) {
      if (text[at] === '\\') at += 1;
      else if (text[at] === '"') {
        at += 1;
        return text.slice(from, at);
      }
    }
    return fail();
  }

  /** One value; with `mode` it is replaced whole. Undefined: it is dropped. */
  function value(mode: Mode | undefined): string | undefined {
    space();
    const by = mode ?? (rules.hasPaths ? rules.forPath(steps) : undefined);
    if (by) {
      const from = at;
      skip();
      return replaced(text.slice(from, at), by, rules, taken);
    }
    const first = text[at];
    if (first === '{' || first === '[') {
      if ((depth += 1) > maxDepth) fail();
      const out = first === '{' ? object() : array();
      depth -= 1;
      return out;
    }
    if (first === '"') return redactString(stringToken(), rules, steps, taken);
    return scalar();
  }

  function object(): string {
    const members: string[] = [];
    at += 1;
    space();
    if (text[at] === '}') return ((at += 1), '{}');
    for (;;) {
      space();
      const token = stringToken();
      const key = JSON.parse(token) as string;
      space();
      if (text[at] !== ':') fail();
      at += 1;
      steps.push(key);
      const member = value(rules.forKey(key));
      steps.pop();
      if (member !== undefined) members.push(`${token}:${member}`);
      space();
      if (text[at] === '}') break;
      if (text[at] !== ',') fail();
      at += 1;
    }
    at += 1;
    return `{${members.join(',')}}`;
  }

  function array(): string {
    const items: string[] = [];
    at += 1;
    space();
    if (text[at] === ']') return ((at += 1), '[]');
    for (;;) {
      steps.push(String(items.length));
      items.push(value(undefined) ?? 'null');
      steps.pop();
      space();
      if (text[at] === ']') break;
      if (text[at] !== ',') fail();
      at += 1;
    }
    at += 1;
    return `[${items.join(',')}]`;
  }

  function scalar(): string {
    const found = /[-+0-9.eE]+|true|false|null/y;
    found.lastIndex = at;
    const token = found.exec(text)?.[0];
    if (token === undefined) return fail();
    at += token.length;
    return token;
  }

  /** Passes over one value, however deep, without recursion. */
  function skip(): void {
    let open = 0;
    do {
      space();
      const next = text[at];
      if (next === '{' || next === '[') ((open += 1), (at += 1));
      else if (next === '}' || next === ']') ((open -= 1), (at += 1));
      else if (next === ',' || next === ':') at += 1;
      else if (next === '"') stringToken();
      else scalar();
      space();
    } while (open > 0 && at < text.length);
    if (open !== 0) fail();
  }

  const out = value(undefined);
  space();
  if (at !== text.length) fail();
  return out ?? 'null';
}

/** Takes a value out and remembers it. The hash of a string is over its characters, of anything else over its JSON. */
function replaced(token: string, mode: Mode, rules: CompiledRules, taken: Taken): string | undefined {
  const plain = token.startsWith('"') ? (JSON.parse(token) as string) : token;
  const by = rules.replace(mode, plain);
  remember(token, by ?? '', taken);
  return by === undefined ? undefined : JSON.stringify(by);
}

function remember(token: string, by: string, taken: Taken): void {
  for (const [found] of token.matchAll(/"(?:[^"\\]|\\.)*"(?!\s*:)|-?[0-9][-+0-9.eE]*/g)) {
    const plain = found.startsWith('"') ? (JSON.parse(found) as string) : found;
    if (plain.length >= minTraceLength && taken.size < maxTaken) taken.set(plain, by);
  }
}

function redactString(token: string, rules: CompiledRules, steps: readonly string[], taken: Taken): string {
  if (token.length < 4) return token;
  const text = JSON.parse(token) as string;
  const redacted = redactText(text, rules, steps, taken);
  return redacted === text ? token : JSON.stringify(redacted);
}

/** A sentence, or JSON inside a string. */
export function redactText(text: string, rules: CompiledRules, steps: readonly string[], taken: Taken): string {
  if (/^\s*[{[]/.test(text)) {
    try {
      return redactJson(text, rules, steps, taken);
    } catch {
      // No JSON after all: a sentence that begins with a bracket, or a broken message. What a named key holds in it
      // cannot be told when it is more than a scalar, so nothing of it is kept.
      for (const [, key] of text.matchAll(/"((?:[^"\\]|\\.){1,100})"\s*:\s*[{[]/g))
        if (rules.forKey(key!)) return '(unreadable)';
    }
  }
  return redactSentence(text, rules);
}

const named = /(?<![\p{L}\p{N}_.-])([\p{L}_][\p{L}\p{N}_.-]{0,99})["']?\s*[:=]\s*/gu;
const namedValue = /"[^"]*"|'[^']*'|[^\s,;&"'}\])]+/y;

/** Replaces what stands behind `key: ` and `key=`. Names first, values only of those that match: linear time. */
function redactSentence(text: string, rules: CompiledRules): string {
  let out = '';
  let from = 0;
  for (const found of text.matchAll(named)) {
    const [whole, key] = found as unknown as [string, string];
    const mode = rules.forKey(key) ?? rules.forKey(key.slice(key.lastIndexOf('.') + 1));
    const at = found.index + whole.length;
    if (!mode || at < from) continue;
    namedValue.lastIndex = at;
    const value = namedValue.exec(text)?.[0];
    if (value === undefined) continue;
    const quote = /^["']/.exec(value)?.[0] ?? '';
    const by = rules.replace(mode, quote ? value.slice(1, -1) : value) ?? '';
    out += `${text.slice(from, at)}${quote}${by}${quote}`;
    from = at + value.length;
  }
  return out + text.slice(from);
}

/** The JSON text with every taken value replaced inside its strings and keys. */
export function scrubJson(text: string, taken: Taken): string {
  if (taken.size === 0) return text;
  const scrubbed = text.replace(/"(?:[^"\\]|\\.)*"/g, (token) => {
    const plain = token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1);
    const clean = scrubText(plain, taken);
    return clean === plain ? token : JSON.stringify(clean);
  });
  return scrubNumbers(scrubbed, taken);
}

/** The sentence with every taken value replaced. Longer values first, so that none hides a part of another. */
export function scrubText(text: string, taken: Taken): string {
  let clean = text;
  for (const value of [...taken.keys()].sort((a, b) => b.length - a.length))
    if (clean.includes(value)) clean = clean.replaceAll(value, () => taken.get(value) || '***');
  return clean;
}

/** A number that was taken out as a string, or the other way round, is the same secret. */
function scrubNumbers(text: string, taken: Taken): string {
  const numbers = [...taken.keys()].filter((value) => /^-?[0-9][-+0-9.eE]*$/.test(value));
  if (numbers.length === 0) return text;
  return text.replace(/"(?:[^"\\]|\\.)*"|-?[0-9][-+0-9.eE]*/g, (token) =>
    token.startsWith('"') || !numbers.includes(token) ? token : JSON.stringify(taken.get(token) || '***'),
  );
}
