/** `helio connect CLIENT`: shows the entry that leads a client to Helio, writes it into the client's file, or takes it out. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../config/read.ts';
import { nearest } from '../../config/nearest.ts';
import { exitCodes, helioError } from '../../errors.ts';
import type { JsonObject } from '../../plugin.ts';
import { readRunFile } from '../../run-file.ts';
import { clients, type Client, type Ways } from '../clients/clients.ts';
import { withMember } from '../clients/jsonc.ts';
import { tableOf, withTable } from '../clients/toml.ts';
import { configPathOf } from '../config-path.ts';
import { note, out } from '../terminal.ts';
import { parseUsage } from '../usage.ts';

export async function run(args: readonly string[]): Promise<number> {
  const known = clients();
  const usage = parseUsage(args, (command) =>
    command
      .name('helio connect')
      .description(
        `Shows what leads a client to this Helio. Clients: ${known.map(({ name }) => name).join(', ')}.\n` +
          '--write edits its file, with a copy beside it (.bak).',
      )
      .argument('[client]', 'left out: lists them')
      .option('--write', "put the entry into the client's file")
      .option('--undo', "take the entry out of the client's file")
      .option('--stdio', 'let the client start Helio itself instead of a URL')
      .option('--name <name>', 'what the entry is called', 'helio'),
  );
  if (usage === undefined) return exitCodes.ok;
  const { write, undo, stdio, name, json } = usage.options as { [flag: string]: boolean } & { name: string };
  const wanted = usage.args[0];
  if (wanted === undefined) return list(known, json === true);
  const client = named(known, wanted);
  if (!/^[A-Za-z0-9_-]+$/.test(name))
    throw helioError('HELIO_CLI_USAGE', { detail: `"${name}" is no name for an entry`, command: 'helio connect' });
  if (write && undo)
    throw helioError('HELIO_CLI_USAGE', { detail: '--write and --undo exclude each other', command: 'helio connect' });
  if ((write || undo) && client.files.length === 0)
    throw helioError('HELIO_CLI_USAGE', {
      detail: `${client.title} has no file of servers: enter what "helio connect ${client.name}" shows`,
      command: 'helio connect',
    });
  if (undo) return takeOut(client, name, json === true);
  const ways = await waysOf(configPathOf(usage));
  const byCommand = client.text === undefined && (client.http === undefined || stdio === true);
  const entry = byCommand || client.http === undefined ? client.stdio(ways) : client.http(ways);
  if (!byCommand && new URL(ways.url).port === '0')
    throw helioError('HELIO_CLI_USAGE', {
      detail: 'listen.port is 0, so there is no address before Helio runs: start it, or give it a port',
      command: 'helio connect',
    });
  if (write) return putIn(client, name, entry, json === true);
  return show(client, name, entry, ways, json === true);
}

function list(known: readonly Client[], json: boolean): number {
  const shown = known.map(({ name, title, files }) => ({ name, title, file: files[0] }));
  if (json) out(JSON.stringify({ clients: shown }));
  else
    out(
      shown.map(({ name, title, file }) => `  ${name.padEnd(16)}${title.padEnd(26)}${file ?? ''}`.trimEnd()).join('\n'),
    );
  return exitCodes.ok;
}

function named(known: readonly Client[], wanted: string): Client {
  const found = known.find(({ name }) => name === wanted.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(
    wanted,
    known.map(({ name }) => name),
  );
  throw helioError('HELIO_CLI_USAGE', {
    detail: `unknown client "${wanted}"${near ? ` (did you mean "${near}"?)` : ''}: there are ${known.map(({ name }) => name).join(', ')}`,
    command: 'helio connect',
  });
}

/** The URL of the Helio that runs, else of what helio.yaml says; and the command that starts one for a client. */
export async function waysOf(path: string): Promise<Ways> {
  const file = readConfig(path, process.env);
  const run = await readRunFile(join(file.dir, '.helio'));
  const { host = '127.0.0.1', port = 3000 } = (file.tree['listen'] ?? {}) as { host?: string; port?: number };
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  return {
    url: run?.mcp || `http://${/^(0\.0\.0\.0|::)$/.test(host) ? '127.0.0.1' : host}:${port}/mcp`,
    command: process.execPath,
    args: [main, 'stdio', '-c', file.path],
  };
}

function show(client: Client, name: string, entry: JsonObject, ways: Ways, json: boolean): number {
  const snippet = snippetOf(client, name, entry, ways);
  if (json) {
    const { files, afterwards } = client;
    out(JSON.stringify({ client: client.name, file: files[0], snippet, ...(!client.text && { entry }), afterwards }));
    return exitCodes.ok;
  }
  if (client.files[0] !== undefined) note(`${client.files[0]} (--write puts it there):\n`);
  out(snippet);
  note(`\n${client.afterwards}`);
  return exitCodes.ok;
}

function snippetOf(client: Client, name: string, entry: JsonObject, ways: Ways): string {
  if (client.text !== undefined) return client.text(ways);
  if (client.isToml) return tableOf(name, entry);
  return JSON.stringify({ [client.key]: { [name]: entry } }, null, 2);
}

async function putIn(client: Client, name: string, entry: JsonObject, json: boolean): Promise<number> {
  const path = client.files[0]!;
  const before = await textOf(path);
  const after = edited(client, path, before ?? '', name, entry);
  if (before === after) {
    said(json, { client: client.name, file: path, changed: false }, `${path} leads to Helio already`);
    return exitCodes.ok;
  }
  await replace(path, before, after);
  const copy = before === undefined ? undefined : `${path}.bak`;
  said(
    json,
    { client: client.name, file: path, changed: true, copy },
    `wrote "${name}" to ${path}${copy === undefined ? '' : `; what it was is in ${copy}`}`,
  );
  note(client.afterwards);
  return exitCodes.ok;
}

/** The entry alone goes: what else was changed since stays. */
async function takeOut(client: Client, name: string, json: boolean): Promise<number> {
  const path = client.files[0]!;
  const before = await textOf(path);
  const after = before === undefined ? undefined : edited(client, path, before, name, undefined);
  if (after === before) {
    said(json, { client: client.name, file: path, changed: false }, `${path} has no "${name}"`);
    return exitCodes.ok;
  }
  await replace(path, before, after!);
  said(json, { client: client.name, file: path, changed: true }, `took "${name}" out of ${path}`);
  return exitCodes.ok;
}

const said = (json: boolean, result: object, text: string): void => out(json ? JSON.stringify(result) : text);

const textOf = (path: string): Promise<string | undefined> =>
  existsSync(path) ? readFile(path, 'utf8') : Promise.resolve(undefined);

function edited(client: Client, path: string, text: string, name: string, entry: JsonObject | undefined): string {
  try {
    return client.isToml ? withTable(text, name, entry) : withMember(text, client.key, name, entry);
  } catch (cause) {
    throw helioError(
      'HELIO_CLI_CLIENT_FILE',
      { path, reason: String((cause as Error).message).split('\n')[0]! },
      { cause },
    );
  }
}

/** In one step, so that a client that reads just now sees the old file or the new one; its permissions stay. */
async function replace(shown: string, before: string | undefined, after: string): Promise<void> {
  await mkdir(dirname(shown), { recursive: true });
  const path = before === undefined ? shown : await realpath(shown); // dotfiles are often links
  const mode = before === undefined ? 0o600 : (await stat(path)).mode & 0o777;
  if (before !== undefined) await copyFile(path, `${shown}.bak`);
  const next = `${path}.helio-${process.pid}`;
  await writeFile(next, after, { mode });
  await rename(next, path);
}
