/** Reads the servers of an MCP client's file and turns them into upstreams of helio.yaml. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { helioError } from '../../errors.ts';
import type { Json, JsonObject } from '../../plugin.ts';
import { isHelio, urlOf, type ServersKey } from './clients.ts';
import { readJsonc } from './jsonc.ts';
import { translate, translateArgs, translateUrl, type Translated } from './placeholders.ts';
import { readServers } from './toml.ts';

export interface Imported {
  readonly upstreams: { readonly [name: string]: JsonObject };
  /** Variables to set, each with the place where its value stands now, when it stands there. */
  readonly needs: readonly { readonly name: string; readonly from: string | undefined }[];
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
}

const keys: readonly ServersKey[] = ['mcpServers', 'servers', 'context_servers', 'mcp_servers'];

/** The servers of a file by name, whatever client it belongs to. @throws HELIO_CLI_CLIENT_FILE */
export async function readClientFile(path: string): Promise<{ readonly [name: string]: JsonObject }> {
  const unusable = (reason: string, cause?: unknown) =>
    helioError('HELIO_CLI_CLIENT_FILE', { path, reason }, { cause });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw unusable(
      (cause as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'there is no such file'
        : String((cause as NodeJS.ErrnoException).code),
      cause,
    );
  }
  if (path.endsWith('.toml')) return readServers(text);
  let tree: Json;
  try {
    tree = readJsonc(text);
  } catch (cause) {
    throw unusable('it is not valid JSON', cause);
  }
  const root = asObject(tree);
  const found = keys.map((key) => root[key]).find((servers) => servers !== undefined);
  if (found === undefined) throw unusable(`it has none of ${keys.join(', ')}`);
  return Object.fromEntries(Object.entries(asObject(found)).map(([name, entry]) => [name, asObject(entry)]));
}

/** `taken`: names that other files brought. `urls`: where Helio itself listens. */
export function toUpstreams(
  servers: { readonly [name: string]: JsonObject },
  path: string,
  urls: readonly string[],
  taken: ReadonlySet<string> = new Set(),
): Imported {
  const upstreams: { [name: string]: JsonObject } = {};
  const needs: Imported['needs'][number][] = [];
  const skipped: Imported['skipped'][number][] = [];
  for (const [original, entry] of Object.entries(servers)) {
    const name = upstreamName(original);
    const skip = (why: string) => skipped.push({ name: original, why });
    if (isHelio(entry, urls)) skip('it leads to Helio already');
    else if (entry['disabled'] === true || entry['enabled'] === false) skip('it is switched off there');
    else if (name === '') skip('its name has no letter');
    else if (name in upstreams || taken.has(name)) skip(`there is an upstream "${name}" already`);
    else {
      const built = upstreamOf(entry, name);
      if (built === undefined) {
        skip('it has neither a command nor a URL');
        continue;
      }
      upstreams[name] = built.upstream;
      for (const { name: variable, literal } of built.needs)
        needs.push({ name: variable, from: literal ? `${basename(path)}, "${original}"` : undefined });
    }
  }
  return { upstreams, needs, skipped };
}

function upstreamOf(
  entry: JsonObject,
  name: string,
): { readonly upstream: JsonObject; readonly needs: Translated['needs'] } | undefined {
  const url = urlOf(entry);
  const needs: Translated['needs'][number][] = [];
  const all = (texts: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(texts).map(([key, text]) => {
        const found = translate(String(text), key, name);
        needs.push(...found.needs);
        return [key, found.text];
      }),
    );
  if (url !== undefined) {
    const found = translateUrl(url, name);
    needs.push(...found.needs);
    const headers = all({ ...asObject(entry['headers']), ...asObject(entry['http_headers']) });
    const bearer = entry['bearer_token_env_var'];
    if (typeof bearer === 'string') needs.push({ name: bearer, literal: false });
    const complete = typeof bearer === 'string' ? { ...headers, Authorization: `Bearer \${${bearer}}` } : headers;
    // Some say so; else the usual path of the old transport tells.
    const isSse =
      [entry['type'], entry['transport']].includes('sse') || /\/sse\/?$/.test(new URL(url, 'http://x').pathname);
    return {
      upstream: { url: found.text, ...(isSse && { transport: 'sse' }), ...nonEmpty('headers', complete) },
      needs,
    };
  }
  if (typeof entry['command'] !== 'string') return undefined;
  const args = translateArgs(Array.isArray(entry['args']) ? entry['args'].map(String) : [], name);
  needs.push(...args.needs);
  const { cwd } = entry;
  return {
    upstream: {
      command: entry['command'],
      ...(args.args.length > 0 && { args: args.args }),
      ...nonEmpty('env', all(asObject(entry['env']))),
      ...(typeof cwd === 'string' && !cwd.includes('${') && { cwd }),
    },
    needs,
  };
}

const nonEmpty = (key: string, texts: JsonObject): JsonObject =>
  Object.keys(texts).length > 0 ? { [key]: texts } : {};

const upstreamName = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 32)
    .replace(/-+$/, '');

const asObject = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
