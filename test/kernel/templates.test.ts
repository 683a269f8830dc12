import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { formatProblems } from '../../kernel/config/explain.ts';
import { inspect } from '../../kernel/inspect.ts';
import { createLog } from '../../kernel/log.ts';
import { standardPlugins } from '../../plugins/standard.ts';

const template = (name: string) =>
  readFile(new URL(`../../kernel/cli/templates/${name}.yaml`, import.meta.url), 'utf8');

it.each(['minimal', 'strict', 'payments'])('the template %s is valid and gives no warning', async (name) => {
  const folder = await mkdtemp(join(tmpdir(), 'helio-template-'));
  const path = join(folder, 'helio.yaml');
  await writeFile(path, await template(name));
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

it('the template minimal lists the standard set, so that any rule of the guide works; Slack and webhook need settings', async () => {
  const { plugins } = parse(await template('minimal'));
  const standard = standardPlugins.filter(({ inStandardSet }) => inStandardSet).map(({ name }) => name);
  expect([...plugins, 'approvals-slack', 'approvals-webhook'].sort()).toEqual([...standard].sort());
});

it.each(['minimal', 'strict', 'payments'])('the template %s spells out where every listener listens', async (name) => {
  const file = parse(await template(name));
  const sections = ['listen', ...(file.plugins.includes('sideband') ? ['sdk'] : []), 'dashboard'];
  for (const section of sections)
    expect(file[section], section).toMatchObject({ host: '127.0.0.1', port: expect.any(Number) });
});
