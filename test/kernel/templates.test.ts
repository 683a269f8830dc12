import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatProblems } from '../../kernel/config/explain.ts';
import { inspect } from '../../kernel/inspect.ts';
import { createLog } from '../../kernel/log.ts';

it.each(['minimal', 'strict', 'payments'])('the template %s is valid and gives no warning', async (name) => {
  const folder = await mkdtemp(join(tmpdir(), 'helio-template-'));
  const path = join(folder, 'helio.yaml');
  await writeFile(path, await readFile(new URL(`../../kernel/cli/templates/${name}.yaml`, import.meta.url)));
  try {
    const { file, problems, inspected } = await inspect(
      path,
      { HELIO_DASHBOARD_SECRET: 'x'.repeat(48) },
      createLog({ level: 'error' }),
    );
    const located = problems.map((problem) => ({ ...problem, place: file.locate(problem.path) }));
    expect(formatProblems(located, file.text)).toBe('');
    await inspected!.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
