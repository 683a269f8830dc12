/** `helio plugins`: what each plugin may tap, need, provide and reach is told before any of them has registered anything. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli } from '../../scripts/helio-process.mjs';
import { pluginFolder, pluginSource, type PluginFolder } from '../fixtures/plugin-folder.ts';

let folder: PluginFolder;
beforeEach(() => void (folder = pluginFolder()));
afterEach(() => folder.remove());

function helio(...args: readonly string[]) {
  const env = { PATH: process.env['PATH']!, HOME: folder.path, NO_COLOR: '1' };
  const child = spawn(process.execPath, [cli, 'plugins', ...args], { cwd: folder.path, env, stdio: 'pipe' });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((done) =>
    child.on('close', (code) => done({ code, stdout, stderr: stderr.replace(/\s+/g, ' ') })),
  );
}

const before = `import { writeFileSync } from 'node:fs';
import { documents } from '@gethelio/proxy/contracts/state';`;
/** Leaves a file behind when it is registered. */
const tea = (taps: string, more = '') =>
  pluginSource('tea', {
    before,
    more: `summary: 'Serves tea.', taps: [${taps}], needs: { documents }, ${more}`,
    register: "writeFileSync(new URL('registered', import.meta.url), 'yes');",
  }).replace('z.strictObject({})', "z.strictObject({ pots: z.int().default(3).describe('How many pots.') })");
const reaches = "reaches: { network: ['kettle.example'], secrets: ['TEA_TOKEN'] },";
const install = (version: string, source: string): void =>
  folder.install('helio-plugin-tea', { version, type: 'module', exports: './main.js' }, { 'main.js': source });
const hasRegistered = (): boolean => existsSync(join(folder.path, 'node_modules/helio-plugin-tea/registered'));

describe('before anything runs', () => {
  beforeEach(() => {
    install('1.0.0', tea("'evaluate', 'onDecision'", reaches));
    // A variable that is not set here, and a section that the plugin would refuse: neither is needed to look.
    folder.list(['policy', 'helio-plugin-tea'], "tea: { pots: many }\ndashboard: { api_secret: '${NOT_HERE}' }\n");
  });
  afterEach(() => expect(hasRegistered()).toBe(false));

  it('list shows who taps, needs, provides and reaches what, implied plugins included', async () => {
    const { code, stdout } = await helio('list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/tea +package +evaluate onDecision +state\.documents +- +kettle\.example TEA_TOKEN/);
    expect(stdout).toMatch(/state-sqlite +standard \(implied\)/);
  });
  it('info shows one of them whole', async () => {
    const { code, stdout } = await helio('info', 'tea');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: [
        'tea 1.0.0 (package)',
        '  Serves tea.',
        '  taps      evaluate, onDecision',
        '  needs     state.documents',
        '  wants     nothing',
        '  provides  nothing',
        '  owns      nothing',
        '  reaches   network kettle.example, secret TEA_TOKEN',
        '',
      ].join('\n'),
    });
    expect(JSON.parse((await helio('info', 'tea', '--json')).stdout)).toMatchObject({
      taps: ['evaluate', 'onDecision'],
      reaches: { network: ['kettle.example'], secrets: ['TEA_TOKEN'] },
    });
  });
  it('docs prints its configuration', async () => {
    const { code, stdout } = await helio('docs', 'tea');
    expect(code).toBe(0);
    expect(stdout).toMatch(/`?pots`?.*3.*How many pots/);
  });
  it('check shows the same, and an unknown name is a sentence', async () => {
    expect((await helio('check')).stdout).toContain('reaches   network kettle.example, secret TEA_TOKEN');
    expect(await helio('info', 'coffee')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('check', () => {
  it('tells what an upgrade newly may do, until it is accepted', async () => {
    install('1.0.0', tea("'onDecision'"));
    folder.list(['policy', 'helio-plugin-tea']);
    expect((await helio('check', '--accept')).code).toBe(0);
    expect((await helio('check')).code).toBe(0);

    install('2.0.0', tea("'onDecision', 'beforeForward'", reaches));
    const upgraded = await helio('check');
    expect(upgraded.code).toBe(1);
    expect(upgraded.stderr).toContain(
      'tea newly: taps beforeForward, reaches the network at kettle.example, reads the secret TEA_TOKEN',
    );
    expect(upgraded.stderr).toContain('HELIO_PLUGIN_CHANGED');
    const json = await helio('check', '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      accepted: false,
      changes: [{ plugin: 'tea', isNew: false, more: expect.arrayContaining(['taps beforeForward']) }],
    });

    expect((await helio('check', '--accept')).code).toBe(0);
    const accepted = JSON.parse(readFileSync(join(folder.path, 'helio.plugins.json'), 'utf8'));
    expect(accepted.tea).toMatchObject({ version: '2.0.0', taps: ['beforeForward', 'onDecision'] });
    expect((await helio('check')).code).toBe(0);
    expect(hasRegistered()).toBe(false);
  });
  it('asks about a plugin that is new, and not about one that does less or is gone', async () => {
    install('1.0.0', tea("'onDecision', 'evaluate'", reaches));
    folder.list(['policy', 'helio-plugin-tea']);
    await helio('check', '--accept');
    install('1.1.0', tea("'onDecision'"));
    expect((await helio('check')).code).toBe(0);
    folder.list(['policy']);
    expect((await helio('check')).code).toBe(0);

    folder.write('pot.mjs', pluginSource('pot', { more: "taps: ['onRequest']," }));
    folder.list(['policy', './pot.mjs']);
    const told = await helio('check');
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('pot is new: taps onRequest');
  });
  it('refuses a list that cannot work together', async () => {
    folder.write(
      'pot.mjs',
      pluginSource('pot', {
        before: "import { defineService } from '@gethelio/proxy/plugin'; const kettle = defineService('acme.kettle');",
        more: 'needs: { kettle },',
      }),
    );
    folder.list(['policy', './pot.mjs']);
    expect(await helio('check')).toMatchObject({ code: 3, stderr: expect.stringContaining('acme.kettle') });
  });
  it('says so when helio.plugins.json is none', async () => {
    install('1.0.0', tea("'onDecision'"));
    folder.list(['policy', 'helio-plugin-tea']);
    writeFileSync(join(folder.path, 'helio.plugins.json'), '[');
    expect(await helio('check')).toMatchObject({ code: 2, stderr: expect.stringContaining('helio.plugins.json') });
  });
});
