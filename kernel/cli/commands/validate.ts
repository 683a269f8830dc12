/** `helio validate`: everything that is wrong with helio.yaml, at once. */
import { formatProblems } from '../../config/explain.ts';
import { locateProblems } from '../../config/read.ts';
import { exitCodes } from '../../errors.ts';
import { isError } from '../../generation.ts';
import { inspect } from '../../inspect.ts';
import { createLog } from '../../log.ts';
import { invalidConfig } from '../../proxy.ts';
import { configPathOf } from '../config-path.ts';
import { colour, columns, fail, note, out } from '../terminal.ts';
import { parseUsage } from '../usage.ts';

export async function run(args: readonly string[]): Promise<number> {
  const usage = parseUsage(args, (command) =>
    command.name('helio validate').description('Checks helio.yaml. Starts nothing.'),
  );
  if (usage === undefined) return exitCodes.ok;
  const json = usage.options['json'] === true;
  const { file, problems, inspected } = await inspect(configPathOf(usage), process.env, createLog({ level: 'error' }));
  await inspected?.close();
  const located = locateProblems(problems, file);
  const errors = located.filter(isError).length;
  const warnings = located.length - errors;
  if (json) {
    if (errors > 0) return fail(invalidConfig(file, problems), true);
    out(
      JSON.stringify({
        ok: true,
        path: file.path,
        hash: file.hash,
        warnings: located.map(({ code, message, fix, place }) => ({ code, message, hint: fix, ...place })),
      }),
    );
    return exitCodes.ok;
  }
  if (located.length > 0) note(formatProblems(located, file.text, { columns: columns(), colour: colour() }));
  const counted = `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
  if (errors > 0) {
    note(`\n${file.shown}: ${counted}`);
    return exitCodes.config;
  }
  out(`${file.shown} is valid: ${inspected!.generation.plugins.length} plugins${warnings > 0 ? `, ${counted}` : ''}`);
  return exitCodes.ok;
}

const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
