/** Lines for a terminal. */

/**
 * Breaks a line at spaces; what follows the first break is indented. A word longer than the line stays whole, so that it
 * can be copied. `columns: Infinity` (a pipe) breaks nothing.
 */
export function wrapLine(text: string, columns: number, indent: number): string[] {
  if (text.length <= columns) return [text];
  const lines: string[] = [];
  let line = /^ */.exec(text)![0];
  let isFresh = true;
  for (const word of text.trimStart().split(' ')) {
    if (!isFresh && line.length + 1 + word.length > columns) {
      lines.push(line.trimEnd());
      line = ' '.repeat(indent);
      isFresh = true;
    }
    line += isFresh ? word : ` ${word}`;
    isFresh = false;
  }
  return [...lines, line];
}
