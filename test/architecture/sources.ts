/** The project's own source files and what they import, for the tests of the architecture. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Source {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly lines: number;
  readonly text: string;
  readonly imports: readonly Import[];
}
export interface Import {
  readonly specifier: string;
  /** Of a relative import: the file, relative to the root. */
  readonly file: string | undefined;
  readonly isTypeOnly: boolean;
}

/** All TypeScript files below a folder, tests and templates left out. */
export function sourcesOf(folder: string): readonly Source[] {
  const found = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return found
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .filter((path) => /\.ts$/.test(path) && !/(^|\/)(test|templates|node_modules|dist)\//.test(path))
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path, text, lines: text.split('\n').length, imports: importsOf(path, text) };
    });
}

const statement =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[\s\S]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

export function importsOf(path: string, text: string): readonly Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [...code.matchAll(statement)].map(([, , type, fixed, dynamic]) => {
    const specifier = fixed ?? dynamic!;
    const file = specifier.startsWith('.')
      ? relative(root, resolve(root, dirname(path), specifier))
          .split(sep)
          .join('/')
      : undefined;
    return { specifier, file, isTypeOnly: type !== undefined };
  });
}
