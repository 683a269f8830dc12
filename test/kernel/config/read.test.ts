import { mkdtempSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../../kernel/config/read.ts';
import { formatProblems, HelioError } from '../../../kernel/errors.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'helio-config-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (text: string | Uint8Array, name = 'helio.yaml') => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const read = (text: string | Uint8Array, env: Record<string, string> = {}) => readConfig(write(text), env);
const problems = (text: string, env: Record<string, string> = {}) =>
  read(text, env).problems.map(({ code, message, place }) => [code, message, place && `${place.line}:${place.column}`]);
const failure = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof HelioError) return error.code;
    throw error;
  }
  return 'none';
};

describe('a good file', () => {
  const text = `version: '1'
# a comment with \${NOT_A_VARIABLE}
policies:
  default: allow
  rules:
    - match: { tool: 'delete_*' }
      action: deny
    - &pay
      match:
        tool: 'create_payment'
`;
  it('becomes a plain tree with its hash, folder and text', () => {
    const file = read(text);
    expect(file.tree).toEqual({
      version: '1',
      policies: {
        default: 'allow',
        rules: [{ match: { tool: 'delete_*' }, action: 'deny' }, { match: { tool: 'create_payment' } }],
      },
    });
    expect([file.dir, file.text, file.parsed, file.problems]).toEqual([dir, text, true, []]);
    expect(file.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(file.hash).not.toBe(read(`${text}#`).hash);
  });

  it('knows where every value stands', () => {
    const file = read(text);
    const at = (...path: (string | number)[]) => {
      const place = file.locate(path);
      return place && `${place.line}:${place.column}`;
    };
    expect(at('version')).toBe('1:1');
    expect(at('policies', 'rules', 0)).toBe('6:7');
    expect(at('policies', 'rules', 0, 'match', 'tool')).toBe('6:16');
    expect(at('policies', 'rules', 0, 'action')).toBe('7:7');
    expect(at('policies', 'rules', 1, 'match', 'tool')).toBe('10:9');
    expect(at('policies', 'rules', 2)).toBeUndefined();
    expect(at('policies', 'none')).toBeUndefined();
    expect(at('version', 'x')).toBeUndefined();
  });

  it('may repeat parts with aliases, and knows where those stand', () => {
    const file = read('a: &x { k: 1 }\nb: *x\nc: [*x, *x]\n');
    expect(file.tree).toEqual({ a: { k: 1 }, b: { k: 1 }, c: [{ k: 1 }, { k: 1 }] });
    expect(file.locate(['b', 'k'])).toMatchObject({ line: 1, column: 9 });
  });

  it('is read through a symlink', () => {
    write(text, 'real.yaml');
    symlinkSync(join(dir, 'real.yaml'), join(dir, 'link.yaml'));
    expect(readConfig(join(dir, 'link.yaml'), {}).tree).toHaveProperty('policies');
  });

  it('is YAML 1.2: no and off are text, and a byte order mark is ignored', () => {
    expect(read('\ufeffa: no\nb: off\nc: 0o17\nd: 12:30\n').tree).toEqual({ a: 'no', b: 'off', c: 15, d: '12:30' });
  });
});

describe('a file that cannot be used', () => {
  it('is named, with what to do', () => {
    expect(failure(() => readConfig(join(dir, 'none.yaml'), {}))).toBe('HELIO_CONFIG_NOT_FOUND');
    expect(failure(() => readConfig(dir, {}))).toBe('HELIO_CONFIG_UNREADABLE');
    expect(failure(() => read(''))).toBe('HELIO_CONFIG_EMPTY');
    expect(failure(() => read(' \n\n'))).toBe('HELIO_CONFIG_EMPTY');
    expect(failure(() => read(new Uint8Array([0x61, 0xff, 0xfe])))).toBe('HELIO_CONFIG_UNREADABLE');
    expect(failure(() => read('#'.repeat(9 * 1024 * 1024)))).toBe('HELIO_CONFIG_TOO_LARGE');
  });

  it.each([
    ['version: "1', 'HELIO_CONFIG_SYNTAX'],
    ['policies: { rules: [', 'HELIO_CONFIG_SYNTAX'],
    ['a:\n\t- b\n', 'HELIO_CONFIG_SYNTAX'],
    ['a: 1\n---\nb: 2\n', 'HELIO_CONFIG_SYNTAX'],
    ['a: *nowhere\n', 'HELIO_CONFIG_SYNTAX'],
    ['a: 1\na: 2\n', 'HELIO_CONFIG_DUPLICATE_KEY'],
    ['a: { b: 1, "b": 2 }\n', 'HELIO_CONFIG_DUPLICATE_KEY'],
    ['1: a\n"1": b\n', 'HELIO_CONFIG_DUPLICATE_KEY'],
    ['a: !!js/function x\n', 'HELIO_CONFIG_TAG'],
    ['a: !secret x\n', 'HELIO_CONFIG_TAG'],
    ['a: !!binary aGk=\n', 'HELIO_CONFIG_TAG'],
    ['- a\n', 'HELIO_CONFIG_NOT_A_MAPPING'],
    ['just text\n', 'HELIO_CONFIG_NOT_A_MAPPING'],
    ['# only a comment\n', 'HELIO_CONFIG_NOT_A_MAPPING'],
    ['? { a: 1 }\n: 2\n', 'HELIO_CONFIG_VALUE'],
    ['a: &x { b: 1 }\nc:\n  <<: *x\n', 'HELIO_CONFIG_VALUE'],
    ['a: .inf\n', 'HELIO_CONFIG_VALUE'],
    ['a: .nan\n', 'HELIO_CONFIG_VALUE'],
    ['__proto__: { polluted: 1 }\n', 'HELIO_CONFIG_UNKNOWN_KEY'],
    ['a: 9007199254740993\n', 'HELIO_CONFIG_VALUE'],
  ])('%j is refused with %s and a place', (text, code) => {
    const found = problems(text);
    expect(new Set(found.map(([each]) => each))).toEqual(new Set([code]));
    expect(found[0]![2]).toMatch(/^\d+:\d+$/);
    expect(({} as any).polluted).toBeUndefined();
  });

  it('says all that is wrong at once', () => {
    expect(problems('a: 1\na: 2\nb: { c: 1, c: 2 }\n')).toEqual([
      ['HELIO_CONFIG_DUPLICATE_KEY', '"a" stands twice here, and only one of them could count', '2:1'],
      ['HELIO_CONFIG_DUPLICATE_KEY', '"c" stands twice here, and only one of them could count', '3:12'],
    ]);
  });

  it('an alias bomb ends early, whatever its kind', () => {
    const laughs = [
      'a0: &a0 [x,x,x,x,x,x,x,x,x]',
      ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`),
    ];
    expect(problems(laughs.join('\n')).map(([code]) => code)).toEqual(['HELIO_CONFIG_ALIASES']);
    expect(problems('a: &a [*a]\n').length).toBeGreaterThan(0);
    expect(problems('a: &a { b: *a, c: *a }\n').length).toBeGreaterThan(0);
  });

  it('a variable in a flow map must be quoted, and the message says so', () => {
    expect(problems('a: { b: ${X} }', { X: '1' }).map(([, message]) => message)).toEqual([
      'a variable inside { } or [ ] must stand in quotes',
    ]);
    expect(problems("a: { b: '${X}' }", { X: '1' })).toEqual([]);
  });

  it('brackets without end do not crash it', () => {
    expect(problems(`a: ${'['.repeat(100_000)}`).map(([code]) => code)).toContain('HELIO_CONFIG_SYNTAX');
    expect(problems(`a: ${'['.repeat(200)}${']'.repeat(200)}`).map(([code]) => code)).toEqual(['HELIO_CONFIG_SYNTAX']);
  });
});

describe('variables', () => {
  it('are replaced inside values, never in keys or comments', () => {
    const file = read('a: "${X}-${Y:-why}"\n"${X}": 1\nb: ["${X}"]\nc: $X $$ ${Z:-}\n', { X: 'ex' });
    expect(file.tree).toEqual({ a: 'ex-why', '${X}': 1, b: ['ex'], c: '$X $$ ' });
  });

  it('never become structure', () => {
    const file = read("a: '${X}'\nb: ${X}\n", { X: '{ evil: true }\nc: [1]' });
    expect(file.tree).toEqual({ a: '{ evil: true }\nc: [1]', b: '{ evil: true }\nc: [1]' });
    expect(read('a: ${X}', { X: '${Y}', Y: 'y' }).tree).toEqual({ a: '${Y}' });
  });

  it('stay literal after $${', () => {
    expect(read('a: "$${X} and ${X}"', { X: '1' }).tree).toEqual({ a: '${X} and 1' });
  });

  it('that are missing are all named, with their places', () => {
    expect(problems('a: ${ONE}\nb:\n  - ok\n  - "x ${TWO} y"\n')).toEqual([
      ['HELIO_CONFIG_VARIABLE_MISSING', 'the environment variable ONE is not set', '1:4'],
      ['HELIO_CONFIG_VARIABLE_MISSING', 'the environment variable TWO is not set', '4:5'],
    ]);
  });

  it('take the default also when they are empty', () => {
    expect(read('a: ${X:-d}\nb: "${X}"', { X: '' }).tree).toEqual({ a: 'd', b: '' });
  });

  it.each(['${', '${}', '${1A}', '${A-b}', '${A:b}', '${A:-${B}}', '${ A }', '${A'])('%s is no variable', (text) => {
    expect(problems(`a: '${text}'`, { A: 'a', B: 'b' }).map(([code]) => code)).toEqual([
      'HELIO_CONFIG_VARIABLE_SYNTAX',
    ]);
  });

  it('come from .env beside the file too, and the real environment wins', () => {
    write(
      '# comment\nexport A=one\nB="two # not \\"a\\" comment\\n" # comment\nC=\'${A}\'\nD=\nE = spaced out # comment\nF=a#b\nREAL=file\n',
      '.env',
    );
    const file = read('a: "${A}|${B}|${C}|${D}|${E}|${F}|${REAL}"', { REAL: 'process' });
    expect(file.problems).toEqual([]);
    expect(file.tree).toEqual({ a: 'one|two # not "a" comment\n|${A}||spaced out|a#b|process' });
  });

  it('a line of .env that is no assignment is named, without its text', () => {
    write('A=1\nsk_live_secret\nB="open\n', '.env');
    const found = read('a: 1').problems;
    expect(found.map(({ code, place }) => [code, place?.line])).toEqual([
      ['HELIO_CONFIG_ENV_FILE', 2],
      ['HELIO_CONFIG_ENV_FILE', 3],
    ]);
    expect(JSON.stringify(found)).not.toContain('sk_live');
  });

  it('a .env that is a folder is a problem', () => {
    mkdirSync(join(dir, '.env'));
    expect(read('a: 1').problems.map(({ code }) => code)).toEqual(['HELIO_CONFIG_ENV_FILE']);
  });
});

describe('on a terminal', () => {
  it('a problem shows its place, the lines around it and what to do, in 80 columns', () => {
    const file = read('version: "1"\nlisten:\n  port: ${PORT}\n');
    expect(formatProblems(file.problems, file.text).replaceAll(dir, '')).toBe(
      [
        '/helio.yaml:3:9 listen.port: the environment variable',
        '  PORT is not set',
        '  2 | listen:',
        '  3 |   port: ${PORT}',
        '    |         ^',
        '  fix: set PORT, put it into the .env file beside helio.yaml, or give a default:',
        '       ${PORT:-value}',
      ].join('\n'),
    );
  });

  it('cuts long lines around the column, and makes control characters inert', () => {
    const file = read(`a: { ${'b'.repeat(300)}: "\u202eevil \\u001b", c: "\${MISSING}", ${'d'.repeat(300)}: 1 }\n`);
    const lines = formatProblems(file.problems, file.text).split('\n');
    for (const line of lines.filter((line) => line.includes(' | '))) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines.join('')).not.toMatch(/[\u0000-\u0008\u001b\u202e]/);
    const [shown, caret] = [
      lines.find((line) => line.includes('MISSING}"'))!,
      lines.find((line) => line.trimEnd().endsWith('^'))!,
    ];
    expect(shown.slice(caret.indexOf('^'))).toMatch(/^"\$\{MISSING/);
  });
});
