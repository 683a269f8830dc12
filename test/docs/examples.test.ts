/** Every YAML in the docs is a helio.yaml that loads, and every `helio` command in them exists. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { inspect } from '../../kernel/inspect.ts';
import { builtin, pluginCommands } from '../../kernel/cli/commands.ts';
import { isError } from '../../kernel/generation.ts';
import { root } from '../architecture/sources.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const folder = mkdtempSync(join(tmpdir(), 'helio-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));
// The plugins among the examples are installed there, under the names that they are published by; those that have to be
// compiled first are read from their sources.
mkdirSync(join(folder, 'node_modules'));
for (const name of readdirSync(join(root, 'examples'))) {
  const example = join(root, 'examples', name);
  if (!existsSync(join(example, 'package.json'))) continue;
  const manifest = JSON.parse(readFileSync(join(example, 'package.json'), 'utf8')) as { name: string; exports: object };
  const installed = join(folder, 'node_modules', manifest.name);
  if (!JSON.stringify(manifest.exports).includes('./dist/index.js')) {
    symlinkSync(example, installed, 'dir');
    continue;
  }
  mkdirSync(installed);
  symlinkSync(join(example, 'src'), join(installed, 'src'), 'dir');
  writeFileSync(join(installed, 'package.json'), JSON.stringify({ ...manifest, exports: './src/index.ts' }));
}

/** Values for the secrets that examples name, as an operator would set them. */
const env = {
  HELIO_DASHBOARD_SECRET: 'x'.repeat(40),
  SLACK_BOT_TOKEN: 'xoxb-1-test',
  SLACK_SIGNING_SECRET: 'y'.repeat(32),
  HOOK_SECRET: 'z'.repeat(32),
  PATH: '/usr/bin',
  UPSTREAM_URL: 'http://127.0.0.1:3001/mcp',
  SLACK_API_URL: 'http://127.0.0.1:9/api/',
  SLACK_CHANNEL: 'C0123456789',
};

/** Secrets that only this example names get a value of their own. */
const envFor = (text: string): Record<string, string> => ({
  ...Object.fromEntries(
    [...text.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => [name!, `${name!.toLowerCase()}-${'v'.repeat(32)}`]),
  ),
  ...env,
});

const pages = ['README.md', 'docs', 'examples', 'sdk-python', 'create-helio-plugin']
  .flatMap((start) => {
    if (start.endsWith('.md')) return [start];
    try {
      return readdirSync(join(root, start), { recursive: true, encoding: 'utf8' }).map((name) => `${start}/${name}`);
    } catch {
      return [];
    }
  })
  .filter((path) => path.endsWith('.md') && !/node_modules|templates|docs\/reference/.test(path));

/** A block inside a list is indented as a whole. */
const dedented = (text: string): string => {
  const by = /^ */.exec(text)![0].length;
  return text.replace(new RegExp(`^ {0,${by}}`, 'gm'), '');
};

/** A block that names its file (`yaml helio.yaml`) belongs to a page that is carried out as a whole: first-plugin.test.ts. */
const blocks = (path: string, language: RegExp): readonly string[] =>
  [...readFileSync(join(root, path), 'utf8').matchAll(/```(\w+)(?: +(\S+))?[^\n]*\n([\s\S]*?)```/g)]
    .filter(([, tag, file]) => language.test(tag!) && file === undefined)
    .map(([, , , body]) => dedented(body!));

/** A part of a file becomes a whole one. Blocks of other things (compose files, CI) are left to their own tests. */
function wholeConfig(text: string): string | undefined {
  const parsed = parse(text, { logLevel: 'silent' }) as unknown;
  const upstream = "version: '1'\nupstream: { url: 'http://localhost:3001/mcp' }\n";
  const dashboard =
    /require_approval|approval:/.test(text) && !/^dashboard:/m.test(text)
      ? "dashboard: { api_secret: '${HELIO_DASHBOARD_SECRET}', operators: [{ name: olga, secret: '${HOOK_SECRET}' }] }\n"
      : '';
  // Rules on a page lean on the channels that the page has set up before.
  const channels =
    /\b(ops|pager)\b/.test(text) && !/^approval:/m.test(text)
      ? "approval:\n  channels:\n    - { type: slack, name: ops, bot_token: '${SLACK_BOT_TOKEN}', signing_secret: '${SLACK_SIGNING_SECRET}', channel: C0123456789, approvers: [U012ABC, U2] }\n    - { type: webhook, name: pager, url: 'https://example.com/hook', secret: '${HOOK_SECRET}' }\n"
      : '';
  const indented = (by: string) => text.replace(/^(?=.)/gm, by);
  if (Array.isArray(parsed))
    return `${upstream}${dashboard}${channels}policies:\n  default: deny\n  rules:\n${indented('    ')}`;
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  if ('services' in parsed || 'jobs' in parsed || 'mcpServers' in parsed) return undefined;
  if ('rules' in parsed) return `${upstream}${dashboard}${channels}policies:\n  default: deny\n${indented('  ')}`;
  const head = 'version' in parsed ? '' : 'upstream' in parsed || 'upstreams' in parsed ? "version: '1'\n" : upstream;
  return `${head}${dashboard}${channels}${text}`;
}

const withYaml = pages
  .map((path) => ({ path, examples: blocks(path, /^ya?ml$/) }))
  .filter(({ examples }) => examples.length > 0);
const helioCommand = /(?:^|\s)(?:npx @gethelio\/proxy|helio)\s+([a-z]+)/g;
const withCommands = pages
  .map((path) => ({
    path,
    commands: blocks(path, /^(sh|bash|console)$/).flatMap((text) =>
      [...text.matchAll(helioCommand)].map(([, word]) => word!),
    ),
  }))
  .filter(({ commands }) => commands.length > 0);

it.each(withYaml)('$path holds only YAML that loads', async ({ path, examples }) => {
  for (const [index, text] of examples.entries()) {
    const whole = wholeConfig(text);
    if (whole === undefined) continue;
    const file = join(folder, 'helio.yaml');
    writeFileSync(file, whole);
    const { problems, inspected } = await inspect(file, envFor(whole), silent);
    await inspected?.close();
    expect(problems.filter(isError), `block ${index + 1} of ${path}:\n${whole}`).toEqual([]);
  }
});

it.each(withCommands)('$path names only commands that exist', ({ commands }) => {
  const known = [...builtin.map(({ name }) => name), ...pluginCommands.map(([name]) => name)];
  for (const command of commands) expect(known).toContain(command);
});

describe('examples', () => {
  const configs = readdirSync(join(root, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      readdirSync(join(root, 'examples', name))
        .filter((file) => file.endsWith('.yaml') && file.startsWith('helio'))
        .map((file) => `examples/${name}/${file}`),
    );
  it.each(configs)('%s loads', async (path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const file = text.includes('./dist/') ? join(folder, 'helio.yaml') : join(root, path);
    const source = join(root, path, '../src/index.ts');
    if (text.includes('./dist/')) writeFileSync(file, text.replace('./dist/index.js', source));
    const { problems, inspected } = await inspect(file, env, silent);
    await inspected?.close();
    expect(problems.filter(isError)).toEqual([]);
  });
});
