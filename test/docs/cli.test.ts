/** docs/reference/cli.md is the commands' own help. `npx vitest run test/docs/cli.test.ts -u` writes it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it, vi } from 'vitest';
import { builtin, helpText, pluginCommands } from '../../kernel/cli/commands.ts';
import { describe } from '../../kernel/cli/plugin-commands.ts';
import { inspectOrThrow } from '../../kernel/inspect.ts';
import { createLog } from '../../kernel/log.ts';
import type { CliCommand } from '../../kernel/plugin.ts';
import { cliCommand } from '../../kernel/refs.ts';
import { root } from '../architecture/sources.ts';

const intro = `<!-- Generated from the commands; a test compares the two. -->

# Command line

Results go to stdout, everything else to stderr. An error is a sentence, its code and what to do; with \`--json\` it is one
object, \`{"error": {"code", "message", "hint"}}\`. Commands of plugins are there where helio.yaml loads the plugin.
`;

async function helpOf(load: (typeof builtin)[number]['load']): Promise<string> {
  const { run } = await load();
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => ((text += String(chunk)), true));
  try {
    expect(await run(['--help'])).toBe(0);
  } finally {
    spy.mockRestore();
  }
  return text;
}

async function pluginsOwn(): Promise<readonly CliCommand[]> {
  const folder = mkdtempSync(join(tmpdir(), 'helio-cli-docs-'));
  writeFileSync(
    join(folder, 'helio.yaml'),
    "version: '1'\nupstream: { url: 'http://127.0.0.1:9/mcp' }\npolicies: { default: allow }\ndashboard: { api_secret: long-enough-for-this }\n",
  );
  const inspected = await inspectOrThrow(join(folder, 'helio.yaml'), {}, createLog({ level: 'silent' }));
  const commands = inspected.generation.extensions.collect<CliCommand>(cliCommand);
  await inspected.close();
  rmSync(folder, { recursive: true });
  return commands.filter(({ name }, at) => commands.findIndex((other) => other.name === name) === at);
}

const section = (name: string, help: string): string => `## helio ${name}\n\n\`\`\`text\n${help.trim()}\n\`\`\`\n`;

it('docs/reference/cli.md has every command with its help', async () => {
  const sections: string[] = [];
  for (const { name, load } of builtin) sections.push(section(name, await helpOf(load)));
  for (const command of await pluginsOwn())
    sections.push(section(command.name, describe(new Command(), command).helpInformation()));
  const page = [intro, '```text', helpText(), '```', '', ...sections].join('\n');
  await expect(page).toMatchFileSnapshot(join(root, 'docs/reference/cli.md'));
});

it('helio --help names the commands that plugins bring, and no others', async () => {
  const words = new Set((await pluginsOwn()).map(({ name }) => name.split(' ')[0]));
  expect([...words].sort()).toEqual(pluginCommands.map(([name]) => name).sort());
});
