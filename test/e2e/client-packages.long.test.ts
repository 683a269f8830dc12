/**
 * The packages that people use, in front of the built Helio: they list the tools, an allowed call runs, and what a
 * refused one says reaches whoever asked. No model: frameworks run their calls themselves, coding agents get a script.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { cli } from '../../scripts/helio-process.mjs';
import { startHelio, type Helio } from '../fixtures/helio.ts';
import { startScriptedModel, type ScriptedModel } from './fixtures/clients/scripted-model.ts';

const root = join(import.meta.dirname, '../..');
const demo = join(root, 'dist/examples/demo-upstream/main.js');
const yaml = `version: '1'
upstream: { command: '${process.execPath}', args: ['${demo}'] }
listen: { port: 0 }
policies:
  default: allow
  rules:
    - match: { tool: search_products }
      action: deny
      feedback: { message: 'Searching is for people', suggestion: 'Ask in the shop.' }
plugins: [policy, feedback, audit]
`;
const allowed = { name: 'orders.lookup', args: { order_id: 'A-17' } };
const denied = { name: 'search_products', args: { query: 'lamp' } };
const calls = [allowed, denied];

/** Each is installed on its own; its page under docs/clients names the version. */
const packages = {
  langchain: ['@langchain/mcp-adapters@1.1.4', '@langchain/core@1.4.0', '@langchain/langgraph@1.7.3'],
  'openai-agents': ['@openai/agents@0.20.0'],
  codex: ['@openai/codex@0.169.0'],
  'claude-code': ['@anthropic-ai/claude-code@2.1.197'],
} as const;
type Name = keyof typeof packages;

let folder: string;
let helio: Helio;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'helio-clients-'));
  helio = await startHelio(yaml, { folder });
});
afterAll(async () => {
  await helio?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
function run(cwd: string, file: string, args: readonly string[], env: NodeJS.ProcessEnv, timeout = 120_000) {
  return new Promise<Ran>((resolve) => {
    const child = execFile(file, args, { cwd, env, timeout, maxBuffer: 1e8 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

/** Where a client lives: a home of its own, and no way out but to this machine. */
function environment(more: { readonly [name: string]: string } = {}): NodeJS.ProcessEnv {
  const nowhere = 'http://127.0.0.1:9';
  return {
    PATH: process.env['PATH'],
    HOME: folder,
    NO_COLOR: '1',
    ...{ HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, ALL_PROXY: nowhere, NO_PROXY: '127.0.0.1,localhost' },
    ...more,
  };
}

/** The folder that holds the packages; without a registry the test is skipped, and says so. */
async function installed(name: Name, { skip }: TestContext): Promise<string> {
  const where = join(folder, name);
  if (existsSync(where)) return where;
  mkdirSync(where);
  writeFileSync(join(where, 'package.json'), '{ "private": true, "type": "module" }');
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...packages[name]];
  const { code, stdout, stderr } = await run(where, 'npm', args, process.env, 400_000);
  if (code === 0) return where;
  rmSync(where, { recursive: true, force: true });
  if (/ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(stderr))
    skip(`no package registry can be reached for ${packages[name].join(', ')}`);
  throw new Error(`npm install ${packages[name].join(' ')}\n${stdout}\n${stderr}`);
}

const viaStdio = () => ({ command: process.execPath, args: [cli, 'stdio', '-c', join(folder, 'helio.yaml')] });

describe.each(['langchain', 'openai-agents'] as const)('%s', (name) => {
  it.for(['http', 'stdio'])('lists, calls, and hands on what a refusal says (%s)', async (way, context) => {
    const where = await installed(name, context);
    copyFileSync(join(import.meta.dirname, `fixtures/clients/${name}.mjs`), join(where, 'agent.mjs'));
    const server = way === 'http' ? { url: helio.mcp } : viaStdio();
    const ran = await run(where, process.execPath, ['agent.mjs', JSON.stringify({ server, calls })], environment());
    expect([ran.code, ran.code === 0 ? '' : ran.stderr]).toEqual([0, '']);
    const { tools, told, thrown } = JSON.parse(ran.stdout);
    expect(tools).toEqual(expect.arrayContaining(['orders.lookup', 'search_products', 'create_payment']));
    expectTold(told);
    if (name === 'langchain') expect(thrown).toContain('Searching is for people. Ask in the shop.');
  });
});

describe('what helio connect writes', () => {
  let model: ScriptedModel | undefined;
  afterEach(() => model?.stop());
  const connect = async (...args: readonly string[]): Promise<void> => {
    const ran = await run(folder, process.execPath, [cli, 'connect', ...args], environment());
    expect([ran.code, ran.stderr.includes('HELIO_')]).toEqual([0, false]);
  };
  const ways = [
    { flags: [], transport: 'streamable_http' },
    { flags: ['--stdio'], transport: 'stdio' },
  ] as const;

  it.for(ways)('codex reads, its model calls, and hears the refusal ($transport)', async (way, context) => {
    const where = await installed('codex', context);
    const codex = (...args: readonly string[]) =>
      run(folder, join(where, 'node_modules/.bin/codex'), args, environment());
    mkdirSync(join(folder, '.codex'), { recursive: true });
    model = await startScriptedModel(calls);
    const before = `model = "scripted"
model_provider = "scripted"
approval_policy = "never"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.scripted]
name = "scripted"
base_url = "${model.url}/v1"
wire_api = "responses"
`;
    writeFileSync(join(folder, '.codex/config.toml'), before);
    await connect('codex', '--write', ...way.flags);

    const read = JSON.parse((await codex('mcp', 'get', 'helio', '--json')).stdout);
    expect(read).toMatchObject({ enabled: true, transport: { type: way.transport } });
    expect(read.transport).toMatchObject(way.transport === 'stdio' ? viaStdio() : { url: helio.mcp });
    const ran = await codex('exec', '--skip-git-repo-check', 'Look the order up, then search.');
    expect(model.offered, ran.stderr).toEqual(
      expect.arrayContaining(['mcp__helio__orders_lookup', 'mcp__helio__search_products']),
    );
    expectTold(model.told);

    await connect('codex', '--undo');
    expect(readFileSync(join(folder, '.codex/config.toml'), 'utf8')).toBe(before);
    expect((await codex('mcp', 'get', 'helio')).code).not.toBe(0);
  });

  it.for(ways)('claude-code reads, its model calls, and hears the refusal ($transport)', async (way, context) => {
    const where = await installed('claude-code', context);
    // Puts the program in its place; it was left out above, with the scripts of all packages.
    await run(where, process.execPath, ['node_modules/@anthropic-ai/claude-code/install.cjs'], environment());
    model = await startScriptedModel(calls);
    const claude = (...args: readonly string[]) =>
      run(
        folder,
        join(where, 'node_modules/.bin/claude'),
        args,
        environment({
          ANTHROPIC_BASE_URL: model!.url,
          ANTHROPIC_API_KEY: 'none',
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
          DISABLE_AUTOUPDATER: '1',
        }),
      );
    await connect('claude-code', '--write', ...way.flags);

    expect((await claude('mcp', 'get', 'helio')).stdout).toContain(way.transport === 'stdio' ? cli : helio.mcp);
    const entry = ['--strict-mcp-config', '--mcp-config', '.mcp.json', '--allowedTools', 'mcp__helio'];
    const ran = await claude('-p', 'Look the order up, then search.', '--model', 'claude-sonnet-4-5', ...entry);
    expect(model.offered, ran.stdout + ran.stderr).toEqual(
      expect.arrayContaining(['mcp__helio__orders_lookup', 'mcp__helio__search_products']),
    );
    expectTold(model.told);

    await connect('claude-code', '--undo');
    expect((await claude('mcp', 'get', 'helio')).code).not.toBe(0);
  });
});

it.each(Object.keys(packages) as Name[])('the page of %s names the versions that this was run with', (name) => {
  const page = readFileSync(join(root, `docs/clients/${name}.md`), 'utf8');
  for (const one of packages[name]) expect(page).toContain(one.replace(/@([^@]+)$/, ' $1'));
});

/** The order came, and the refusal with all that a model needs to know. */
function expectTold(told: readonly string[]): void {
  expect(told).toHaveLength(2);
  expect(told[0]).toContain('C-1001');
  expect(told[1]).toContain('Searching is for people. Ask in the shop.');
  expect(told[1]!.replaceAll('\\', '')).toContain('"reason":"policy_denied"');
}
