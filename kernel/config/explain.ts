/** Shows errors of helio.yaml on a terminal: `file:line:column path: what is wrong`, the lines around it, what to do. */
import type { HelioError, LocatedProblem } from '../errors.ts';
import { wrapLine } from '../wrap.ts';
import type { ConfigPath, Place } from '../plugin.ts';

export interface Look {
  /** Terminal width. Default 80. */
  readonly columns?: number;
  /** ANSI colours. Default false. */
  readonly colour?: boolean;
}

/** `policies.rules[2].match["a b"]` */
export function formatPath(path: ConfigPath): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text;
}

/** `helio.yaml:14:7` */
export function formatPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}

/** All problems, errors first, each with its code frame; `text` is the file's. Ends without a newline. */
export function formatProblems(problems: readonly LocatedProblem[], text: string | undefined, look: Look = {}): string {
  const rank = (problem: LocatedProblem) => (problem.severity === 'warning' ? 1 : 0);
  const byPlace = (a: LocatedProblem, b: LocatedProblem) =>
    rank(a) - rank(b) || (a.place?.line ?? 0) - (b.place?.line ?? 0) || (a.place?.column ?? 0) - (b.place?.column ?? 0);
  const lines = text?.split(/\r\n|\r|\n/);
  return [...problems]
    .sort(byPlace)
    .map((problem) => formatProblem(problem, lines, look))
    .join('\n\n');
}

function formatProblem(problem: LocatedProblem, lines: readonly string[] | undefined, look: Look): string {
  const { place } = problem;
  const columns = Math.max(40, look.columns ?? 80);
  const paint = look.colour ? paints : plain;
  const path = formatPath(problem.path);
  const head = place ? `${formatPlace(place)} ` : '';
  const where = path === '' ? '' : `${path}: `;
  const kind = problem.severity === 'warning' ? 'warning: ' : '';
  const out = wrapLine(inert(`${head}${kind}${where}${problem.message}`), columns, 2);
  const strong = problem.severity === 'warning' ? paint.yellow : paint.red;
  const shown = [strong(out[0]!), ...out.slice(1).map(strong)];
  if (place && lines && place.line <= lines.length) shown.push(...frame(lines, place, columns).map(paint.dim));
  if (problem.fix) shown.push(...wrapLine(inert(`  fix: ${problem.fix}`), columns, 7));
  return shown.join('\n');
}

/** One line before, the line itself with a caret below it. A long line is cut around the column. */
function frame(lines: readonly string[], place: Place, columns: number): string[] {
  const width = String(place.line).length;
  const room = columns - width - 5;
  const from = place.column - 1 > room - 10 ? place.column - 1 - Math.floor(room / 2) : 0;
  const show = (number: number) => {
    const line = withoutSecrets(inert(lines[number - 1]!));
    const cut = line.slice(from, from + room);
    return `  ${String(number).padStart(width)} | ${cut}`.trimEnd();
  };
  const shown = place.line > 1 && lines[place.line - 2]!.trim() !== '' ? [show(place.line - 1)] : [];
  const caret = `  ${' '.repeat(width)} | ${' '.repeat(Math.max(0, place.column - 1 - from))}^`;
  return [...shown, show(place.line), caret];
}

/** `api_secret: 'hunter2'` on a line that is shown because of its neighbour. Stars keep the columns where they are. */
function withoutSecrets(line: string): string {
  return line.replace(secretMember, (found, name: string, value: string) =>
    value.includes('${') || /(?:url|file|path|field)\W*$/i.test(name) ? found : name + '*'.repeat(value.length),
  );
}
const secretMember =
  /([\w-]*(?:secret|token|passw|api_?key|private_?key|credential|authorization)[\w-]*["']? *: *)("[^"]*"?|'[^']*'?|[^\s,}\]{[]+)/gi;

/** An error for the terminal: what is wrong and what to do, and every problem of the file. */
export function formatError(error: HelioError, text?: string, look: Look = {}): string {
  const columns = look.columns ?? 80;
  const paint = look.colour ? paints : plain;
  const problems = error.problems.length > 0 ? `${formatProblems(error.problems, text, look)}\n\n` : '';
  const place = error.place ? `${formatPlace(error.place)} ` : '';
  const message = wrapLine(inert(`${place}${error.message} [${error.code}]`), columns, 2).map(paint.red);
  return `${problems}${[...message, ...wrapLine(inert(`  fix: ${error.fix}`), columns, 7)].join('\n')}`;
}

/** What a file says must not steer the terminal: control, format and line-separating characters become `?`. */
function inert(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, (character) => (character === '\t' ? ' ' : '?'));
}

const plain = { red: (s: string) => s, yellow: (s: string) => s, dim: (s: string) => s };
const paints = {
  red: (s: string) => `\u001b[31m${s}\u001b[39m`,
  yellow: (s: string) => `\u001b[33m${s}\u001b[39m`,
  dim: (s: string) => `\u001b[2m${s}\u001b[22m`,
};
