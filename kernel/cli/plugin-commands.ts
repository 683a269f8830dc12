/** Commands that plugins add to `helio` (`audit query`, `approvals list`, ...). */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { createLog } from '../log.ts';
import { exitCodes, helioError } from '../errors.ts';
import { inspectOrThrow, type Inspected } from '../inspect.ts';
import { nearest } from '../config/nearest.ts';
import type { CliCommand, CliInput } from '../plugin.ts';
import { cliCommand } from '../refs.ts';
import { askRunning } from './ask.ts';
import { builtin, pluginCommands } from './commands.ts';
import { configPathOf } from './config-path.ts';
import { columns, isTerminal, note, out } from './terminal.ts';
import { parseUsage } from './usage.ts';

/** Finds the command by its first one or two words, in the plugins that helio.yaml loads. */
export async function runPluginCommand(argv: readonly string[]): Promise<number> {
  const words = argv.filter((word) => !word.startsWith('-'));
  const config = configFlagOf(argv);
  const log = createLog({ level: 'warn' });
  const path = configPathOf({ options: { config } });
  // Without a file, a slip of the keyboard is told as that, and not as the missing file.
  if (!existsSync(path) && !pluginCommands.some(([name]) => name === words[0]))
    throw unknownCommand(words[0] ?? '', []);
  const inspected = await inspectOrThrow(path, process.env, log);
  try {
    const commands = inspected.generation.extensions.collect<CliCommand>(cliCommand);
    const command = find(commands, argv);
    if (command === undefined) return showGroup(commands, words[0]!);
    const usage = parseUsage(argv.slice(command.name.split(' ').length), (parser) => describe(parser, command));
    if (usage === undefined) return exitCodes.ok;
    const code = await command.run(inputOf(usage, inspected));
    return code ?? exitCodes.ok;
  } finally {
    await inspected.close();
  }
}

function find(commands: readonly CliCommand[], argv: readonly string[]): CliCommand | undefined {
  const named = (length: number) => commands.find(({ name }) => name === argv.slice(0, length).join(' '));
  return named(2) ?? named(1);
}

/** `helio audit` alone lists what there is; an unknown word is a usage error with the nearest name. */
function showGroup(commands: readonly CliCommand[], word: string): number {
  // Two plugins may bring one command (`limits list`): it is listed once.
  const group = commands.filter(
    ({ name }, at) => name.startsWith(`${word} `) && commands.findIndex((other) => other.name === name) === at,
  );
  if (group.length > 0) {
    out(group.map(({ name, summary }) => `  ${`helio ${name}`.padEnd(28)}${summary}`).join('\n'));
    return exitCodes.ok;
  }
  throw unknownCommand(
    word,
    commands.map(({ name }) => name.split(' ')[0]!),
  );
}

function unknownCommand(word: string, loaded: readonly string[]): Error {
  const names = [...builtin.map(({ name }) => name), ...pluginCommands.map(([name]) => name), ...loaded];
  const near = nearest(word, names);
  return helioError('HELIO_CLI_USAGE', {
    detail: `unknown command "${word}"${near ? ` (did you mean "${near}"?)` : ''}`,
    command: '',
  });
}

export function describe(parser: Command, command: CliCommand): Command {
  parser.name(`helio ${command.name}`).description(command.summary);
  for (const { name, description, required } of command.arguments ?? [])
    parser.argument(required ? `<${name}>` : `[${name}]`, description);
  for (const { flags, description } of command.options ?? []) parser.option(flags, description);
  return parser;
}

function inputOf(usage: NonNullable<ReturnType<typeof parseUsage>>, inspected: Inspected): CliInput {
  return {
    args: usage.args,
    options: usage.options as CliInput['options'],
    json: usage.options['json'] === true,
    out,
    note,
    columns: isTerminal() ? columns() : Infinity,
    openStores: () => inspected.openStores(),
    ask: (method, path, body) => askRunning(inspected, method, path, body),
  };
}

function configFlagOf(argv: readonly string[]): string | undefined {
  const index = argv.findIndex((word) => word === '-c' || word === '--config');
  if (index >= 0) return argv[index + 1];
  return argv.find((word) => word.startsWith('--config='))?.slice('--config='.length);
}
