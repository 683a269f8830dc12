#!/usr/bin/env node
/** `helio`: finds the command, and imports nothing but that command (importing everything costs 0.7-0.9 s). */
import { version } from '../version.ts';
import { findCommand, helpText } from './commands.ts';
import { fail, out } from './terminal.ts';

async function main(argv: readonly string[]): Promise<number> {
  const [first] = argv;
  if (first === '--version' || first === '-V') return (out(version), 0);
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') return (out(helpText()), 0);
  const found = findCommand(argv);
  if (found !== undefined) return (await found.command.load()).run(found.rest);
  const { runPluginCommand } = await import('./plugin-commands.ts');
  return runPluginCommand(argv);
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0); // `helio audit query | head`
});
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.exitCode = fail(error, process.argv.includes('--json'));
  },
);
