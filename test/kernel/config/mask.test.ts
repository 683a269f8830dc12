import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createScrub, maskSections, secretsOf } from '../../../kernel/config/mask.ts';
import { parseConfig } from '../../../kernel/config/read.ts';
import { secret } from '../../../kernel/config/secret.ts';
import type { JsonObject } from '../../../kernel/plugin.ts';

const schemas = new Map<string, z.ZodType>([
  [
    'dashboard',
    z.strictObject({
      port: z.number(),
      api_secret: secret().optional(),
      nested: z.strictObject({ deep: z.array(z.strictObject({ it: secret().default('d') })) }).optional(),
    }),
  ],
  [
    'upstreams',
    z.record(
      z.string(),
      z.strictObject({ url: z.string(), headers: z.record(z.string(), secret(z.string())).optional() }),
    ),
  ],
  [
    'channels',
    z.array(
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('slack'), token: secret().transform((text) => text) }),
        z.strictObject({ type: z.literal('plain'), words: z.string(), keys: secret(z.array(z.string())) }),
      ]),
    ),
  ],
  [
    'lazy',
    z.lazy(() =>
      z.strictObject({
        pair: z.tuple([z.string(), secret()]),
        pipe: z.preprocess((value) => value, secret()).nullable(),
      }),
    ),
  ],
  ['either', z.union([secret(), z.strictObject({ file: z.string() })])],
]);
const tree: JsonObject = {
  dashboard: { port: 3100, api_secret: 'dash-secret', nested: { deep: [{ it: 'deep-secret' }] } },
  upstreams: {
    shop: {
      url: 'https://user:pa55@shop.example/mcp',
      headers: { authorization: 'Bearer header-secret', 'x-plain': 'also-secret' },
    },
  },
  channels: [
    { type: 'slack', token: 'xoxb-secret' },
    { type: 'plain', words: 'hello', keys: ['list-secret-1', 'list-secret-2'] },
  ],
  lazy: { pair: ['open', 'tuple-secret'], pipe: 'pipe-secret' },
  either: 'either-secret',
  unknown: { api_key: 'named-secret', password: 12345678, color: 'red', auth: { accessToken: 'named-too' } },
};
const all = [
  'dash-secret',
  'deep-secret',
  'Bearer header-secret',
  'also-secret',
  'xoxb-secret',
  'list-secret-1',
  'list-secret-2',
  'tuple-secret',
  'pipe-secret',
  'either-secret',
  'named-secret',
  '12345678',
  'named-too',
];

describe('masking', () => {
  it('hides marked fields at any depth: lists, records, unions, tuples, wrappers', () => {
    const shown = JSON.stringify(maskSections(tree, schemas));
    for (const one of all) expect(shown).not.toContain(one);
    expect(shown).not.toContain('pa55');
    expect(maskSections(tree, schemas)).toMatchObject({
      dashboard: { port: 3100, api_secret: '***' },
      upstreams: { shop: { url: 'https://***@shop.example/mcp', headers: { authorization: '***' } } },
      channels: [{ type: 'slack' }, { words: 'hello', keys: '***' }],
      lazy: { pair: ['open', '***'] },
      unknown: { color: 'red' },
    });
  });

  it('holds whatever is added to a marked schema afterwards, and marks no other use of it', () => {
    const shared = z.string().min(1);
    const variants = {
      described: secret().describe('A token.'),
      longer: secret().min(8).max(100).regex(/x/),
      refined: secret().refine(() => true),
      optional: secret().optional().describe('x'),
      trimmed: secret().trim().default('d').describe('y'),
      converted: secret()
        .transform((text) => text.length)
        .describe('z'),
      listed: z.array(secret().describe('one')).describe('all'),
      marked: secret(shared),
      open: shared,
    };
    const masked = maskSections(
      { all: Object.fromEntries(Object.keys(variants).map((key) => [key, key === 'listed' ? ['v'] : 'v'])) },
      new Map([['all', z.strictObject(variants)]]),
    );
    const hidden = Object.fromEntries(
      Object.keys(variants).map((key) => [key, key === 'open' ? 'v' : key === 'listed' ? ['***'] : '***']),
    );
    expect(masked).toEqual({ all: hidden });
  });

  it('goes by the names of keys where a schema takes anything', () => {
    const inside = { use: 'x', api_key: 'v', deep: [{ webhookSecret: 'v', url: 'u' }], words: 'w' };
    const open = new Map<string, z.ZodType>([
      ['json', z.array(z.strictObject({ config: z.json().optional() }))],
      ['unknown', z.looseObject({})],
      ['any', z.record(z.string(), z.any())],
    ]);
    const masked = { use: 'x', api_key: '***', deep: [{ webhookSecret: '***', url: 'u' }], words: 'w' };
    expect(maskSections({ json: [{ config: inside }], unknown: inside, any: inside }, open)).toEqual({
      json: [{ config: masked }],
      unknown: masked,
      any: masked,
    });
  });

  it('leaves the tree as it was', () => {
    const before = JSON.stringify(tree);
    maskSections(tree, schemas);
    expect(JSON.stringify(tree)).toBe(before);
  });

  it('collects the values, so that logs can be scrubbed of them', () => {
    expect(new Set(secretsOf(tree, schemas))).toEqual(new Set(all));
    const scrub = createScrub(secretsOf(tree, schemas));
    expect(scrub('sent header-secret and xoxb-secret, red')).toBe('sent *** and ***, red');
  });
});

describe('scrubbing', () => {
  it('leaves nothing of a secret that contains another, and takes patterns literally', () => {
    const scrub = createScrub(['abcd', 'abcdefgh', 'a.*b$^(x)|[']);
    expect(scrub('abcdefgh abcd abxb a.*b$^(x)|[ aZZb')).toBe('*** *** abxb *** aZZb');
  });

  it('leaves very short ones alone, which would blacken every line', () => {
    expect(createScrub(['a', ''])('a banana')).toBe('a banana');
  });
});

describe('what came from variables', () => {
  const env = {
    TOKEN: 'tok-9f2e7a11',
    DB_PASS: 'pa55word!',
    PORT: '3100',
    MODE: 'open',
    SHOP: 'https://shop.example/k-12345678/mcp',
    STAGE: 'staging',
  };
  const file = parseConfig(
    [
      'environment: ${STAGE}',
      'upstream:',
      '  url: ${SHOP}',
      "  args: ['--token=${TOKEN}', -p, '${DB_PASS}', '--api-key', literal-key, '--password=literal-pass', --verbose, x]",
      'dashboard: { port: "${PORT}", mode: "${MODE}" }',
      'unknown: { note: "${TOKEN}", plain: words }',
    ].join('\n'),
    '/nowhere/helio.yaml',
    env,
  );
  const known = new Map<string, z.ZodType>([
    ['environment', z.string()],
    ['upstream', z.strictObject({ url: z.url(), args: z.array(z.string()) })],
    ['dashboard', z.strictObject({ port: z.number(), mode: z.enum(['open', 'closed']) })],
  ]);

  it('is shown as it is written, wherever any text could stand', () => {
    expect(maskSections(file.tree, known, file.writtenAt)).toEqual({
      environment: 'staging',
      upstream: {
        url: '${SHOP}',
        args: ['--token=***', '-p', '${DB_PASS}', '--api-key', '***', '--password=***', '--verbose', 'x'],
      },
      dashboard: { port: '3100', mode: 'open' },
      unknown: { note: '${TOKEN}', plain: 'words' },
    });
  });

  it('stands in no log, where the variable is named like a secret', () => {
    const scrub = createScrub(secretsOf(file.tree, known, file));
    expect(scrub('child tok-9f2e7a11 -p pa55word! literal-key literal-pass staging open 3100')).toBe(
      'child *** -p *** *** *** staging open 3100',
    );
  });
});
