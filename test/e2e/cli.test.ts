/** Every command of the kernel on the built product: what it prints, where, and how it exits. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { cli } from '../../scripts/helio-process.mjs';
import { startHelio } from '../fixtures/helio.ts';

const demo = join(import.meta.dirname, '../../dist/examples/demo-upstream/main.js');
const folders: string[] = [];
let dir: string;
beforeEach(() => void folders.push((dir = mkdtempSync(join(tmpdir(), 'helio-cli-')))));
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

const environment = (more: Record<string, string> = {}) => ({
  PATH: process.env['PATH']!,
  HOME: dir,
  NO_COLOR: '1',
  ...more,
});

function helio(args: readonly string[], { input, env }: { input?: string; env?: Record<string, string> } = {}) {
  const child = spawn(process.execPath, [cli, ...args], { cwd: dir, env: environment(env), stdio: 'pipe' });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  child.stdin.end(input ?? '');
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((done) =>
    child.on('close', (code) => done({ code, stdout, stderr })),
  );
}
const write = (name: string, text: string): string => {
  const path = join(dir, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
};
const small = (more = '', upstream = "{ url: 'http://127.0.0.1:9/mcp' }") =>
  `version: '1'\nupstream: ${upstream}\nlisten: { port: 0 }\nplugins: [policy, feedback]\npolicies: { default: allow }\n${more}`;
const rpc = (id: number, method: string, params: object = {}) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
const noTrace = (text: string) => expect(text).not.toMatch(/^\s+at /m);

describe('errors', () => {
  it.each([
    ['an unknown command', ['strat'], 2, /did you mean "start"/],
    ['an unknown flag', ['start', '--prot', '1'], 2, /unknown option/],
    ['no port', ['start', '--port', 'x'], 2, /"x" is no port/],
    ['no helio.yaml', ['validate'], 3, /there is no helio\.yaml/],
    ['an unknown client', ['connect', 'curser'], 2, /did you mean "cursor"/],
    ['an unknown template', ['init', '--template', 'x'], 2, /unknown template/],
    ['no file to import', ['init', '--from', 'none.json'], 1, /there is no such file/],
  ])('%s is a sentence and an exit code', async (_what, args, code, sentence) => {
    const told = await helio(args);
    expect(told.stderr.replace(/\s+/g, ' ')).toMatch(sentence);
    expect(told).toMatchObject({ code, stdout: '' });
    noTrace(told.stderr);
    for (const line of told.stderr.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const json = await helio([...args, '--json']);
    expect(JSON.parse(json.stdout).error).toMatchObject({
      code: expect.stringMatching(/^HELIO_/),
      message: expect.any(String),
    });
    expect(json.code).toBe(code);
  });

  it('a bad rule is shown with its line, and start exits with 3', async () => {
    write(
      'helio.yaml',
      small().replace('{ default: allow }', '{ default: allow, rules: [{ match: { tool: x }, action: denny }] }'),
    );
    for (const command of ['start', 'validate']) {
      const told = await helio([command]);
      expect(told.code).toBe(3);
      expect(told.stderr).toMatch(/helio\.yaml:5:\d+/);
      expect(told.stderr.replace(/\s+/g, ' ')).toContain('did you mean "deny"');
      noTrace(told.stderr);
    }
  });

  it('a taken port is one sentence and exit 1', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    write('helio.yaml', small().replace('port: 0', `port: ${port}`));
    const told = await helio(['start']);
    server.close();
    expect(told).toMatchObject({ code: 1, stdout: '' });
    expect(told.stderr).toContain(`port ${port} on 127.0.0.1 is taken`);
    noTrace(told.stderr);
  });

  it('a folder in the place of helio.yaml cannot be read', async () => {
    mkdirSync(join(dir, 'helio.yaml'));
    const told = await helio(['start']);
    expect(told.code).toBe(3);
    expect(told.stderr).toContain('not a regular file');
  });

  it.each(['listen', 'dashboard', 'sdk'])('%s on another address needs allow_remote', async (section) => {
    const yaml = (more: string) =>
      `version: '1'\nupstream: { url: 'http://127.0.0.1:9/mcp' }\npolicies: { default: allow }\n${section === 'dashboard' ? '' : 'dashboard: { api_secret: long-enough }\n'}${section}: { host: 0.0.0.0${more}${section === 'dashboard' ? ', api_secret: long-enough' : ''} }\n`;
    write('helio.yaml', yaml(''));
    const refused = await helio(['validate']);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('allow_remote');
    write('helio.yaml', yaml(', allow_remote: true'));
    expect((await helio(['validate'])).code).toBe(0);
  });
});

describe('validate and config', () => {
  it('warns of a rule that no tool of the upstream matches, and says nothing when it is away', async () => {
    const rules = '{ default: allow, rules: [{ match: { tool: no_such_tool }, action: deny }] }';
    const yaml = (upstream: string) => small('', upstream).replace('{ default: allow }', rules);
    write('helio.yaml', yaml(`{ command: '${process.execPath}', args: ['${demo}'] }`));
    const there = await helio(['validate']);
    expect(there.code).toBe(0);
    expect(there.stderr).toContain('warning');
    write('helio.yaml', yaml("{ url: 'http://127.0.0.1:9/mcp' }"));
    expect(await helio(['validate'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('prints the file with its defaults, and no secret', async () => {
    write('helio.yaml', small().replace('9/mcp', '9/mcp?api_key=hunter22'));
    const { stdout, code } = await helio(['config', 'print', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      listen: { host: '127.0.0.1', port: 0, body_limit: '4MiB' },
      upstream: { timeout: '10m' },
    });
    expect(stdout).not.toContain('hunter22');
    expect((await helio(['config', 'path'])).stdout).toBe(`${join(dir, 'helio.yaml')}\n`);
    expect(JSON.parse((await helio(['config', 'schema'])).stdout).properties).toHaveProperty('policies');
  });
});

describe('init', () => {
  it('writes a valid file and a secret once', async () => {
    expect((await helio(['init'])).code).toBe(0);
    const [yaml, secret] = ['helio.yaml', '.env'].map((name) => readFileSync(join(dir, name), 'utf8'));
    expect(statSync(join(dir, '.env')).mode & 0o777).toBe(0o600);
    expect((await helio(['init'])).code).toBe(0);
    expect(['helio.yaml', '.env'].map((name) => readFileSync(join(dir, name), 'utf8'))).toEqual([yaml, secret]);
    expect((await helio(['validate'])).code).toBe(0);
  });

  it('--from turns servers into upstreams and secrets into variables', async () => {
    write(
      'servers.json',
      `{ // mine
      "mcpServers": {
        "git hub": { "command": "npx", "args": ["-y", "x"], "env": { "GITHUB_TOKEN": "ghp_literal", "A": "\${env:B}" }, },
        "far": { "url": "https://far.example/mcp", "headers": { "Authorization": "Bearer sk-literal" } },
        "ours": { "command": "helio", "args": ["stdio", "--", "x"] },
      } }`,
    );
    const told = await helio(['init', '--from', 'servers.json']);
    expect(told.code).toBe(0);
    expect(told.stdout + told.stderr + readFileSync(join(dir, 'helio.yaml'), 'utf8')).not.toContain('literal');
    expect(told.stdout).toContain('export GITHUB_TOKEN=');
    expect(told.stderr).toContain('skipped "ours"');
    const env = { GITHUB_TOKEN: 'a1234', B: 'b1234', FAR_TOKEN: 'c1234' };
    const { stdout } = await helio(['config', 'print', '--json'], { env });
    const { upstreams } = JSON.parse(stdout);
    expect(Object.keys(upstreams)).toEqual(['git-hub', 'far']);
    expect(upstreams.far.url).toBe('https://far.example/mcp');
  });

  it('--from reads the tables of Codex', async () => {
    write(
      'config.toml',
      '[other]\nx = 1\n[mcp_servers.shop]\ncommand = "node"\nargs = [\n  "a", # one\n  \'b\',\n]\n[mcp_servers.shop.env]\nA = "1"\n',
    );
    expect((await helio(['init', '--from', 'config.toml'])).code).toBe(0);
    const { upstream } = JSON.parse((await helio(['config', 'print', '--json'], { env: {} })).stdout);
    expect(upstream).toMatchObject({ name: 'shop', command: 'node', args: ['a', 'b'] });
  });
});

describe('connect', () => {
  const onPort = (port: number): string => small().replace('port: 0', `port: ${port}`);

  it('writes no address that nobody can know yet', async () => {
    write('helio.yaml', onPort(0));
    const { code, stderr } = await helio(['connect', 'cursor', '--write']);
    expect([code, existsSync(join(dir, '.cursor'))]).toEqual([2, false]);
    expect(stderr).toContain('listen.port is 0');
    expect((await helio(['connect', 'cursor', '--write', '--stdio'])).code).toBe(0);
  });

  const files: readonly (readonly [string, string, string])[] = [
    ['claude-desktop', '.config/Claude/claude_desktop_config.json', 'mcpServers'],
    ['claude-code', '.mcp.json', 'mcpServers'],
    ['cursor', '.cursor/mcp.json', 'mcpServers'],
    ['vscode', '.vscode/mcp.json', 'servers'],
    ['copilot', '.copilot/mcp-config.json', 'mcpServers'],
    ['windsurf', '.codeium/windsurf/mcp_config.json', 'mcpServers'],
    ['gemini', '.gemini/settings.json', 'mcpServers'],
    ['zed', '.config/zed/settings.json', 'context_servers'],
  ];
  it.each(files)('%s: writes its entry beside what is there, and takes it out again', async (client, path, key) => {
    write('helio.yaml', onPort(3000));
    const before = `{\n  // kept\n  "other": [1, 2,],\n  "${key}": {\n    "mine": { "command": "x" }, // kept too\n  },\n}\n`;
    write(path, before);
    expect((await helio(['connect', client, '--write'])).code).toBe(0);
    const written = readFileSync(join(dir, path), 'utf8');
    expect(written).toContain('"helio": {');
    expect(written).toContain('// kept too');
    expect(readFileSync(join(dir, `${path}.bak`), 'utf8')).toBe(before);
    expect(JSON.parse((await helio(['connect', client, '--write', '--json'])).stdout)).toMatchObject({
      changed: false,
    });
    expect((await helio(['connect', client, '--undo'])).code).toBe(0);
    expect(readFileSync(join(dir, path), 'utf8').replace(/\s/g, '')).toBe(before.replace(/\s/g, ''));
  });

  it('codex: its table comes and goes, the rest stays', async () => {
    write('helio.yaml', onPort(3000));
    const before = '# mine\nmodel = "x"\n\n[mcp_servers.a]\ncommand = "a"\n';
    const path = write('.codex/config.toml', before);
    await helio(['connect', 'codex', '--write', '--stdio']);
    expect(readFileSync(path, 'utf8')).toContain('[mcp_servers.helio]');
    await helio(['connect', 'codex', '--undo']);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('leaves a file that it cannot read as it is', async () => {
    write('helio.yaml', onPort(3000));
    const path = write('.cursor/mcp.json', '{ "mcpServers": ');
    expect((await helio(['connect', 'cursor', '--write'])).code).toBe(1);
    expect(readFileSync(path, 'utf8')).toBe('{ "mcpServers": ');
  });

  it('what it writes for a desktop client serves an official client, from any folder', async () => {
    write('helio.yaml', small('', `{ command: '${process.execPath}', args: ['${demo}'] }`));
    await helio(['connect', 'claude-desktop', '--write']);
    const { mcpServers } = JSON.parse(readFileSync(join(dir, '.config/Claude/claude_desktop_config.json'), 'utf8'));
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(
      new StdioClientTransport({ ...mcpServers.helio, cwd: '/', env: { HOME: dir }, stderr: 'ignore' }),
    );
    expect((await client.listTools()).tools.length).toBeGreaterThan(3);
    await client.close();
  });
});

describe('stdio', () => {
  const wrap = async (args: readonly string[], env: Record<string, string> = {}) => {
    const client = new Client({ name: 'test', version: '1' });
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [cli, 'stdio', ...args],
      cwd: dir,
      env: environment(env),
      stderr: 'ignore',
    });
    await client.connect(transport);
    return { client, pid: transport.pid! };
  };
  const command = ['--', process.execPath, demo];

  it('in front of a command, without a helio.yaml, lets pass what only reads', async () => {
    const { client } = await wrap(command);
    expect((await client.callTool({ name: 'orders.lookup', arguments: { order_id: 'A-17' } })).isError ?? false).toBe(
      false,
    );
    const refused = await client.callTool({ name: 'create_payment', arguments: {} });
    await client.close();
    expect(refused.isError).toBe(true);
    expect(JSON.stringify(refused)).toContain('No helio.yaml says');
    expect(existsSync(join(dir, '.helio/stdio/helio.yaml'))).toBe(true);
  });

  it('beside a running helio start shares its file, approvals and all, and opens no port', async () => {
    const yaml = `version: '1'\nupstream: { command: '${process.execPath}', args: ['${demo}'] }\nlisten: { port: 0 }\ndashboard: { port: 0, api_secret: long-enough-secret }\nsdk: { port: 0 }\npolicies: { default: allow, rules: [{ match: { tool: create_payment }, action: require_approval, approval: { channel: dashboard, timeout: 20s } }] }\n`;
    const running = await startHelio(yaml, { folder: dir });
    const { client } = await wrap(['-c', join(dir, 'helio.yaml'), ...command]);
    const call = client.callTool({ name: 'create_payment', arguments: { amount: 1, currency: 'GBP', to: 'x' } });
    const pending = async (): Promise<string | undefined> => {
      const { stdout } = await helio(['approvals', 'list', '--json']);
      return JSON.stringify(JSON.parse(stdout)).match(/"id":"([^"]+)"/)?.[1];
    };
    await expect.poll(pending, { timeout: 10_000, interval: 300 }).toBeTruthy();
    expect((await helio(['approvals', 'deny', (await pending())!, '--reason', 'not today'])).code).toBe(0);
    expect((await call).isError).toBe(true);
    await client.close();
    await running.stop();
  });

  it('gives the command the environment of the client, without what is Helio’s own', async () => {
    write('helio.yaml', small());
    const script =
      "require('fs').writeFileSync('seen.json', JSON.stringify([process.env.MINE, process.env.HELIO_SECRET ?? null, process.cwd()]))";
    const told = await helio(['stdio', '--', process.execPath, '-e', `${script}; process.exit(7)`], {
      input: rpc(1, 'initialize', {}),
      env: { MINE: 'yes', HELIO_SECRET: 'no' },
    });
    expect(JSON.parse(readFileSync(join(dir, 'seen.json'), 'utf8'))).toEqual(['yes', null, dir]);
    expect([7, 0]).toContain(told.code); // the client's end and the server's race here; the next test decides
  });

  it.each([
    ['its exit code', "process.stdin.once('data', () => process.exit(7))", 7],
    ['the signal that ended it', "process.stdin.once('data', () => process.kill(process.pid, 'SIGKILL'))", 137],
  ])('passes on %s', async (_what, script, code) => {
    write('helio.yaml', small());
    const child = spawn(process.execPath, [cli, 'stdio', '--', process.execPath, '-e', script], {
      cwd: dir,
      env: environment(),
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const exited = new Promise((done) => child.on('exit', done));
    child.stdin.write(rpc(1, 'initialize', {}));
    expect(await exited).toBe(code);
  });

  it('a program that is not there ends it with 127', async () => {
    write('helio.yaml', small());
    const child = spawn(process.execPath, [cli, 'stdio', '--', 'no-such-program'], {
      cwd: dir,
      env: environment(),
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const exited = new Promise((done) => child.on('exit', done));
    child.stdin.write(rpc(1, 'initialize', {}));
    expect(await exited).toBe(127);
  });

  it('SIGTERM reaches the server, and nothing of its group stays', async () => {
    write('helio.yaml', small());
    const script = `const { spawn } = require('child_process'); const c = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }); require('fs').writeFileSync('pid', String(c.pid)); process.stdin.resume(); setInterval(() => {}, 1000)`;
    const child = spawn(process.execPath, [cli, 'stdio', '--', process.execPath, '-e', script], {
      cwd: dir,
      env: environment(),
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const exited = new Promise((done) => child.on('exit', done));
    child.stdin.write(rpc(1, 'initialize', {}));
    const pid = await expect
      .poll(() => existsSync(join(dir, 'pid')) && readFileSync(join(dir, 'pid'), 'utf8'), { timeout: 10_000 })
      .toBeTruthy()
      .then(() => Number(readFileSync(join(dir, 'pid'), 'utf8')));
    child.kill('SIGTERM');
    expect(await exited).toBe(143);
    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
  });

  it('with a helio.yaml that cannot be used answers everything with file, line and reason', async () => {
    write('helio.yaml', small().replace('{ default: allow }', '{ default: allowed }'));
    const told = await helio(['stdio'], { input: rpc(1, 'initialize') + rpc(2, 'tools/list') });
    const answers = told.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map(({ id }) => id)).toEqual([1, 2]);
    for (const { error } of answers) expect(error.message).toMatch(/helio\.yaml:5:\d+ policies\.default/);
    expect(told.code).toBe(3);
  });
});

describe('doctor', () => {
  it('says what is well and what is not, with what to do', async () => {
    write('helio.yaml', small());
    write('.cursor/mcp.json', '{ "mcpServers": { "direct": { "command": "x" } } }');
    const told = await helio(['doctor', '--json']);
    const { checks } = JSON.parse(told.stdout) as {
      checks: { check: string; state: string; text: string; fix?: string }[];
    };
    const stateOf = (check: string) => checks.filter((each) => each.check === check).map(({ state }) => state);
    expect(stateOf('node')).toEqual(['ok']);
    expect(stateOf('config')).toEqual(['ok']);
    expect(stateOf('store').at(-1)).toBe('ok');
    expect(stateOf('upstream')).toEqual(['fail']);
    expect(checks.find(({ check }) => check === 'clients')).toMatchObject({
      state: 'warn',
      text: expect.stringContaining('direct'),
    });
    for (const { state, fix } of checks) if (state === 'fail') expect(fix).toBeTruthy();
    expect(told.code).toBe(1);
  });

  it('is content where everything is there', async () => {
    write('helio.yaml', small('', `{ command: '${process.execPath}', args: ['${demo}'] }`));
    const told = await helio(['doctor']);
    expect(told.stdout).toMatch(/^ok +upstream .* tools/m);
    expect(told.stdout).not.toMatch(/^fail/m);
    expect(told.code).toBe(0);
  });

  it('goes on without a helio.yaml', async () => {
    const told = await helio(['doctor']);
    expect(told.stdout).toMatch(/^fail +config +there is no helio\.yaml/m);
    expect(told.code).toBe(1);
  });
});

it('status of a Helio that does not run exits with 7', async () => {
  write(
    'helio.yaml',
    `${small()}dashboard: { port: 1, api_secret: long-enough }\n`.replace(
      '[policy, feedback]',
      '[policy, feedback, operator]',
    ),
  );
  expect((await helio(['status'])).code).toBe(7);
});

it('plugins lists what is loaded', async () => {
  write('helio.yaml', small());
  const { stdout } = await helio(['plugins', 'list', '--json']);
  expect(JSON.parse(stdout).plugins.map(({ name }: { name: string }) => name)).toContain('policy');
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
