/** A table for people: cut to the terminal's width, whole in a pipe. */
import { columns, isTerminal } from './terminal.ts';

const gap = 2;
const leastWidth = 8;

/** Rows of cells under their heads. The widest column gives way first when the terminal is narrow. */
export function formatTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heads, ...rows];
  const widths = heads.map((_, index) => Math.max(...all.map((row) => (row[index] ?? '').length)));
  const room = isTerminal() ? columns() : Number.POSITIVE_INFINITY;
  const total = (): number => widths.reduce((sum, width) => sum + width + gap, -gap);
  while (total() > room) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= leastWidth) break;
    widths[widest]!--;
  }
  return all
    .map((row) =>
      row
        .map((cell, index) => fit(cell, widths[index]!, index === row.length - 1))
        .join(' '.repeat(gap))
        .trimEnd(),
    )
    .join('\n');
}

function fit(cell: string, width: number, isLast: boolean): string {
  if (cell.length > width) return `${cell.slice(0, width - 1)}…`;
  return isLast ? cell : cell.padEnd(width);
}
