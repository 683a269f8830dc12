/** The tables and the code of docs/authors say what the code says. first-plugin.md and deciders.md have tests of their own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePlugin } from '../../kernel/define.ts';
import type { CallContext, ExtensionPoint, Fact, PluginDefinition, Service } from '../../kernel/plugin.ts';
import * as pluginApi from '../../kernel/plugin.ts';
import * as testing from '../../kernel/testing/index.ts';
import { hookNames, hookPlan } from '../../kernel/taps.ts';
import { standardPlugins } from '../../plugins/standard.ts';
import { root } from '../architecture/sources.ts';

const folder = join(root, 'docs/authors');
const names = readdirSync(folder).filter((name) => name.endsWith('.md'));
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

/** The rows of the first table below a heading, as plain text. */
function tableBelow(page: string, heading: string): readonly (readonly string[])[] {
  const from = page.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`there is no heading "${heading}"`);
  const lines = page.slice(from).split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  const past = lines.findIndex((line, index) => index > first && !line.startsWith('|'));
  return lines.slice(first + 2, past).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

/** The members of an interface in kernel/plugin.ts, those that it inherits left out. */
function membersOf(name: string): readonly string[] {
  const text = readFileSync(join(root, 'kernel/plugin.ts'), 'utf8').replace(/\/\*\*[\s\S]*?\*\//g, '');
  const body = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(text)![1]!;
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?(:]/gm)].map(([, member]) => member!);
}

describe('hooks.md', () => {
  const page = read('hooks.md');

  it('has every hook with its stages and its deadline', () => {
    const plan = hookNames.map((hook) => {
      const { stages, middle, timeoutMs } = hookPlan[hook];
      return [hook, stages.join(', '), middle, `${timeoutMs / 1_000} s`];
    });
    expect(tableBelow(page, '## The five').map((row) => row.slice(0, 4))).toEqual(plan);
  });

  it('has every member of what a tap gets, of a verdict and of the options', () => {
    const [all, ...more] = tableBelow(page, '## What a tap gets').map(([, members]) => members!.split(', '));
    expect(all).toEqual(membersOf('CallContext'));
    expect(more).toEqual([membersOf('RequestContext'), membersOf('ForwardContext'), membersOf('ResponseContext')]);
    expect(tableBelow(page, '## Options of a tap').map(([option]) => option)).toEqual(membersOf('TapOptions'));
    const verdict = page.slice(page.indexOf('### evaluate'));
    expect(tableBelow(verdict, '| in a verdict | |').map(([key]) => key)).toEqual(membersOf('Verdict'));
  });

  it('has a picture for 80 columns', () => {
    const picture = /```text\n([\s\S]*?)```/.exec(page)![1]!;
    for (const line of picture.split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
    for (const hook of hookNames) expect(picture).toContain(hook);
    for (const { stages } of Object.values(hookPlan).filter(({ stages }) => stages.length > 1))
      expect(picture.replace(' (gate) ─►', '')).toContain(stages.join(' ─► '));
  });

  it('warns rightly of spreading the context', async () => {
    let spread: Partial<CallContext> = {};
    const plugin = definePlugin({
      name: 'spreader',
      apiVersion: 1,
      config: z.strictObject({}).prefault({}),
      taps: ['evaluate'],
      register: ({ hooks }) => hooks.evaluate.tap((ctx) => void (spread = { ...ctx })),
    });
    const test = await testing.testPlugin(plugin, { with: ['policy'], yaml: 'policies: { default: allow }' });
    await test.call('echo');
    await test.stop();
    expect(Object.keys(spread).sort()).toEqual(
      membersOf('CallContext')
        .filter((member) => member !== 'call' && member !== 'signal')
        .sort(),
    );
  });
});

describe('services.md', async () => {
  const page = read('services.md');
  const contracts = readdirSync(join(root, 'plugins')).filter((name) =>
    existsSync(join(root, 'plugins', name, 'contract.ts')),
  );
  type Ref = Service<unknown> | ExtensionPoint<unknown> | (Fact<unknown> & { readonly kind?: undefined });
  const refs = new Map<string, { readonly ref: Ref; readonly row: readonly [string, string, string] }>();
  const modules = [
    ['plugin', pluginApi] as const,
    ...(await Promise.all(
      contracts.map(
        async (name) => [`contracts/${name}`, await import(join(root, 'plugins', name, 'contract.ts'))] as const,
      ),
    )),
  ];
  for (const [from, module] of modules)
    for (const [name, value] of Object.entries(module as Record<string, unknown>)) {
      const ref = value as Ref | undefined;
      const isRef = typeof ref === 'object' && typeof ref?.id === 'string' && /^[a-z-]+\.[a-z-]+$/.test(ref.id);
      if (isRef && !refs.has(ref.id)) refs.set(ref.id, { ref, row: [ref.id, name, from] });
    }
  const plugins = await Promise.all(
    standardPlugins.map(async ({ load }) => (await load()).default as unknown as PluginDefinition),
  );
  const withRef = (key: 'provides' | 'owns', id: string): string =>
    plugins
      .filter((plugin) => Object.values(plugin[key] ?? {}).some((ref) => (ref as { id: string }).id === id))
      .map(({ name }) => name)
      .join(', ') || (id.startsWith('kernel.') ? 'kernel' : '');
  const ofKind = (kind: 'service' | 'extension' | undefined) =>
    [...refs.values()].filter(({ ref }) => ref.kind === kind).map(({ ref, row }) => ({ id: ref.id, row }));

  it('has every service with its provider', () => {
    const rows = tableBelow(page, '## Services');
    expect(rows.map((row) => row.slice(0, 4)).sort()).toEqual(
      ofKind('service')
        .map(({ id, row }) => [...row, withRef('provides', id)])
        .sort(),
    );
  });
  it('has every extension point with its owner', () => {
    const rows = tableBelow(page, '## Extension points');
    expect(rows.map((row) => row.slice(0, 4)).sort()).toEqual(
      ofKind('extension')
        .map(({ id, row }) => [...row, withRef('owns', id)])
        .sort(),
    );
  });
  it('has every fact', () => {
    const rows = tableBelow(page, '## Facts');
    expect(rows.map((row) => row.slice(0, 3)).sort()).toEqual(
      ofKind(undefined)
        .map(({ row }) => [...row])
        .sort(),
    );
  });
});

it('testing.md has everything that the test kit offers', () => {
  const offered = tableBelow(read('testing.md'), '## What there is').map(([name]) => name);
  expect(offered.sort()).toEqual(Object.keys(testing).sort());
});

describe('every page', () => {
  it.each(names)('%s has no link that leads nowhere', (name) => {
    for (const [, target] of read(name).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g))
      expect(existsSync(join(folder, target!)), target).toBe(true);
  });

  it('is in the index', () => {
    for (const name of names.filter((one) => one !== 'README.md')) expect(read('README.md')).toContain(`(${name})`);
  });

  it('has only TypeScript that compiles', { timeout: 180_000 }, () => {
    const outside = mkdtempSync(join(tmpdir(), 'helio-authors-'));
    try {
      const files = names.flatMap((name) =>
        [...read(name).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, text], index) => {
          const file = join(outside, `${name}.${index + 1}.ts`);
          writeFileSync(file, text!);
          return file;
        }),
      );
      expect(files.length).toBeGreaterThan(3);
      writeFileSync(join(outside, 'package.json'), '{ "type": "module" }');
      symlinkSync(join(root, 'node_modules'), join(outside, 'node_modules'));
      const config = {
        extends: join(root, 'tsconfig.json'),
        compilerOptions: {
          paths: {
            '@gethelio/proxy/plugin': [join(root, 'kernel/plugin.ts')],
            '@gethelio/proxy/testing': [join(root, 'kernel/testing/index.ts')],
            '@gethelio/proxy/contracts/*': [join(root, 'plugins/*/contract.ts')],
          },
          typeRoots: [join(root, 'node_modules/@types')],
        },
        include: files,
        exclude: [],
      };
      writeFileSync(join(outside, 'tsconfig.json'), JSON.stringify(config));
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      let complaint = '';
      try {
        execFileSync(process.execPath, [tsc, '-p', outside, '--pretty', 'false'], { encoding: 'utf8' });
      } catch (error) {
        complaint = String((error as { stdout?: string }).stdout);
      }
      expect(complaint).toBe('');
    } finally {
      rmSync(outside, { recursive: true });
    }
  });
});
