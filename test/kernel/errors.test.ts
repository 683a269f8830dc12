import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  errors,
  exitCodes,
  formatError,
  formatPath,
  helioError,
  isHelioError,
  type ErrorCode,
} from '../../kernel/errors.ts';

/** Answers every parameter with its own name. */
const named = new Proxy({}, { get: (_target, key) => String(key) });
const codes = Object.keys(errors) as ErrorCode[];

describe.each(codes)('%s', (code) => {
  const { why, fix, exit } = errors[code] as { why(p: object): string; fix(p: object): string; exit: number };

  it('says what is wrong and what to do, in sentences without a final stop', () => {
    for (const text of [why(named), fix(named)]) {
      expect(text.trim()).toBe(text);
      expect(text.length).toBeGreaterThan(2);
      expect(text).not.toMatch(/\.$|undefined|\[object|\n/);
    }
    expect(code).toMatch(/^HELIO_[A-Z]+(_[A-Z]+)+$/);
    expect(Object.values(exitCodes)).toContain(exit);
  });
});

it('every code of the table is used somewhere: an error that nobody raises is a promise that nobody keeps', () => {
  const root = new URL('../../', import.meta.url).pathname;
  const text = ['kernel', 'plugins']
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && entry.name !== 'errors.ts')
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
  expect(codes.filter((code) => !text.includes(code))).toEqual([]);
});

describe('an error', () => {
  it('carries code, fix, exit code, place and cause', () => {
    const cause = new Error('inner');
    const error = helioError(
      'HELIO_CONFIG_EMPTY',
      { path: 'helio.yaml' },
      { cause, place: { file: 'helio.yaml', line: 1, column: 2 } },
    );
    expect(error).toMatchObject({
      code: 'HELIO_CONFIG_EMPTY',
      message: 'helio.yaml is empty',
      exitCode: 3,
      cause,
      problems: [],
    });
    expect(isHelioError(error)).toBe(true);
    expect(isHelioError(Object.assign(new Error('x'), { name: 'HelioError', code: 'HELIO_CONFIG_EMPTY' }))).toBe(true);
    expect(isHelioError(cause)).toBe(false);
  });

  it('is shown with its place, its code and what to do; never with a stack', () => {
    const error = helioError(
      'HELIO_CONFIG_EMPTY',
      { path: 'helio.yaml' },
      { place: { file: 'helio.yaml', line: 1, column: 2 } },
    );
    const text = formatError(error);
    expect(text).toBe(
      'helio.yaml:1:2 helio.yaml is empty [HELIO_CONFIG_EMPTY]\n  fix: if an editor was just saving it, try again; else run "helio init --force"',
    );
    expect(formatError(error, undefined, { colour: true })).toContain('\u001b[31m');
  });

  it('cannot steer the terminal by what it quotes', () => {
    expect(formatError(helioError('HELIO_CONFIG_NOT_FOUND', { path: 'a\u001b[2J\n\u202eb' }))).not.toMatch(
      /\u001b|\u202e/,
    );
  });
});

it('paths are written as people write them', () => {
  expect(formatPath(['policies', 'rules', 2, 'match', 'input', '$.amount', 'gt'])).toBe(
    'policies.rules[2].match.input["$.amount"].gt',
  );
  expect(formatPath([])).toBe('');
});
