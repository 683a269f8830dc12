import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { byteSize, duration, durationMs, durationText, sizeBytes, sizeText } from '../../../kernel/config/duration.ts';
import { composeJsonSchema } from '../../../kernel/config/json-schema.ts';
import { configurationPage } from '../../../kernel/config/reference.ts';
import type { Section } from '../../../kernel/config/schema.ts';
import { secret } from '../../../kernel/config/secret.ts';

const sections: readonly Section[] = [
  { name: 'version', schema: z.literal('1').default('1').describe('Version of this file.'), owner: 'kernel' },
  {
    name: 'listen',
    owner: 'kernel',
    schema: z.strictObject({
      port: z.number().int().min(0).max(65535).default(3000).describe('Port of /mcp.'),
      hosts: z.array(z.string()).default([]).describe('Names | that are accepted.'),
      drain: duration().default(10_000).describe('How long calls may finish.'),
      body_limit: byteSize().default(4 * 1024 * 1024),
      open: z.boolean().optional(),
    }),
  },
  {
    name: 'channels',
    owner: 'approvals',
    schema: z
      .record(
        z.string(),
        z.discriminatedUnion('type', [
          z.strictObject({ type: z.literal('slack'), token: secret().describe('Bot token.'), to: z.string() }),
          z.strictObject({
            type: z.literal('webhook'),
            url: z.url().describe('Where to post.'),
            headers: z.record(z.string(), secret(z.string())).optional(),
          }),
        ]),
      )
      .describe('Whom to ask.'),
  },
  { name: 'dry-run', owner: 'dry-run', schema: z.strictObject({}) },
];

describe('the JSON Schema', () => {
  const schema = composeJsonSchema(new Map(sections.map((section) => [section.name, section.schema])));
  const read = z.fromJSONSchema(schema as never);
  const validate = (value: unknown) => read.safeParse(value).success;

  it('accepts what Helio accepts, variables too', () => {
    const good = {
      version: '1',
      listen: { port: '${PORT}', drain: '300s', body_limit: '4MiB', open: '${OPEN:-true}' },
      channels: { ops: { type: 'slack', token: '${T}', to: '#a' } },
    };
    expect(read.safeParse(good).error).toBeUndefined();
    expect(validate({})).toBe(true);
  });

  it.each([
    [{ unknown: 1 }],
    [{ listen: { prot: 1 } }],
    [{ listen: { port: 70000 } }],
    [{ listen: { port: '80' } }],
    [{ listen: { drain: 300 } }],
    [{ listen: { drain: 'soon' } }],
    [{ channels: { ops: { type: 'slak' } } }],
    [{ version: '2' }],
  ])('refuses %j', (bad) => expect(validate(bad)).toBe(false));

  it('carries descriptions, written defaults, and marks secrets', () => {
    const { listen, channels } = schema['properties'] as any;
    expect(listen.properties.port).toMatchObject({ description: 'Port of /mcp.', default: 3000 });
    expect(listen.properties.drain.default).toBe('10s');
    expect(listen.properties.body_limit.default).toBe('4MiB');
    expect(JSON.stringify(channels)).toContain('"writeOnly":true');
    expect(channels.description).toBe('Whom to ask.');
  });
});

it('the reference has a row for every key', () => {
  expect(configurationPage(sections).slice(configurationPage(sections).indexOf('## version'))).toBe(`## version

Version of this file.

| key | type | default | meaning |
|---|---|---|---|
| (the value) | \`1\` | \`"1"\` | Version of this file. |

## listen

| key | type | default | meaning |
|---|---|---|---|
| \`port\` | whole number | \`3000\` | Port of /mcp. |
| \`hosts\` | list of text | \`[]\` | Names \\| that are accepted. |
| \`drain\` | duration | \`"10s"\` | How long calls may finish. |
| \`body_limit\` | size | \`"4MiB"\` |  |
| \`open\` | true or false |  |  |

## channels

Read by the plugin \`approvals\`.

Whom to ask.

| key | type | default | meaning |
|---|---|---|---|
| \`<name>.type\` | \`slack\`, \`webhook\` | **required** |  |
| \`<name>.token\` | text | **required** | Bot token. Secret: never shown. Only with type slack. |
| \`<name>.to\` | text | **required** | Only with type slack. |
| \`<name>.url\` | text | **required** | Where to post. Only with type webhook. |
| \`<name>.headers\` | group |  | Only with type webhook. |
| \`<name>.headers.<name>\` | text |  | Secret: never shown. Only with type webhook. |

## dry-run

Read by the plugin \`dry-run\`.

It has no keys.
`);
});

it('a duration and a size are written the shortest way, and read back', () => {
  expect([0, 1, 1500, 60_000, 5_400_000, 86_400_000].map(durationText)).toEqual([
    '0ms',
    '1ms',
    '1500ms',
    '1m',
    '90m',
    '1d',
  ]);
  expect([0, 1, 1024, 4194304, 1500].map(sizeText)).toEqual(['0B', '1B', '1KiB', '4MiB', '1500B']);
  for (const ms of [0, 7, 90_000, 3_600_000]) expect(durationMs(durationText(ms))).toBe(ms);
  for (const bytes of [0, 7, 2048, 3_000_000]) expect(sizeBytes(sizeText(bytes))).toBe(bytes);
});
