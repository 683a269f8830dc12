/** Reads helio.yaml: text, tree with `${VAR}` replaced, the place of every value, and what is wrong so far. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { configProblem, helioError, type LocatedProblem } from '../errors.ts';
import type { ConfigPath, JsonObject, Place, Problem } from '../plugin.ts';
import { readEnvFile, type Environment } from './variables.ts';
import { readYamlTree } from './yaml-tree.ts';

export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  /** Its folder: every relative path of the config is resolved against it. */
  readonly dir: string;
  /** As people should see the path: relative to the working folder where it lies below. */
  readonly shown: string;
  /** As it stands on the disk: variables are not replaced. */
  readonly text: string;
  /** sha256 of the text, hex. */
  readonly hash: string;
  /** Changes with the text and with every variable in it: whether a reload has anything to do. Not for showing. */
  readonly fingerprint: string;
  /** Plain JSON, variables replaced. Empty when the file could not be parsed. */
  readonly tree: JsonObject;
  /** False when the file could not be parsed: then a check of `tree` would say nothing true. */
  readonly parsed: boolean;
  /** The environment that variables were read from: `.env` beside the file, and the real one, which wins. */
  readonly env: Environment;
  /** Syntax, duplicate keys, aliases, tags, variables. */
  readonly problems: readonly LocatedProblem[];
  /** Where a value stands; undefined when it is not written there. */
  locate(path: ConfigPath): Place | undefined;
  /** Whether the scalar at a path came from a variable: those are text, whatever they look like. */
  isSubstituted(path: ConfigPath): boolean;
  /** The scalar as it stands in the file, `${NAME}` and all; undefined where no variable was replaced. */
  writtenAt(path: ConfigPath): string | undefined;
}

const maxBytes = 8 * 1024 * 1024;

/**
 * Reads the file at `path`. Problems inside it are returned, all at once.
 * @throws HelioError HELIO_CONFIG_NOT_FOUND, _UNREADABLE, _TOO_LARGE, _EMPTY
 */
export function readConfig(path: string, env: Environment): ConfigFile {
  const absolute = resolve(path);
  const shown = shownPath(absolute);
  return parseConfig(readText(absolute, shown), absolute, env);
}

/** The same for a text that is not (or not yet) on the disk; `path` says where it would stand. */
export function parseConfig(text: string, path: string, env: Environment): ConfigFile {
  const absolute = resolve(path);
  const dir = dirname(absolute);
  const shown = shownPath(absolute);
  if (text.trim() === '') throw helioError('HELIO_CONFIG_EMPTY', { path: shown });

  const envFile = readEnvFile(join(dir, '.env'), join(dirname(shown), '.env'));
  const merged: Environment = { ...envFile.values, ...env };
  const yaml = readYamlTree(text, merged);
  const place = (position: { line?: number; column?: number } | undefined): Place | undefined =>
    position?.line === undefined ? undefined : { file: shown, line: position.line, column: position.column ?? 1 };
  const problems: LocatedProblem[] = [...envFile.problems];
  for (const { line, column, ...problem } of yaml.problems) {
    problems.push({ ...problem, place: place({ ...(line && { line }), ...(column && { column }) }) });
  }
  const isMapping = typeof yaml.value === 'object' && yaml.value !== null && !Array.isArray(yaml.value);
  if (yaml.value !== undefined && !isMapping) {
    const found = Array.isArray(yaml.value) ? 'a list' : yaml.value === null ? 'nothing' : `a single value`;
    problems.push({ ...configProblem('HELIO_CONFIG_NOT_A_MAPPING', { found }, []), place: place({ line: 1 }) });
  }
  return Object.freeze({
    path: absolute,
    dir,
    shown,
    text,
    hash: createHash('sha256').update(text).digest('hex'),
    fingerprint: createHash('sha256')
      .update(text)
      .update(JSON.stringify(yaml.value ?? null))
      .digest('hex'),
    tree: isMapping ? (yaml.value as JsonObject) : {},
    parsed: isMapping,
    env: merged,
    problems,
    locate: (at: ConfigPath) => place(yaml.position(at)),
    isSubstituted: (at: ConfigPath) => yaml.writtenAt(at) !== undefined,
    writtenAt: yaml.writtenAt,
  });
}

/** Adds to each problem the place where it stands: that of the value, else of what should have held it. */
export function locateProblems(
  problems: readonly Problem[],
  file: Pick<ConfigFile, 'locate'>,
): readonly LocatedProblem[] {
  return problems.map((problem) => {
    const known = (problem as Partial<LocatedProblem>).place;
    if (known) return { ...problem, place: known };
    for (let length = problem.path.length; length > 0; length--) {
      const place = file.locate(problem.path.slice(0, length));
      if (place) return { ...problem, place };
    }
    return { ...problem, place: undefined };
  });
}

function readText(path: string, shown: string): string {
  const unreadable = (reason: string, cause?: unknown) =>
    helioError('HELIO_CONFIG_UNREADABLE', { path: shown, reason }, { cause });
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw unreadable('it is not a regular file');
    if (stats.size > maxBytes) throw helioError('HELIO_CONFIG_TOO_LARGE', { path: shown, limit: '8 MiB' });
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (code.startsWith('HELIO_')) throw cause;
    if (code === 'ENOENT') throw helioError('HELIO_CONFIG_NOT_FOUND', { path: shown }, { cause });
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw unreadable('it is not UTF-8 text', cause);
    throw unreadable(code === 'EACCES' ? 'this user may not read it' : code || String((cause as Error).message), cause);
  }
}

function shownPath(absolute: string): string {
  const short = relative(process.cwd(), absolute);
  return short.startsWith(`..${sep}`) || short === '' ? absolute : short;
}
