/** The `mcp_servers` tables of Codex' config.toml: read, set and taken out. Everything else in the file is left alone. */
import type { Json, JsonObject } from '../../plugin.ts';

const header = /^\s*\[\s*mcp_servers\s*\.\s*("(?:[^"\\]|\\.)*"|'[^']*'|[\w-]+)\s*(?:\.\s*(\w+)\s*)?\]\s*(?:#.*)?$/;
const anyHeader = /^\s*\[/;

/** Every server by name. Values that are no text, list or table of text are passed over: only those say what a server is. */
export function readServers(text: string): { readonly [name: string]: JsonObject } {
  const servers: { [name: string]: { [key: string]: Json } } = {};
  let into: { [key: string]: Json } | undefined;
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const found = header.exec(line);
    if (found) {
      const server = (servers[unquoted(found[1]!)] ??= {});
      into = found[2] === undefined ? server : ((server[found[2]] ??= {}) as { [key: string]: Json });
    } else if (anyHeader.test(line)) into = undefined;
    else if (into !== undefined) {
      const pair = /^\s*("[^"]*"|[\w-]+)\s*=\s*(.*)$/.exec(line);
      if (!pair) continue;
      let rest = pair[2]!;
      while (rest.startsWith('[') && !isClosed(rest) && at + 1 < lines.length) rest += `\n${lines[++at]!}`;
      const value = readValue(rest);
      if (value !== undefined) into[unquoted(pair[1]!)] = value;
    }
  }
  return servers;
}

const texts = /"(?:[^"\\]|\\.)*"|'[^']*'/g;
const isClosed = (list: string): boolean => list.replace(texts, '').replace(/#.*$/gm, '').includes(']');

function readValue(text: string): Json | undefined {
  const first = text.trim();
  if (/^["']/.test(first)) return unquoted(first.match(texts)![0]);
  if (first.startsWith('[')) return (withoutComments(first).match(texts) ?? []).map(unquoted);
  if (first.startsWith('{'))
    return Object.fromEntries(
      [...first.matchAll(/("[^"]*"|[\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*')/g)].map(([, key, value]) => [
        unquoted(key!),
        unquoted(value!),
      ]),
    );
  if (/^(true|false)\b/.test(first)) return first.startsWith('true');
  return undefined;
}

const withoutComments = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|'[^']*'|#.*$/gm, (found) => (found.startsWith('#') ? '' : found));

function unquoted(text: string): string {
  if (text.startsWith("'")) return text.slice(1, -1);
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text) as string; // basic strings of TOML escape as JSON does, but for \UXXXXXXXX
  } catch {
    return text.slice(1, -1);
  }
}

/** The table of one server, as it stands in the file. */
export function tableOf(name: string, entry: JsonObject): string {
  const rows = Object.entries(entry).map(([key, value]) => `${key} = ${tomlValue(value)}`);
  return [`[mcp_servers.${name}]`, ...rows, ''].join('\n');
}

function tomlValue(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, member]) => `${JSON.stringify(key)} = ${tomlValue(member)}`)
      .join(', ')} }`;
  return JSON.stringify(value);
}

/** The text with the server's table set, or taken out when `entry` is undefined. */
export function withTable(text: string, name: string, entry: JsonObject | undefined): string {
  const kept: string[] = [];
  let isOurs = false;
  for (const line of text.split('\n')) {
    const found = header.exec(line);
    if (found) isOurs = unquoted(found[1]!) === name;
    else if (anyHeader.test(line)) isOurs = false;
    if (!isOurs) kept.push(line);
  }
  const rest = kept.join('\n').replace(/\n+$/, '');
  if (entry === undefined) return rest === '' ? '' : `${rest}\n`;
  return `${rest}${rest === '' ? '' : '\n\n'}${tableOf(name, entry)}`;
}
