import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Refused, testPlugin } from '@gethelio/proxy/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatError, HelioError } from '../../../kernel/errors.ts';
import { createLog } from '../../../kernel/log.ts';
import { startProxy, type Proxy } from '../../../kernel/proxy.ts';

const leaky = new URL('./fixtures/leaky-plugin.ts', import.meta.url).pathname;

let dir: string;
let lines: string[];
let proxy: Proxy | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'helio-proxy-'));
  lines = [];
});
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  rmSync(dir, { recursive: true, force: true });
});

const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
const yaml = (more: string) =>
  write(
    'helio.yaml',
    `version: '1'\nupstream: { url: 'http://127.0.0.1:9/mcp' }\nlisten: { port: 0 }\nplugins: [state-memory, '${leaky}']\n${more}`,
  );
async function start(env: Record<string, string> = {}): Promise<Proxy> {
  const log = createLog({ env: {}, stream: { write: (text) => void lines.push(text) } });
  proxy = await startProxy({ configPath: join(dir, 'helio.yaml'), env, log, doors: 'none', hotReload: false });
  return proxy;
}

describe('the log of a running proxy', () => {
  it('holds no secret of helio.yaml, neither at the start nor after a reload that changed only .env', async () => {
    yaml("leaky: { token: '${TOKEN}' }");
    write('.env', 'TOKEN=first-secret\n');
    const running = await start();
    write('.env', 'TOKEN=second-secret\n');
    expect(await running.reload()).toEqual([]);
    expect(running.generation().number).toBe(2);
    const text = lines.join('');
    expect(text.match(/starting with \*\*\*/g)).toHaveLength(2);
    expect(text).not.toMatch(/first-secret|second-secret/);
  });

  it('has the level that helio.yaml says, from a reload on too', async () => {
    yaml('leaky: { token: abcdef }\nlog: { level: error }');
    const running = await start();
    expect(lines.join('')).not.toContain('starting with');
    yaml('leaky: { token: abcdef }\nlog: { level: debug }');
    await running.reload();
    expect(lines.join('')).toContain('only for debug');
  });

  it('a reload of an unchanged file does nothing', async () => {
    yaml('leaky: { token: abcdef }');
    const running = await start();
    await running.reload();
    expect(running.generation().number).toBe(1);
  });
});

it('an error of helio.yaml and one of .env are told together, each at its place', async () => {
  yaml("leaky: { token: '${NONE}' }\n");
  write('.env', 'A=1\nnonsense\n');
  const error = await start().catch((cause: unknown) => cause);
  if (!(error instanceof HelioError)) throw error;
  expect([error.code, error.exitCode]).toEqual(['HELIO_CONFIG_INVALID', 3]);
  const text = formatError(error, undefined, { columns: 300 }).replaceAll(`${dir}/`, '');
  expect(text).toContain('.env:2:1 .env: this line is no NAME=value');
  expect(text).toContain('helio.yaml:5:17 leaky.token: the environment variable NONE is not set');
});

describe('enabled: false', () => {
  const withSection = (text: string, plugins: readonly string[]) =>
    testPlugin(undefined, { with: plugins, yaml: text });
  const loaded = (test: Awaited<ReturnType<typeof testPlugin>>) =>
    test.generation.plugins.map(({ plugin }) => plugin.definition.name);

  it('takes a listener out, whatever else its section says', async () => {
    const test = await withSection("dashboard: { enabled: false, port: 3100, api_secret: 'abcdef' }", ['operator']);
    expect(loaded(test)).not.toContain('operator');
    expect(JSON.stringify(test.kernel.configuration().sections)).not.toContain('abcdef');
    await test.stop();
  });

  it('is the own key of any other plugin: dry_run rules still hold', async () => {
    const test = await withSection(
      "dry-run: { enabled: false }\npolicies: { default: allow, rules: [{ match: { tool: 'try_*' }, action: dry_run }] }",
      ['dry-run', 'policy'],
    );
    expect(loaded(test)).toContain('dry-run');
    expect((await test.call('try_it')).effect).toBe('simulate');
    await test.stop();
  });

  it('a section without its plugin is an error that names the plugin', async () => {
    const refused = await withSection('feedback: { format: tool_result }', []).catch((cause: unknown) => cause);
    expect(refused).toBeInstanceOf(Refused);
    expect((refused as Refused).message).toContain(
      'the section "feedback" needs the plugin "feedback", which is not loaded',
    );
  });
});
