/** Rows for people: one line each, cut to the terminal; and one row in full. */
import { wrapLine } from '@gethelio/proxy/plugin';
import type { AuditRow, AuditSummary } from '../contract.ts';

/** Nothing that came from outside moves the cursor, rings, hides or turns the line around. */
export function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (character) =>
    character === '\n' ? '⏎' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A wide terminal shows the day and long names; a narrow one keeps room for why. */
function widths(columns: number) {
  return columns < 120 ? { time: 8, tool: 18, who: 10 } : { time: 19, tool: 24, who: 16 };
}

const labelWidth = 16;
/** What happened to Helio, not to a call: it has an outcome only where it failed. */
const callKinds = ['call', 'list', 'request', 'refusal'];

export function summaryLine(row: AuditSummary, columns: number): string {
  const { time, tool, who } = widths(columns);
  const when = row.time.slice(0, 19).replace('T', ' ').slice(-time);
  const what = row.tool ?? row.method ?? row.kind;
  const became = row.outcome === 'forwarded' && !callKinds.includes(row.kind) ? '' : row.outcome;
  const why = row.outcome === 'forwarded' ? '' : (row.rule ?? row.code ?? '');
  const rest = [why, row.arguments_line ?? ''].filter(Boolean).join('  ');
  const line = `${when}  ${cell(became, 9)}  ${cell(what, tool)}  ${cell(row.agent ?? row.session ?? '', who)}  ${milliseconds(row.total_ms)}  ${rest}`;
  return cut(printable(line), columns);
}
export function summaryHeading(columns: number): string {
  const { time, tool, who } = widths(columns);
  const heading = `${'UTC'.padEnd(time)}  OUTCOME    ${'TOOL'.padEnd(tool)}  ${'WHO'.padEnd(who)}        MS  WHY, ARGUMENTS`;
  return cut(heading, columns);
}

export function rowPage(row: AuditRow, columns = Infinity): string {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(row)) {
    const isEmpty =
      value === null ||
      value === '' ||
      (Array.isArray(value) && value.length === 0) ||
      (isObject(value) && Object.keys(value).length === 0);
    if (isEmpty) continue;
    if (typeof value !== 'object')
      lines.push(...wrapLine(`${name.padEnd(labelWidth)}${printable(String(value))}`, columns, labelWidth));
    else
      lines.push(
        name,
        ...JSON.stringify(value, null, 2)
          .split('\n')
          .flatMap((line) => wrapLine(`  ${printable(line)}`, columns, 6 + /^ */.exec(line)![0].length)),
      );
  }
  return lines.join('\n');
}

function cell(text: string, width: number): string {
  return cut(printable(text), width).padEnd(width);
}
function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}
function milliseconds(ms: number): string {
  return (ms < 100 ? ms.toFixed(1) : ms.toFixed(0)).padStart(8);
}
function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
