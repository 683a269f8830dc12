import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { byteSize, duration, durationMs } from '../../../kernel/config/duration.ts';
import { distance, nearest } from '../../../kernel/config/nearest.ts';
import { parseConfig, readConfig } from '../../../kernel/config/read.ts';
import { checkSections, checkValue } from '../../../kernel/config/schema.ts';
import { secret } from '../../../kernel/config/secret.ts';
import { formatPath, formatProblems } from '../../../kernel/errors.ts';

const dir = mkdtempSync(join(tmpdir(), 'helio-schema-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const kernelSections = [
  { name: 'version', schema: z.literal('1').default('1'), owner: 'kernel' },
  { name: 'upstream', schema: z.strictObject({ url: z.url() }).optional(), owner: 'kernel' },
  {
    name: 'listen',
    schema: z.strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: z.number().int().min(0).max(65535).default(3000).describe('Port of /mcp.'),
      allow_remote: z.boolean().default(false),
      body_limit: byteSize().default(4 * 1024 * 1024),
      drain: duration().default(10_000),
    }),
    owner: 'kernel',
  },
  {
    name: 'channels',
    schema: z
      .array(
        z.discriminatedUnion('type', [
          z.strictObject({ type: z.literal('slack'), token: secret(), channel: z.string() }),
          z.strictObject({
            type: z.literal('webhook'),
            url: z.url(),
            headers: z.record(z.string().regex(/^[a-z-]+$/, 'must be a header name'), secret()).optional(),
          }),
        ]),
      )
      .default([]),
    owner: 'approvals',
  },
  {
    name: 'pots',
    schema: z
      .array(
        z.strictObject({
          name: z.string(),
          limit: z.union([
            z.number().positive(),
            z.string().regex(/^\d+(\.\d+)?$/, 'must be an amount such as 5000 or "0.01"'),
          ]),
          window: z.union([
            duration(),
            z.strictObject({ calendar: z.enum(['day', 'week', 'month']), zone: z.string().default('UTC') }),
          ]),
        }),
      )
      .max(3)
      .default([]),
    owner: 'budgets',
  },
];
const known = { 'dry-run': 'dry-run', budgets: 'budgets' };

function check(text: string, env: Record<string, string> = {}) {
  writeFileSync(join(dir, 'helio.yaml'), text);
  const file = readConfig(join(dir, 'helio.yaml'), env);
  const { values, problems } = checkSections(file, kernelSections, known);
  return {
    file,
    values: values as any,
    problems,
    said: [...file.problems, ...problems].map(
      ({ path, message, place }) => `${place?.line}:${place?.column} ${formatPath(path)}: ${message}`,
    ),
  };
}

describe('sections', () => {
  it('get their defaults when they are absent or empty', () => {
    const { values, problems } = check("version: '1'\nlisten:\n");
    expect(problems).toEqual([]);
    expect(values).toMatchObject({
      version: '1',
      upstream: undefined,
      listen: { port: 3000, drain: 10_000, body_limit: 4194304 },
      channels: [],
    });
  });

  it('report everything that is wrong, each with its place', () => {
    const { said } = check(
      `version: '2'
upstream: { url: nonsense }
listen:
  port: '3000'
  prot: 1
  allow_remote: maybe
  drain: 300
  body_limit: 4 megs
channels:
  - type: slak
  - { type: slack, channel: '#a' }
  - { type: webhook, url: 'https://x.example', headers: { BAD: x } }
pots:
  - { name: a, limit: -1, window: 5 minutes }
  - { limit: [1], window: { calendar: dya } }
dry-run: { enabled: true }
lisen: {}
`,
    );
    expect(said).toEqual([
      '16:1 dry-run: the section "dry-run" needs the plugin "dry-run", which is not loaded',
      '17:1 lisen: unknown key "lisen" (did you mean "listen"?)',
      '1:1 version: unknown value "2": must be "1"',
      '2:13 upstream.url: must be a URL such as https://example.com',
      '4:3 listen.port: must be a number, not text',
      '6:3 listen.allow_remote: must be true or false, not text',
      '8:3 listen.body_limit: must be a size with its unit, such as 512KiB or 4MiB',
      '7:3 listen.drain: 300 has no unit: must be a duration with its unit, such as 250ms, 300s, 10m, 1h or 90d (write "300s"?)',
      '5:3 listen.prot: unknown key "prot"', // "port" is there already
      '10:5 channels[0].type: unknown value "slak" (did you mean "slack"?)',
      '11:5 channels[1].token: is missing: must be text',
      '12:59 channels[2].headers.BAD: the key "BAD" must be a header name',
      '14:16 pots[0].limit: must be more than 0',
      '14:27 pots[0].window: must be a duration with its unit, such as 250ms, 300s, 10m, 1h or 90d',
      '15:5 pots[1].name: is missing: must be text',
      '15:7 pots[1].limit: must be a number or text, not a list',
      '15:29 pots[1].window.calendar: unknown value "dya" (did you mean "day"?)',
    ]);
  });

  it('say nothing about a file that could not be parsed: the parser said it', () => {
    expect(check('listen: { port: [').problems).toEqual([]);
  });

  it('are read with what came from variables, where the schema wants a number or true/false', () => {
    const text =
      'listen: { port: "${PORT}", allow_remote: "${REMOTE}", host: "${HOST}" }\nchannels: [{ type: slack, token: "${TOKEN}", channel: "#a" }]';
    const { values, said } = check(text, { PORT: '8080', REMOTE: 'true', HOST: '0', TOKEN: '123456' });
    expect(said).toEqual([]);
    expect(values).toMatchObject({
      listen: { port: 8080, allow_remote: true, host: '0' },
      channels: [{ token: '123456' }],
    });
    expect(check(text, { PORT: 'eighty', REMOTE: 'yes', HOST: 'h', TOKEN: 't' }).said).toEqual([
      '1:11 listen.port: must be a number, not text',
      '1:28 listen.allow_remote: must be true or false, not text',
    ]);
  });

  it('a text that looks like a number stays wrong when no variable made it', () => {
    expect(check("listen: { port: '80' }").said).toEqual(['1:11 listen.port: must be a number, not text']);
  });

  it('a missing variable is told once, not again as a wrong value', () => {
    expect(check('channels: [{ type: slack, token: "${TOKEN}", channel: "#a" }]').said).toEqual([
      '1:34 channels[0].token: the environment variable TOKEN is not set',
    ]);
  });

  it('inherited names are no known sections', () => {
    expect(check('constructor: 1\ntoString: 2').said).toEqual([
      '1:1 constructor: unknown key "constructor"',
      '2:1 toString: unknown key "toString"',
    ]);
  });

  it('too many entries, and too large numbers', () => {
    expect(check('pots: [1, 2, 3, 4]\nlisten: { port: 70000 }').said).toEqual(
      expect.arrayContaining(['1:1 pots: must have at most 3 entries', '2:11 listen.port: must be at most 65535']),
    );
    expect(check('listen: { port: 80.5, host: "" }').said).toEqual([
      '1:23 listen.host: must not be empty',
      '1:11 listen.port: must be a whole number',
    ]);
  });

  it('show no secret that stands beside the mistake', () => {
    const { file, problems } = check(
      "channels: [{ type: slack, token: 'xoxb 1, 2', chanel: '#a' }]\nlisten: { prot: 1, host: h, api_secret: hunter2 }",
    );
    const text = formatProblems(problems, file.text);
    expect(text).not.toMatch(/xoxb|hunter2/);
    expect(text).toContain("1 | channels: [{ type: slack, token: ***********, chanel: '#a' }]");
  });

  it('look like this on a terminal', () => {
    const { file, problems } = check('listen:\n  # the port\n  prot: 1\n');
    expect(formatProblems(problems, file.text, { columns: 200 }).replaceAll(`${dir}/`, '')).toBe(
      [
        'helio.yaml:3:3 listen.prot: unknown key "prot" (did you mean "port"?)',
        '  2 |   # the port',
        '  3 |   prot: 1',
        '    |   ^',
        '  fix: write "port", or remove it',
      ].join('\n'),
    );
  });
});

describe('a part of a section', () => {
  const file = parseConfig(
    'policies:\n  rules:\n    - limits: { max_calls: many, windw: 1h }\n',
    join(dir, 'helio.yaml'),
    {},
  );
  const schema = z.strictObject({ max_calls: z.number(), window: duration() });
  it('is checked against its own schema and placed in the file', () => {
    const path = ['policies', 'rules', 0, 'limits'];
    const checked = checkValue(schema, { max_calls: 'many', windw: '1h' }, path, file);
    expect(
      'problems' in checked &&
        checked.problems.map(({ place, message }) => `${place?.line}:${place?.column} ${message}`),
    ).toEqual([
      '3:17 must be a number, not text',
      '3:7 is missing: must be a duration with its unit, such as 250ms, 300s, 10m, 1h or 90d',
      '3:34 unknown key "windw" (did you mean "window"?)',
    ]);
    expect(checkValue(schema, { max_calls: 1, window: '1h' }, path, file)).toEqual({
      value: { max_calls: 1, window: 3_600_000 },
    });
  });
});

describe('durations and sizes', () => {
  it.each([
    ['250ms', 250],
    ['300s', 300_000],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['90d', 7_776_000_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
    ['10 m', 600_000],
  ])('%s is %d ms', (text, ms) => expect(duration().parse(text)).toBe(ms));

  it.each([
    '',
    's',
    '10',
    '-1s',
    '1w',
    '1 year',
    '1h30m',
    '10M',
    '1e3s',
    '١s',
    '99999999999d',
    '1s\n1s',
    300,
    null,
    true,
  ])('%j is no duration', (value) => {
    expect(duration().safeParse(value).success).toBe(false);
  });

  it('a default is taken in milliseconds', () => {
    expect(duration().default(5000).parse(undefined)).toBe(5000);
    expect(duration().optional().parse(undefined)).toBeUndefined();
  });

  it('milliseconds survive being written', () => {
    fc.assert(fc.property(fc.nat(), (ms) => durationMs(`${ms}ms`) === ms && durationMs(`${ms}s`) === ms * 1000));
  });

  it.each([
    ['4MiB', 4_194_304],
    ['512KiB', 524_288],
    ['1MB', 1_000_000],
    ['10b', 10],
    ['1.5 KiB', 1536],
    ['1GiB', 1_073_741_824],
  ])('%s is %d bytes', (text, bytes) => expect(byteSize().parse(text)).toBe(bytes));

  it.each(['', '4', 'MiB', '4M', '-1KB', '4iB', '4TiB', 4096])('%j is no size', (value) => {
    expect(byteSize().safeParse(value).success).toBe(false);
  });
});

describe('the nearest name', () => {
  it('is what a slip of the fingers meant', () => {
    const names = ['port', 'host', 'allow_remote', 'require_approval', 'deny', 'allow'];
    expect(
      ['prot', 'ports', 'allowRemote', 'allow-remote', 'require_aproval', 'dney', 'Deny', 'alow'].map((word) =>
        nearest(word, names),
      ),
    ).toEqual(['port', 'port', 'allow_remote', 'allow_remote', 'require_approval', 'deny', 'deny', 'allow']);
    expect(['x', 'budget', 'policies', ''].map((word) => nearest(word, names))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(nearest('a'.repeat(1e6), names)).toBeUndefined();
  });

  it('distance is a metric for single edits: none is 0, one edit 1, and it is symmetric', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), fc.nat(12), (a, b, at) => {
        expect(distance(a, a)).toBe(0);
        expect(distance(a, b)).toBe(distance(b, a));
        expect(distance(a, a.slice(0, at) + '\u0000' + a.slice(at))).toBe(1);
        expect(distance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
    expect(distance('prot', 'port')).toBe(1);
  });
});
