/** `${VAR}` and `${VAR:-default}` in helio.yaml, and the `.env` file beside it. */
import { existsSync, readFileSync } from 'node:fs';
import { configProblem, type LocatedProblem } from '../errors.ts';
import type { ConfigPath, Problem } from '../plugin.ts';

export type Environment = { readonly [name: string]: string | undefined };

const variable = /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\})?/g;

/**
 * Replaces variables in one scalar. It happens after parsing, so that what a variable holds never becomes structure.
 * As in a shell, `:-` gives the default also for an empty variable. `$${` is a literal `${`.
 */
export function substitute(
  text: string,
  env: Environment,
  path: ConfigPath,
): { readonly text: string; readonly substituted: boolean; readonly problems: readonly Problem[] } {
  if (!text.includes('${')) return { text, substituted: false, problems: [] };
  const problems: Problem[] = [];
  let substituted = false;
  const result = text.replace(variable, (found, name: string | undefined, fallback: string | undefined, at: number) => {
    if (found === '$${') return '${';
    if (name === undefined) {
      const shown = text.slice(at, at + 24).split('}')[0]!;
      problems.push(
        configProblem('HELIO_CONFIG_VARIABLE_SYNTAX', { text: `${shown}${text.includes('}', at) ? '}' : ''}` }, path),
      );
      return found;
    }
    substituted = true;
    const value = env[name];
    if (value !== undefined && (value !== '' || fallback === undefined)) return value;
    if (fallback !== undefined) return fallback;
    problems.push(configProblem('HELIO_CONFIG_VARIABLE_MISSING', { name }, path));
    return '';
  });
  return { text: result, substituted, problems };
}

const assignment =
  /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^"'\s#](?:[^#]|(?<!\s)#)*)?)\s*(?:#.*)?$/;
const escapes: { readonly [character: string]: string } = { n: '\n', r: '\r', t: '\t' };

/** Reads a `.env` file, if it is there. A line that is no assignment is a problem, never skipped in silence. */
export function readEnvFile(
  path: string,
  shown: string,
): { readonly values: Environment; readonly problems: readonly LocatedProblem[] } {
  if (!existsSync(path)) return { values: {}, problems: [] };
  const wrong = (reason: string, line: number): LocatedProblem => ({
    ...configProblem('HELIO_CONFIG_ENV_FILE', { path: shown, reason }, []),
    place: { file: shown, line, column: 1 },
  });
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    return { values: {}, problems: [wrong(`it cannot be read (${(cause as NodeJS.ErrnoException).code})`, 1)] };
  }
  const values: { [name: string]: string } = Object.create(null);
  const problems: LocatedProblem[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const found = assignment.exec(line.trim());
    // The line itself is not shown: it may hold a secret.
    if (!found) problems.push(wrong('this line is no NAME=value', index + 1));
    else {
      const [, name, double, single, bare] = found;
      values[name!] = double?.replace(/\\(.)/g, (_, c: string) => escapes[c] ?? c) ?? single ?? bare?.trim() ?? '';
    }
  }
  return { values, problems };
}
