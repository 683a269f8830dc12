/** From an entry of `plugins:` to a plugin: a standard name, an npm package, or a file beside helio.yaml. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve as resolveImport } from 'import-meta-resolve';
import { helioError, isHelioError } from '../errors.ts';
import type { Json, PluginDefinition } from '../plugin.ts';
import { checkPlugin } from './check.ts';
import { createDecider } from './decider.ts';
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
  const module = await importModule(url, use);
  const definition = checkPlugin((module as { default?: unknown }).default, use);
  const folder = dirname(fileURLToPath(url));
  const version = definition.version ?? (await packageVersion(folder)) ?? '0.0.0';
  return { entry, definition, source: isFile ? 'file' : 'package', version, implied, folder };
}

function fileUrl(use: string, configDir: string): string {
  const path = resolve(configDir, use);
  if (!existsSync(path)) throw helioError('HELIO_PLUGIN_NOT_FOUND', { use, fix: `There is no file ${path}.` });
  return pathToFileURL(path).href;
}

function packageUrl(use: string, configDir: string, standard: readonly StandardPlugin[]): string {
  try {
    return resolveImport(use, pathToFileURL(join(configDir, 'helio.yaml')).href);
  } catch {
    const near = standard.find(
      ({ name }) => name.replaceAll('-', '') === use.toLowerCase().replaceAll(/[-_]/g, ''),
    )?.name;
    const fix = near === undefined ? `Install it beside helio.yaml: npm install ${use}` : `Did you mean "${near}"?`;
    throw helioError('HELIO_PLUGIN_NOT_FOUND', { use, fix });
  }
}

async function importModule(url: string, use: string): Promise<unknown> {
  try {
    return await import(url);
  } catch (cause) {
    if (isHelioError(cause)) throw cause;
    const code = (cause as { code?: string }).code;
    const reason =
      code === 'ERR_UNKNOWN_FILE_EXTENSION'
        ? 'this Node cannot run TypeScript files; use Node 22.18 or newer, or compile the plugin'
        : String((cause as Error)?.message ?? cause).split('\n')[0]!;
    throw helioError('HELIO_PLUGIN_IMPORT', { use, reason }, { cause });
  }
}

async function packageVersion(folder: string): Promise<string | undefined> {
  for (let dir = folder, up = 0; up < 6; up++, dir = dirname(dir)) {
    const text = await readFile(join(dir, 'package.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) return (JSON.parse(text) as { version?: string }).version;
  }
  return undefined;
}
