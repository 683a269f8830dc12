/** docs/security-tests.md names tests that exist: a table of attacks rots when a test is renamed or removed. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../architecture/sources.ts';

const rows = readFileSync(join(root, 'docs/security-tests.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\|(?! *(-|attack))/.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** As a whole string of the source: a part of a longer title is not that test. */
function hasTitle(source: string, title: string): boolean {
  const bare = source.replaceAll('\\', '');
  return ["'", '"', '`'].some((quote) => bare.includes(`${quote}${title}${quote}`));
}

describe('docs/security-tests.md', () => {
  it('has rows of attack, file and test', () => {
    expect(rows.length).toBeGreaterThan(60);
    expect(rows.filter((cells) => cells.length !== 3 || cells.some((cell) => cell === ''))).toEqual([]);
  });
  it.each(rows.map(([, file, title]) => [title!, file!]))('names a test that exists: %s', (title, file) => {
    expect(existsSync(join(root, file))).toBe(true);
    expect(hasTitle(readFileSync(join(root, file), 'utf8'), title)).toBe(true);
  });
});
