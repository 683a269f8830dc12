/** The plugins among the examples are what anybody could publish: the public API, their own folder, what package.json names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ranges } from '../../create-helio-plugin/src/versions.ts';
import { importsOf, root } from './sources.ts';

const examples = readdirSync(join(root, 'examples')).filter((name) =>
  existsSync(join(root, 'examples', name, 'package.json')),
);

it('there are some', () => expect(examples.length).toBeGreaterThanOrEqual(3));

describe.each(examples)('examples/%s', (example) => {
  const folder = `examples/${example}`;
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.[jt]s$/.test(path) && !/(^|[\\/])(node_modules|dist)[\\/]/.test(path),
  );

  it('imports the public API, its own files, Node, and packages that it depends on', () => {
    const breaches = files.flatMap((path) => {
      const isTest = /(^|[\\/])test[\\/]/.test(path);
      const packages = { ...manifest.dependencies, ...(isTest && manifest.devDependencies) };
      return importsOf(`${folder}/${path}`, readFileSync(join(root, folder, path), 'utf8'))
        .filter(({ specifier, file }) => {
          if (file !== undefined) return !file.startsWith(`${folder}/`);
          if (specifier.startsWith('@gethelio/proxy/'))
            return (
              !/^@gethelio\/proxy\/(plugin|contracts\/[a-z-]+)$/.test(specifier) &&
              !(isTest && specifier.endsWith('/testing'))
            );
          return !specifier.startsWith('node:') && !(specifier in packages);
        })
        .map(({ specifier }) => `${path} imports ${specifier}`);
    });
    expect(files.length).toBeGreaterThan(1);
    expect(breaches).toEqual([]);
  });

  it('is named, licensed and ranged as a new plugin is', () => {
    expect(manifest.name).toMatch(/^helio-plugin-[a-z-]+$/);
    expect(manifest).toMatchObject({
      type: 'module',
      license: 'Apache-2.0',
      keywords: expect.arrayContaining(['helio-plugin']),
    });
    expect(manifest.peerDependencies).toEqual({ '@gethelio/proxy': ranges['@gethelio/proxy'] });
    const all = { ...manifest.dependencies, ...manifest.devDependencies };
    for (const name of Object.keys(all)) if (name in ranges) expect(all[name], name).toBe(ranges[name]);
    expect(existsSync(join(root, folder, 'LICENSE'))).toBe(true);
  });
});
