/** Text that a person decides on: what could hide or reorder characters is written out as `\uXXXX`. */
import { decimalAt, type Json } from '@gethelio/proxy/plugin';

// Control and format characters (bidi, zero width, tags), line separators, unassigned, private use, lone surrogates,
// blank fillers that render as nothing, variation selectors, and every space that is not the plain one.
const hiding =
  /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}]|(?! )\p{Zs}/gu;

/** One line: `pay\u202eecived`. The result is still plain text, not HTML or markup. */
export function visible(text: string): string {
  return text.replace(hiding, (character) =>
    Array.from({ length: character.length }, (_, i) => hex(character.charCodeAt(i))).join(''),
  );
}

const hex = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;

/** Longest text that a ticket keeps; its hash is over everything. */
export const maxArgumentsLength = 256 * 1024;

/** Arguments as indented JSON with the client's exact numbers; still valid JSON unless it was cut. */
export function argumentsText(root: Json): { readonly text: string; readonly cut: boolean } {
  let text = '';
  // Stops at the limit: a million numbers must not cost a second of everybody's time.
  const write = (value: Json, path: string, indent: string): boolean => {
    if (text.length > maxArgumentsLength) return false;
    if (typeof value !== 'object' || value === null) {
      text += typeof value === 'number' ? (decimalAt(root as never, path) ?? String(value)) : quoted(value);
      return true;
    }
    const isArray = Array.isArray(value);
    const inner = `\n${indent}  `;
    let before = isArray ? '[' : '{';
    for (const [key, item] of Object.entries(value) as [string, Json][]) {
      text += before + inner + (isArray ? '' : `${quoted(key)}: `);
      if (!write(item, `${path}[${isArray ? key : memberKey(key)}]`, `${indent}  `)) return false;
      before = ',';
    }
    text += before === ',' ? `\n${indent}${isArray ? ']' : '}'}` : isArray ? '[]' : '{}';
    return true;
  };
  const whole = write(root, '$', '') && text.length <= maxArgumentsLength;
  return {
    text: whole ? text : `${text.slice(0, maxArgumentsLength)}\n[cut here: the rest is not shown]`,
    cut: !whole,
  };
}

const quoted = (value: string | boolean | null): string => visible(JSON.stringify(value));
const memberKey = (key: string): string => `"${key.replace(/["\\]/g, '\\$&')}"`;
