/** The server behind `helio stdio -- COMMAND ARGS...`, in the place of the upstream that helio.yaml names. */
import { resolve } from 'node:path';
import type { ConfigFile } from '../config/read.ts';
import { helioError } from '../errors.ts';
import type { Json, JsonObject } from '../plugin.ts';

/** What an entry of helio.yaml says about any server, so that a command line loosens nothing. */
const kept = ['annotations', 'timeout'] as const;

/** The command keeps its folder and its environment: as if Helio were not there. */
export function wrappedUpstream(file: ConfigFile, command: readonly string[], name: string | undefined): ConfigFile {
  const { upstream, upstreams, ...rest } = file.tree;
  const known = knownEntry(upstream, upstreams, name);
  const ownName = name === undefined ? known['name'] : undefined;
  const entry: JsonObject = {
    ...(ownName !== undefined && { name: ownName }),
    ...Object.fromEntries(kept.flatMap((key) => (known[key] === undefined ? [] : [[key, known[key]]]))),
    ...programOf(command),
    cwd: process.cwd(),
    inherit_env: true,
  };
  const tree = { ...rest, ...(name === undefined ? { upstream: entry } : { upstreams: { [name]: entry } }) };
  return { ...file, tree };
}

/** `helio stdio --name N` without a command: that one of the upstreams alone. */
export function namedUpstream(file: ConfigFile, name: string): ConfigFile {
  const { upstream: _lone, upstreams, ...rest } = file.tree;
  const entry = asObject(upstreams)[name];
  if (entry === undefined)
    throw helioError('HELIO_CLI_USAGE', {
      detail: `${file.shown} has no upstream "${name}"${namesOf(upstreams)}`,
      command: 'helio stdio',
    });
  return { ...file, tree: { ...rest, upstreams: { [name]: entry } } };
}

function knownEntry(upstream: Json | undefined, upstreams: Json | undefined, name: string | undefined): JsonObject {
  const entries = asObject(upstreams);
  const own = name === undefined ? undefined : entries[name];
  if (own !== undefined) return asObject(own);
  if (upstream !== undefined) return asObject(upstream);
  const isDoubted = Object.values(entries).some((entry) => asObject(entry)['annotations'] === 'untrusted');
  return isDoubted ? { annotations: 'untrusted' } : {};
}

function programOf([command, ...args]: readonly string[]): JsonObject {
  // npx and its kin are .cmd files there, which only cmd.exe starts.
  if (process.platform === 'win32' && !/\.(exe|com)$/i.test(command!))
    return { command: process.env['ComSpec'] ?? 'cmd.exe', args: ['/d', '/s', '/c', command!, ...args] };
  return { command: /[\\/]/.test(command!) ? resolve(command!) : command!, args };
}

const asObject = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

function namesOf(upstreams: Json | undefined): string {
  const names = Object.keys(asObject(upstreams));
  return names.length > 0 ? `: there are ${names.join(', ')}` : '';
}
