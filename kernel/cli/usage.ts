/** A command's own options, on commander: unknown ones are a usage error (exit 2), `--help` prints and ends well. */
import { Command, CommanderError } from 'commander';
import { exitCodes, helioError } from '../errors.ts';
import { out } from './terminal.ts';

export interface ParsedUsage {
  readonly args: readonly string[];
  readonly options: { readonly [name: string]: unknown };
}

/** Options that every command takes. */
const common = [
  ['-c, --config <file>', 'helio.yaml to use (default: ./helio.yaml)'],
  ['--json', 'one JSON object instead of text'],
  ['--quiet', 'nothing but the result'],
  ['--verbose', 'say more'],
  ['--no-color', 'no colours'],
] as const;

/** Parses, or prints the help (then undefined). Throws HELIO_CLI_USAGE. */
export function parseUsage(args: readonly string[], describe: (command: Command) => Command): ParsedUsage | undefined {
  const command = describe(new Command())
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: () => {} })
    .allowExcessArguments(false);
  for (const [flags, text] of common) command.option(flags, text);
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === exitCodes.ok) return undefined;
    throw helioError('HELIO_CLI_USAGE', { detail: error.message.replace(/^error: /, ''), command: command.name() });
  }
  return { args: command.args, options: command.opts() };
}
