/** `helio validate`: everything that is wrong with helio.yaml, at once. */
import { formatProblems } from '../../config/explain.ts';
import { locateProblems } from '../../config/read.ts';
import { exitCodes } from '../../errors.ts';
import { isError } from '../../generation.ts';
import { inspect, type Inspected } from '../../inspect.ts';
import { createLog } from '../../log.ts';
import { invalidConfig } from '../../proxy.ts';
import type { CatalogueCheck, Problem } from '../../plugin.ts';
import { catalogueCheck } from '../../refs.ts';
import { notesOf } from '../banner.ts';
import { within } from '../within.ts';
import { configPathOf } from '../config-path.ts';
import { colour, columns, fail, note, out } from '../terminal.ts';
import { parseUsage } from '../usage.ts';

const catalogueWaitMs = 3_000;

export async function run(args: readonly string[]): Promise<number> {
  const usage = parseUsage(args, (command) =>
    command
      .name('helio validate')
      .description('Checks helio.yaml, also against the tools of its upstreams where they answer in 3 s.'),
  );
  if (usage === undefined) return exitCodes.ok;
  const json = usage.options['json'] === true;
  const { file, problems, inspected } = await inspect(configPathOf(usage), process.env, createLog({ level: 'error' }));
  const further = inspected === undefined ? [] : await againstTools(inspected);
  const notes = inspected === undefined ? [] : notesOf(inspected.generation);
  await inspected?.close();
  const located = locateProblems([...problems, ...further], file);
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
        notes,
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
  for (const text of notes) note(`note: ${text}`);
  out(`${file.shown} is valid: ${inspected!.generation.plugins.length} plugins${warnings > 0 ? `, ${counted}` : ''}`);
  return exitCodes.ok;
}

/** What the upstreams' tools show. Nothing when one of them is away: no rule is doubted because of that. */
async function againstTools({ generation, kernel }: Inspected): Promise<readonly Problem[]> {
  const checks = generation.extensions.collect<CatalogueCheck>(catalogueCheck);
  if (checks.length === 0) return [];
  const asked = Promise.all(kernel.upstreams().map(({ name }) => kernel.tools(name))).catch(() => undefined);
  const tools = await within(catalogueWaitMs, asked);
  if (tools === undefined) return [];
  return checks.flatMap((check) => check(tools.flat())).map((problem) => ({ ...problem, severity: 'warning' }));
}

const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
