/** Where plugins come from, and what is said when one cannot be had: nothing of a broken list is ever half loaded. */
import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { importPlugin, typescriptAdvice } from '../../kernel/plugins/import.ts';
import { pluginFolder, pluginSource, type PluginFolder } from '../fixtures/plugin-folder.ts';

interface Told {
  readonly id: number;
  readonly plugins?: readonly { readonly name: string; readonly version: string; readonly source: string }[];
  readonly problems: readonly { code: string; path: (string | number)[]; message: string; fix?: string }[];
}
let folder: PluginFolder;
let child: ChildProcess;
let asked = 0;
beforeAll(() => void (child = fork(join(import.meta.dirname, '../fixtures/inspecting.mjs'), { execArgv: [] })));
afterAll(() => void child.kill());
beforeEach(() => void (folder = pluginFolder()));
afterEach(() => folder.remove());

function inspect(path: string): Promise<Told> {
  const id = ++asked;
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the inspecting process ended with ${code}`));
    const listen = (told: Told) => {
      if (told.id !== id) return;
      child.off('message', listen).off('exit', ended);
      resolve(told);
    };
    child.on('message', listen).once('exit', ended).send({ id, path });
  });
}

/** The plugins that are not standard, or what was wrong. */
async function load(entries: readonly string[], more?: string) {
  const { plugins, problems } = await inspect(folder.list(entries, more));
  const foreign = plugins?.filter(({ source }) => source !== 'standard');
  return { plugins: foreign?.map(({ name, version, source }) => `${name} ${version} ${source}`), problems };
}
const esm = (exports: object, more = {}) => ({ version: '2.1.0', type: 'module', exports, ...more });

describe('a package', () => {
  it('is found from the folder of helio.yaml, in ESM only', async () => {
    folder.install('helio-plugin-tea', esm({ import: './main.js' }), { 'main.js': pluginSource('tea') });
    expect(await load(['helio-plugin-tea'])).toMatchObject({ plugins: ['tea 2.1.0 package'], problems: [] });
  });
  it('may be scoped', async () => {
    const exports = { '.': { import: './dist/index.js' } };
    folder.install('@acme/helio-plugin-tea', esm(exports), { 'dist/index.js': pluginSource('tea') });
    expect(await load(["'@acme/helio-plugin-tea'"])).toMatchObject({ plugins: ['tea 2.1.0 package'] });
  });
  it('may hold several plugins, each at a subpath', async () => {
    folder.install('@acme/helio', esm({ './tea': './tea.js', './coffee': { import: './coffee.js' } }), {
      'tea.js': pluginSource('tea'),
      'coffee.js': pluginSource('coffee'),
    });
    const { plugins } = await load(["'@acme/helio/tea'", "'@acme/helio/coffee'"]);
    expect(plugins).toEqual(['tea 2.1.0 package', 'coffee 2.1.0 package']);
  });
  it('may be linked into node_modules, as npm link does', async () => {
    folder.write(
      'elsewhere/package.json',
      JSON.stringify({ name: 'helio-plugin-tea', ...esm({ import: './tea.js' }) }),
    );
    folder.write('elsewhere/tea.js', pluginSource('tea'));
    symlinkSync(join(folder.path, 'elsewhere'), join(folder.path, 'node_modules/helio-plugin-tea'));
    expect((await load(['helio-plugin-tea'])).plugins).toEqual(['tea 2.1.0 package']);
  });
  it('may stand in the node_modules of a folder above', async () => {
    folder.install('helio-plugin-tea', esm({ import: './main.js' }), { 'main.js': pluginSource('tea') });
    const path = folder.write(
      'deploy/production/helio.yaml',
      "version: '1'\nupstream: { url: 'http://127.0.0.1:9/mcp' }\nplugins: [helio-plugin-tea]\n",
    );
    const { problems } = await inspect(path);
    expect(problems).toEqual([]);
  });

  it.each([
    ['helio-plugin-tea', 'helio-plugin-tea'],
    ['helio-plugin-tea/kettle', 'helio-plugin-tea'],
    ['@acme/helio-plugin-tea', '@acme/helio-plugin-tea'],
    ['@acme/helio-plugin-tea/kettle', '@acme/helio-plugin-tea'],
  ])('%s that is not installed is told with the command that installs it', async (use, installed) => {
    expect((await load(['policy', `'${use}'`])).problems).toEqual([
      {
        code: 'HELIO_PLUGIN_NOT_FOUND',
        path: ['plugins', 1],
        message: `plugin "${use}" was not found`,
        fix: `install it beside helio.yaml, in ${folder.path}: npm install ${installed}`,
      },
    ]);
  });
  it.each<[string, string, RegExp]>([
    ['a standard name in other letters', 'RateLimits', /did you mean "rate-limits"\?/],
    ['a file without ./', 'plugins/tea.js', /written with \.\/ in front: \.\/plugins\/tea\.js/],
    ['a subpath that the package does not offer', 'helio-plugin-pot/lid', /is installed, but offers no \/lid/],
    ['a package whose main file is gone', 'helio-plugin-gone', /install it again/],
    ['a package whose package.json is none', 'helio-plugin-broken', /is there, but broken/],
    ['a module of Node', 'node:fs', /name a standard plugin, an npm package or a file/],
    ['code in the list', "'data:text/javascript,export default 1'", /name a standard plugin, an npm package or a file/],
    ['a package with a version', "'helio-plugin-tea@2'", /name a standard plugin, an npm package or a file/],
  ])('%s is told for what it is', async (_what, use, fix) => {
    folder.write('plugins/tea.js', pluginSource('tea'));
    folder.install('helio-plugin-pot', esm({ '.': './pot.js' }), { 'pot.js': pluginSource('pot') });
    folder.install('helio-plugin-gone', esm({ import: './gone.js' }), {});
    folder.write('node_modules/helio-plugin-broken/package.json', '{ "name": ');
    const { problems } = await load([use]);
    expect(problems).toMatchObject([{ path: ['plugins', 0], fix: expect.stringMatching(fix) }]);
  });
});

describe('a file', () => {
  it.each(['./tea.js', './plugins/deep/tea.mjs', './pl%61in #1?.mjs'])('%s is found from helio.yaml', async (name) => {
    folder.write('package.json', '{ "type": "module", "version": "0.3.0" }');
    folder.write(name, pluginSource('tea'));
    expect((await load([`'${name}'`])).plugins).toEqual(['tea 0.3.0 file']);
  });
  it('may lie outside of the folder, and may be named absolutely', async () => {
    folder.write('shared/tea.mjs', pluginSource('tea'));
    const pot = folder.write('shared/pot.mjs', pluginSource('pot'));
    const path = folder.write(
      'deploy/helio.yaml',
      `version: '1'\nupstream: { url: 'http://127.0.0.1:9/mcp' }\nplugins: [../shared/tea.mjs, '${pot}']\n`,
    );
    const { problems, plugins } = await inspect(path);
    const names = plugins?.map(({ name }) => name);
    expect({ problems, names }).toEqual({ problems: [], names: ['tea', 'pot'] });
  });
  it('that is not there, or is a folder, is told with its whole path', async () => {
    folder.write('plugins/tea.mjs', pluginSource('tea'));
    expect((await load(['./tea.mjs', './plugins'])).problems).toMatchObject([
      { code: 'HELIO_PLUGIN_NOT_FOUND', fix: `there is no file ${join(folder.path, 'tea.mjs')}` },
      { code: 'HELIO_PLUGIN_NOT_FOUND', fix: `name a file: ${join(folder.path, 'plugins')} is a folder` },
    ]);
  });
});

describe('a module that cannot be used', () => {
  it.each<[string, string, string, RegExp]>([
    ['has no default export', 'export const plugin = 1;', 'HELIO_PLUGIN_NOT_A_PLUGIN', /no Helio plugin/],
    ['exports a function', 'export default () => {};', 'HELIO_PLUGIN_NOT_A_PLUGIN', /no Helio plugin/],
    [
      'exports a bare object',
      "export default { name: 'tea', apiVersion: 1, register() {} };",
      'HELIO_PLUGIN_NOT_A_PLUGIN',
      /no Helio plugin/,
    ],
    ['throws when it is imported', "throw new Error('no kettle');", 'HELIO_PLUGIN_IMPORT', /no kettle/],
    ['throws what is no error', "throw 'no kettle';", 'HELIO_PLUGIN_IMPORT', /no kettle/],
    ['is no JavaScript', 'export default {\n  nonsense here\n};', 'HELIO_PLUGIN_IMPORT', /broken\.mjs:2/],
    ['lacks a package', "import 'no-such-kettle';", 'HELIO_PLUGIN_IMPORT', /no-such-kettle/],
  ])('that %s is a sentence with its place in the list', async (_what, source, code, sentence) => {
    folder.write('broken.mjs', source);
    const { plugins, problems } = await load(['policy', './broken.mjs']);
    expect(plugins).toBeUndefined();
    expect(problems).toMatchObject([{ code, path: ['plugins', 1], message: expect.stringMatching(sentence) }]);
    expect(problems[0]!.message).not.toMatch(/\n| at /);
  });
  it('says which package to install when the plugin lacks one', async () => {
    folder.write('broken.mjs', "import 'no-such-kettle';");
    expect((await load(['./broken.mjs'])).problems).toMatchObject([
      { fix: 'install what it needs: npm install no-such-kettle' },
    ]);
  });
  it.each([2, 0, "'1'", 'undefined'])('written for plugin API %s says both versions', async (version) => {
    folder.write('later.mjs', pluginSource('later').replace('apiVersion: 1', `apiVersion: ${version}`));
    const [problem] = (await load(['./later.mjs'])).problems;
    expect(problem).toMatchObject({ code: 'HELIO_PLUGIN_API_VERSION', path: ['plugins', 0] });
    expect(problem!.message).toMatch(/plugin API .*offers 1/);
  });
  it.each<[string, string]>([
    ["name: 'Tea Time'", 'kebab-case'],
    ["config: 'none'", 'zod'],
    ["taps: 'evaluate'", 'no list of hooks'],
    ["taps: ['evaluated']", 'evaluated'],
    ['register: undefined', 'register'],
    ["needs: ['counters']", 'needs'],
    ['provides: { pot: undefined }', 'provides'],
    ["reaches: { network: 'everywhere' }", 'reaches'],
    ["section: 'a.b'", 'section'],
  ])('whose manifest says %s is told so', async (wrong, word) => {
    const source = pluginSource('tea').replace(/register\(api\) \{\s*\} \}/, `register() {}, ${wrong} }`);
    expect(source).toContain(wrong);
    folder.write('wrong.mjs', source);
    expect((await load(['./wrong.mjs'])).problems).toMatchObject([
      { code: 'HELIO_PLUGIN_MANIFEST', path: ['plugins', 0], message: expect.stringContaining(word) },
    ]);
  });
  it('never gets ready: the start does not wait for ever', async () => {
    const file = folder.write('waits.mjs', 'await new Promise(() => {});');
    await expect(importPlugin(`file://${file}`, './waits.mjs', 100)).rejects.toMatchObject({
      code: 'HELIO_PLUGIN_IMPORT',
      message: expect.stringContaining('./waits.mjs'),
    });
  });
});

describe('plugins that do not fit together', () => {
  it('two of one name', async () => {
    folder.write('tea.mjs', pluginSource('tea'));
    folder.write('other.mjs', pluginSource('tea'));
    expect((await load(['./tea.mjs', 'policy', './other.mjs'])).problems).toMatchObject([
      {
        code: 'HELIO_PLUGIN_TWICE',
        path: ['plugins', 2],
        message: 'two plugins are called "tea": ./tea.mjs, ./other.mjs',
      },
    ]);
  });
  it.each([
    ["section: 'policies'", 'policy'],
    ["section: 'listen'", 'Helio itself'],
    ["section: 'plugins'", 'Helio itself'],
  ])('one that wants a section of somebody else: %s', async (section, owner) => {
    folder.write('thief.mjs', pluginSource('thief', { more: `${section},` }));
    expect((await load(['policy', './thief.mjs'])).problems).toMatchObject([
      { code: 'HELIO_PLUGIN_SECTION', path: ['plugins', 1], message: expect.stringContaining(owner) },
    ]);
  });
  it('one that throws in register: it is named, and nothing is loaded', async () => {
    folder.write('tea.mjs', pluginSource('tea', { register: "throw new Error('no kettle');" }));
    const { plugins, problems } = await load(['policy', './tea.mjs']);
    expect(plugins).toBeUndefined();
    expect(problems).toMatchObject([
      { code: 'HELIO_PLUGIN_REGISTER', message: 'plugin "tea" failed in register: no kettle' },
    ]);
  });
  it('one that needs what nobody provides', async () => {
    const before =
      "import { defineService } from '@gethelio/proxy/plugin'; const kettle = defineService('acme.kettle');";
    folder.write('tea.mjs', pluginSource('tea', { before, more: 'needs: { kettle },' }));
    expect((await load(['./tea.mjs'])).problems).toMatchObject([
      { code: 'HELIO_PLUGIN_NEEDS', message: expect.stringContaining('acme.kettle') },
    ]);
  });
});

describe('on_error: continue', () => {
  const entry = '{ use: ./tea.mjs, on_error: continue }';
  it.each(['onRequest', 'evaluate', 'beforeForward', 'afterResponse'])(
    'is refused for a plugin that taps %s: a guard that is skipped opens the gate',
    async (hook) => {
      folder.write('tea.mjs', pluginSource('tea', { more: `taps: ['onDecision', '${hook}'],` }));
      expect((await load(['policy', entry])).problems).toMatchObject([
        { code: 'HELIO_PLUGIN_ON_ERROR', path: ['plugins', 1, 'on_error'] },
      ]);
    },
  );
  it('is refused for a plugin that provides a service', async () => {
    const before =
      "import { defineService } from '@gethelio/proxy/plugin'; const kettle = defineService('acme.kettle');";
    const more = 'provides: { kettle },';
    folder.write('tea.mjs', pluginSource('tea', { before, more, register: 'return { kettle: {} };' }));
    expect((await load([entry])).problems).toMatchObject([{ code: 'HELIO_PLUGIN_ON_ERROR' }]);
  });
  it.each(['stop', 'true', 'ignore'])('has no other value, such as %s', async (value) => {
    folder.write('tea.mjs', pluginSource('tea'));
    expect((await load([`{ use: ./tea.mjs, on_error: ${value} }`])).problems).toMatchObject([
      { code: 'HELIO_CONFIG_VALUE', path: ['plugins'] },
    ]);
  });
});

describe('a plugin in TypeScript', () => {
  const source = pluginSource('tea').replace('register(api)', 'register(api: unknown)');
  it('runs where Node strips types, and else says what to do', async () => {
    folder.write('tea.mts', source);
    const { plugins, problems } = await load(['./tea.mts']);
    const features = process.features as { typescript?: unknown };
    if (features.typescript) expect(plugins).toEqual(['tea 0.0.0 file']);
    else
      expect(problems).toMatchObject([
        {
          code: 'HELIO_PLUGIN_IMPORT',
          message: 'plugin "./tea.mts" could not be loaded: this Node does not run TypeScript files',
          fix: typescriptAdvice(process.versions.node, features),
        },
      ]);
  });
  it('compiled to JavaScript runs everywhere', async () => {
    folder.write('src/tea.mts', source);
    const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
    const options = ['--module', 'nodenext', '--target', 'es2023', '--skipLibCheck', '--noCheck', '--outDir', 'dist'];
    execFileSync(process.execPath, [tsc, ...options, 'src/tea.mts'], { cwd: folder.path, stdio: 'ignore' });
    expect((await load(['./dist/tea.mjs'])).plugins).toEqual(['tea 0.0.0 file']);
  });
  it.each<[string, object, RegExp]>([
    ['20.19.0', {}, /Node 22\.18 or newer, or compile/],
    ['22.5.0', {}, /Node 22\.18 or newer, or compile/],
    ['22.12.0', { typescript: false }, /NODE_OPTIONS=--experimental-strip-types/],
    ['23.0.0', { typescript: false }, /NODE_OPTIONS=--experimental-strip-types/],
    ['22.18.0', { typescript: false }, /without --no-experimental-strip-types/],
    ['24.1.0', { typescript: false }, /without --no-experimental-strip-types/],
  ])('on Node %s with %j the advice fits', (node, features, advice) => {
    expect(typescriptAdvice(node, features)).toMatch(advice);
  });
});
