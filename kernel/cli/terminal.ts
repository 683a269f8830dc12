/** The terminal: stdout is for results, stderr for everything else. The only place that prints. */
import { formatError } from '../config/explain.ts';
import { exitCodes, isHelioError } from '../errors.ts';

/** NO_COLOR > FORCE_COLOR > whether it is a terminal. */
function wantsColour(stream: { readonly isTTY?: boolean }): boolean {
  if (process.env['NO_COLOR'] || process.argv.includes('--no-color')) return false;
  if (process.env['FORCE_COLOR']) return true;
  return stream.isTTY === true;
}

export const columns = (): number => process.stdout.columns ?? process.stderr.columns ?? 80;
export const colour = (): boolean => wantsColour(process.stderr);
export const isTerminal = (): boolean => process.stdout.isTTY === true;

export function out(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}
export function note(text: string): void {
  if (process.argv.includes('--quiet')) return;
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Tells an error and returns its exit code: a sentence with its code and what to do, never a stack trace. */
export function fail(error: unknown, json: boolean): number {
  if (isHelioError(error)) {
    if (json) out(JSON.stringify({ error: asJson(error) }));
    else process.stderr.write(`${formatError(error, undefined, { columns: columns(), colour: colour() })}\n`);
    return error.exitCode;
  }
  const message = String((error as Error)?.message ?? error).split('\n')[0]!;
  if (json) out(JSON.stringify({ error: { code: 'HELIO_CLI_FAULT', message } }));
  else
    process.stderr.write(
      `helio: ${message}\n  HELIO_CLI_FAULT: this is a fault in Helio; HELIO_LOG=debug shows more\n`,
    );
  if (process.env['HELIO_LOG'] === 'debug') process.stderr.write(`${String((error as Error)?.stack)}\n`);
  return exitCodes.failure;
}

function asJson(error: Parameters<typeof formatError>[0]) {
  const { code, message, fix, place, problems } = error;
  return {
    code,
    message,
    hint: fix,
    ...(place && { path: place.file, line: place.line, column: place.column }),
    ...(problems.length > 0 && {
      problems: problems.map(({ code, message, fix, path, place, severity }) => ({
        code,
        message,
        hint: fix,
        at: path.join('.'),
        path: place?.file,
        line: place?.line,
        column: place?.column,
        severity: severity ?? 'error',
      })),
    }),
  };
}
