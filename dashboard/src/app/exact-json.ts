/** JSON as it was written: a number that a binary float would change keeps its text, so that what is shown is what was sent. */

/** A number whose text a float cannot keep. */
export class ExactNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

interface Context {
  readonly source?: string;
}
type Reviver = (key: string, value: unknown, context?: Context) => unknown;

/** Parses JSON; browsers without source text in the reviver (before 2024) get plain numbers. */
export function parseExact(text: string): unknown {
  const keep: Reviver = (_key, value, context) => {
    if (typeof value !== 'number' || context?.source === undefined) return value;
    return String(value) === context.source || plain(context.source) === plain(String(value))
      ? value
      : new ExactNumber(context.source);
  };
  return JSON.parse(text, keep as (key: string, value: unknown) => unknown);
}

/** `1.50` and `1.5` are the same number and need no exact text. */
function plain(source: string): string {
  return /^-?\d+\.\d+$/.test(source) ? source.replace(/0+$/, '').replace(/\.$/, '') : source;
}

/** JSON text, indented, exact numbers written as they came. */
export function writeExact(value: unknown, indent = 2): string {
  const marks: string[] = [];
  const text = JSON.stringify(
    value,
    (_key, part: unknown) => {
      if (!(part instanceof ExactNumber)) return part;
      marks.push(part.text);
      return `\u0000${marks.length - 1}\u0000`;
    },
    indent,
  );
  return (text ?? 'null').replace(/"\\u0000(\d+)\\u0000"/g, (_whole, index: string) => marks[Number(index)] ?? '0');
}
