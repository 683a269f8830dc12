/** Foreign text in Discord's markdown: it stands in code, where nothing pings, links, hides, formats or reorders. */

// Characters that hide or reorder others, and blanks that are no space. Tickets come without them; nothing else is owed.
const hiding = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u2800\u3164\uffa0]|(?! )\p{Zs}/gu;
const written = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');

/** Nothing but a backtick ends code, in a line or in a block. As an escape it still is the same JSON. */
export const inCode = (text: string): string => text.replace(hiding, written).replace(/`/g, '\\u0060');

/** The same, where line breaks may stay: arguments in a block. */
export const inBlock = (text: string): string => text.split('\n').map(inCode).join('\n');

/** One line in code, cut to `length` characters with a mark. */
export function code(text: string, length = 150): string {
  const shown = fits(inCode(text), length);
  const cut = shown.length < inCode(text).length ? '…' : '';
  return `\`${shown === '' ? '(nothing)' : shown}${cut}\``;
}

/** As much of a text as has at most `length` UTF-16 units; Discord counts no more than these. Never half a character. */
export function fits(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = /[\ud800-\udbff]/.test(text[length - 1] ?? '') ? length - 1 : length;
  return text.slice(0, Math.max(0, end));
}
