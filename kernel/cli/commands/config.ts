/** `helio config print|schema|path`: the effective configuration, with secrets masked. */
import { exitCodes, helioError } from '../../errors.ts';
import { composeJsonSchema } from '../../config/json-schema.ts';
import { maskSections } from '../../config/mask.ts';
import { withDefaults } from '../../config/with-defaults.ts';
import { inspectOrThrow } from '../../inspect.ts';
import { createLog } from '../../log.ts';
import { configPathOf } from '../config-path.ts';
import { out } from '../terminal.ts';
import { parseUsage } from '../usage.ts';

export async function run(args: readonly string[]): Promise<number> {
  const usage = parseUsage(args, (command) =>
    command
      .name('helio config')
      .description(
        'print: helio.yaml with its defaults, secrets masked. schema: its JSON Schema, for editors. path: where it is.',
      )
      .argument('[what]', 'print, schema or path', 'print'),
  );
  if (usage === undefined) return exitCodes.ok;
  const path = configPathOf(usage);
  const what = usage.args[0] ?? 'print';
  if (what === 'path') return (out(path), exitCodes.ok);
  if (what !== 'print' && what !== 'schema')
    throw helioError('HELIO_CLI_USAGE', { detail: `unknown word "${what}"`, command: 'helio config' });
  const inspected = await inspectOrThrow(path, process.env, createLog({ level: 'error' }));
  try {
    if (what === 'schema') out(JSON.stringify(composeJsonSchema(inspected.generation.schemas), null, 2));
    else {
      const { file, generation } = inspected;
      const sections = maskSections(withDefaults(file.tree, generation.schemas), generation.schemas, file.writtenAt);
      if (usage.options['json'] === true) out(JSON.stringify(sections));
      else out((await import('yaml')).stringify(sections));
    }
  } finally {
    await inspected.close();
  }
  return exitCodes.ok;
}
