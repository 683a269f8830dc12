/** JSON with comments and trailing commas, as clients keep it: read tolerantly, edited without touching the rest. */
import type { Json, JsonObject } from '../../plugin.ts';

/** Comments and trailing commas become spaces, outside strings, so that every position stays the same. */
export function plainJson(text: string): string {
  const blank = (found: string): string => found.replace(/[^\r\n]/g, ' ');
  const withoutComments = text.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\r\n]*|\/\*[\s\S]*?\*\//g, (found) =>
    found.startsWith('"') ? found : blank(found),
  );
  return withoutComments
    .replace(/"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])/g, (found) => (found.startsWith('"') ? found : ' '))
    .replace(/^\ufeff/, ' ');
}

/** @throws SyntaxError */
export const readJsonc = (text: string): Json => JSON.parse(plainJson(text)) as Json;

interface Member {
  readonly key: string;
  /** From the key's quote to behind the value. */
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** The text with `object.member` set to `value` (or taken out, when undefined); all else stays as it stands. */
export function withMember(text: string, object: string, member: string, value: JsonObject | undefined): string {
  if (text.trim() === '')
    return value === undefined ? text : `${JSON.stringify({ [object]: { [member]: value } }, null, 2)}\n`;
  const plain = plainJson(text);
  JSON.parse(plain);
  const root = plain.indexOf('{');
  const outer = membersAt(plain, root).find(({ key }) => key === object);
  if (outer === undefined) {
    if (value === undefined) return text;
    return inserted(text, plain, root, `${JSON.stringify(object)}: ${shown({ [member]: value }, '  ')}`, '  ');
  }
  const inside = membersAt(plain, outer.valueStart);
  const index = inside.findIndex(({ key }) => key === member);
  if (value === undefined) return index < 0 ? text : removed(text, plain, inside, index);
  const line = `${JSON.stringify(member)}: ${shown(value, '    ')}`;
  if (index < 0) return inserted(text, plain, outer.valueStart, line, '    ');
  const { start, end } = inside[index]!;
  return text.slice(0, start) + line + text.slice(end);
}

const shown = (value: Json, indent: string): string => JSON.stringify(value, null, 2).replaceAll('\n', `\n${indent}`);

function inserted(text: string, plain: string, brace: number, line: string, indent: string): string {
  const isEmpty = /^\s*\}/.test(plain.slice(brace + 1));
  const tail = isEmpty ? `\n${indent.slice(2)}` : ',';
  const rest = isEmpty ? text.slice(brace + 1).replace(/^[ \t\r\n]*(?=\})/, '') : text.slice(brace + 1);
  return `${text.slice(0, brace + 1)}\n${indent}${line}${tail}${rest}`;
}

function removed(text: string, plain: string, members: readonly Member[], index: number): string {
  const { start, end } = members[index]!;
  const next = members[index + 1];
  const before = members[index - 1];
  if (next !== undefined) return text.slice(0, start) + text.slice(next.start);
  const comma = before === undefined ? -1 : plain.indexOf(',', before.end);
  const from = before === undefined ? start : comma >= 0 && comma < start ? comma : start;
  return (text.slice(0, from) + text.slice(end)).replace(/\{\s+\}/, '{}');
}

/** The members of the object that opens at `brace`, in valid JSON. */
function membersAt(plain: string, brace: number): readonly Member[] {
  const members: Member[] = [];
  let at = skipSpace(plain, brace + 1);
  while (plain[at] === '"') {
    const start = at;
    const keyEnd = skipValue(plain, at);
    const valueStart = skipSpace(plain, plain.indexOf(':', keyEnd) + 1);
    const end = skipValue(plain, valueStart);
    members.push({ key: JSON.parse(plain.slice(start, keyEnd)) as string, start, valueStart, end });
    at = skipSpace(plain, end);
    if (plain[at] === ',') at = skipSpace(plain, at + 1);
  }
  return members;
}

function skipSpace(plain: string, at: number): number {
  while (/\s/.test(plain[at] ?? '')) at++;
  return at;
}

function skipValue(plain: string, at: number): number {
  if (plain[at] === '"') {
    for (at++; plain[at] !== '"'; at++) if (plain[at] === '\\') at++;
    return at + 1;
  }
  if (plain[at] !== '{' && plain[at] !== '[') return at + /^[^\s,}\]]*/.exec(plain.slice(at))![0].length;
  let depth = 0;
  do {
    if (plain[at] === '"') at = skipValue(plain, at) - 1;
    else if ('{['.includes(plain[at]!)) depth++;
    else if ('}]'.includes(plain[at]!)) depth--;
    at++;
  } while (depth > 0);
  return at;
}
