/** Who may import whom. A border that no test reads is a border that somebody crosses. */
import { describe, expect, it } from 'vitest';
import { sourcesOf, type Import, type Source } from './sources.ts';

const kernel = sourcesOf('kernel');
const plugins = sourcesOf('plugins');
const dashboard = sourcesOf('dashboard/src');

/** `file imports specifier` for every import that breaks the rule. */
function breaches(
  sources: readonly Source[],
  isBreach: (imported: Import, source: Source) => boolean,
): readonly string[] {
  return sources.flatMap((source) =>
    source.imports
      .filter((imported) => isBreach(imported, source))
      .map(({ specifier }) => `${source.path} imports ${specifier}`),
  );
}
const only = (files: RegExp, specifier: RegExp) =>
  breaches(
    [...kernel, ...plugins],
    ({ specifier: imported, isTypeOnly }, { path }) => specifier.test(imported) && !isTypeOnly && !files.test(path),
  );

describe('the borders', () => {
  it('the kernel imports nothing from plugins', () => {
    expect(
      breaches(
        kernel,
        ({ specifier, file, isTypeOnly }, { path }) =>
          file?.startsWith('plugins/') === true ||
          (specifier.startsWith('@gethelio/proxy/contracts') && !(isTypeOnly && path.startsWith('kernel/testing/'))),
      ),
    ).toEqual([]);
  });

  it('a plugin imports the public API, contracts by name, npm packages and its own folder', () => {
    const breached = breaches(plugins, ({ specifier, file }, { path }) => {
      if (path === 'plugins/standard.ts') return false;
      const own = path.split('/').slice(0, 2).join('/');
      if (file !== undefined) return !file.startsWith(`${own}/`);
      return specifier.startsWith('@gethelio/') && !/^@gethelio\/proxy\/(plugin|contracts\/[a-z-]+)$/.test(specifier);
    });
    expect(breached).toEqual([]);
  });

  it('a contract holds refs and interfaces, no implementation', () => {
    const contracts = plugins.filter(({ path }) => path.endsWith('/contract.ts'));
    expect(contracts.length).toBeGreaterThan(5);
    expect(
      breaches(
        contracts,
        ({ file }, { path }) => file !== undefined && !file.startsWith(path.split('/').slice(0, 2).join('/')),
      ),
    ).toEqual([]);
    for (const { path, text } of contracts) expect(text.split('\n').length, path).toBeLessThan(300);
  });

  it('awilix stays in services.ts, tapable in hooks.ts and taps.ts', () => {
    expect(only(/^kernel\/services\.ts$/, /^awilix$/)).toEqual([]);
    expect(only(/^kernel\/(hooks|taps)\.ts$/, /^tapable$/)).toEqual([]);
  });

  it('fastify as a value stays in kernel/http, beside its own plugins on the operator and sideband listeners', () => {
    expect(only(/^kernel\/http\//, /^fastify$/)).toEqual([]);
  });

  it('no SDK is in the data path', () => {
    expect(
      breaches([...kernel, ...plugins], ({ specifier }) => specifier.startsWith('@modelcontextprotocol/')),
    ).toEqual([]);
  });

  it('only kernel/cli prints and exits', () => {
    const prints = /\bconsole\.(log|error|warn|info)\(|process\.stdout\.write|process\.exit\(/;
    const guilty = [...kernel, ...plugins].filter(
      ({ path, text }) => !path.startsWith('kernel/cli/') && prints.test(text.replace(/\/\*[\s\S]*?\*\//g, '')),
    );
    expect(guilty.map(({ path }) => path)).toEqual([]);
  });
});

describe('the sizes', () => {
  /** Files that are long for a reason, with the reason. */
  const longForAReason: { readonly [path: string]: string } = {
    'kernel/plugin.ts': 'the public API, all of it, in one place',
    'kernel/errors.ts': 'every error in one table',
    'kernel/mcp/json.ts': 'one parser, one state: splitting it costs a third of its speed',
  };

  it('no file is longer than 300 lines without a reason', () => {
    const long = [...kernel, ...plugins, ...dashboard].filter(
      ({ path, lines }) => lines > 301 && !(path in longForAReason),
    );
    expect(long.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });

  it('the median file is small', () => {
    const sizes = [...kernel, ...plugins].map(({ lines }) => lines).sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(120);
  });

  it('the first line of every file says what it is for', () => {
    const silent = [...kernel, ...plugins].filter(({ text }) => !/^(#!.*\n)?(\/\*\*|\/\/)/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });
});
