/** From an entry of `plugins:` to a plugin: a standard name, an npm package, or a file beside helio.yaml. */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve as resolveImport } from 'import-meta-resolve';
import { helioError } from '../errors.ts';
import type { Json, PluginDefinition } from '../plugin.ts';
import { checkPlugin } from './check.ts';
import { createDecider } from './decider.ts';
import { importPlugin } from './import.ts';
import type { StandardPlugin } from './standard.ts';

/** One entry of the list, completed. */
export interface PluginEntry {
  readonly use: string;
  /** Overrides every deadline of the plugin's taps, milliseconds. */
  readonly timeoutMs?: number;
  readonly onError?: 'continue';
  /** In place of a section of its own. */
  readonly config?: Json;
  /** Its place in `plugins:`. */
  readonly index?: number;
}
export interface ResolvedPlugin {
  readonly entry: PluginEntry;
  readonly definition: PluginDefinition;
  readonly source: 'standard' | 'package' | 'file' | 'url';
  readonly version: string;
  readonly implied: boolean;
  /** The folder that its panel files may come from. */
  readonly folder: string | undefined;
}

/**
 * Imports and checks a plugin. Packages are found from the folder of helio.yaml, not from Helio's own
 * (import-meta-resolve: createRequire does not find ESM-only packages).
 * Throws HELIO_PLUGIN_NOT_FOUND, HELIO_PLUGIN_IMPORT, and what `checkPlugin` throws.
 */
export async function resolvePlugin(
  entry: PluginEntry,
  configDir: string,
  standard: readonly StandardPlugin[],
  helioVersion: string,
  implied = false,
): Promise<ResolvedPlugin> {
  const { use } = entry;
  const known = standard.find(({ name }) => name === use);
  if (known !== undefined) {
    const definition = checkPlugin((await known.load()).default, use);
    return { entry, definition, source: 'standard', version: helioVersion, implied, folder: undefined };
  }
  if (/^https?:/i.test(use)) {
    const definition = createDecider(use);
    return { entry, definition, source: 'url', version: '0.0.0', implied, folder: undefined };
  }
  const isFile = use.startsWith('.') || isAbsolute(use);
  const url = isFile ? fileUrl(use, configDir) : packageUrl(use, configDir, standard);
  const module = await importPlugin(url, use);
  const definition = checkPlugin((module as { default?: unknown }).default, use);
  const folder = dirname(fileURLToPath(url));
  const version = definition.version ?? (await packageVersion(folder)) ?? '0.0.0';
  return { entry, definition, source: isFile ? 'file' : 'package', version, implied, folder };
}

function fileUrl(use: string, configDir: string): string {
  const path = resolve(configDir, use);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw notFound(use, `there is no file ${path}`);
  if (!found.isFile()) throw notFound(use, `name a file: ${path} is a folder`);
  return pathToFileURL(path).href;
}

function packageUrl(use: string, configDir: string, standard: readonly StandardPlugin[]): string {
  let url: string;
  try {
    url = resolveImport(use, pathToFileURL(join(configDir, 'helio.yaml')).href);
  } catch (cause) {
    throw notFound(use, adviceFor(use, configDir, standard, cause as { code?: string; message: string }));
  }
  // `node:fs`, `data:text/javascript,...`: specifiers that Node would import and that are no packages.
  if (!url.startsWith('file:')) throw notFound(use, 'name a standard plugin, an npm package or a file (./plugin.js)');
  return url;
}

function adviceFor(
  use: string,
  configDir: string,
  standard: readonly StandardPlugin[],
  { code, message }: { readonly code?: string; readonly message: string },
): string {
  const near = standard.find(({ name }) => name.replaceAll('-', '') === use.toLowerCase().replaceAll(/[-_]/g, ''));
  if (near !== undefined) return `did you mean "${near.name}"?`;
  if (existsSync(resolve(configDir, use))) return `a file is written with ./ in front: ./${use}`;
  const [, name, subpath] = /^((?:@[^/@\s]+\/)?[^/@\s]+)(\/.+)?$/.exec(use) ?? [];
  if (name === undefined || /[:\\]/.test(name)) return 'name a standard plugin, an npm package or a file (./plugin.js)';
  if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED')
    return `${name} is installed, but offers no ${subpath ?? 'main module'}`;
  const folder = join(configDir, 'node_modules', name);
  if (existsSync(folder)) return `${folder} is there, but broken: ${message.split('\n')[0]!}`;
  return `install it beside helio.yaml, in ${configDir}: npm install ${name}`;
}

const notFound = (use: string, fix: string): Error => helioError('HELIO_PLUGIN_NOT_FOUND', { use, fix });

async function packageVersion(folder: string): Promise<string | undefined> {
  for (let dir = folder, up = 0; up < 6; up++, dir = dirname(dir)) {
    const text = await readFile(join(dir, 'package.json'), 'utf8').catch(() => undefined);
    const version = text === undefined ? undefined : versionIn(text);
    if (version !== undefined) return version;
  }
  return undefined;
}

/** A package.json without a version says no more than the module type of its folder. */
function versionIn(text: string): string | undefined {
  try {
    const { version } = JSON.parse(text) as { version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined; // its module was imported: the version is not worth a failure
  }
}
