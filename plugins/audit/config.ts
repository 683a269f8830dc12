/** The `audit` section of helio.yaml. */
import { durationMs } from '@gethelio/proxy/plugin';
import { z } from 'zod';
import { redactRule } from './redact/rules.ts';

const sizeUnits = { kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 } as const;
const writtenSize = /^(\d+(?:\.\d+)?)\s*(kb|mb|gb|tb)$/i;

const age = z
  .string()
  .refine((text) => (durationMs(text) ?? 0) > 0, 'must be a duration such as 24h or 90d')
  .transform((text) => durationMs(text)!);
const size = z
  .string()
  .regex(writtenSize, 'must be a size such as 500MB or 20GB')
  .transform((text) => {
    const [, count, unit] = writtenSize.exec(text)!;
    return Math.round(Number(count) * sizeUnits[unit!.toLowerCase() as keyof typeof sizeUnits]);
  })
  .refine((bytes) => bytes >= 1e6, 'must be at least 1MB');

/** `90d`, `20GB`, `{ age: 90d, size: 20GB }` or `forever`. Unlike elsewhere a plain number is refused: days or bytes? */
const retention = z.union([
  z.literal('forever').transform(() => ({ ageMs: undefined, sizeBytes: undefined })),
  age.transform((ageMs) => ({ ageMs, sizeBytes: undefined })),
  size.transform((sizeBytes) => ({ ageMs: undefined, sizeBytes })),
  z
    .strictObject({
      age: age.optional().describe('Rows older than this go.'),
      size: size.optional().describe('The oldest rows go when the database is larger than this.'),
    })
    .transform((limits) => ({ ageMs: limits.age, sizeBytes: limits.size })),
]);
export type Retention = z.output<typeof retention>;

export const auditConfig = z.strictObject({
  storage: z.literal('sqlite').default('sqlite').describe('Where rows are kept. Only sqlite: other places are sinks.'),
  path: z
    .string()
    .min(1)
    .optional()
    .describe('The database file, relative to helio.yaml. Default: .helio/audit.db. A change needs a restart.'),
  retention: retention
    .prefault('90d')
    .describe(
      'How long rows are kept: 90d, a size (20GB), both ({ age: 90d, size: 20GB }) or forever. Whole segments go; a signed stub stays.',
    ),
  include_responses: z
    .union([z.boolean(), z.literal('summary')])
    .default(true)
    .describe('true: answers are kept whole; summary: their shape and size, no values; false: nothing of them.'),
  max_response_bytes: z
    .int()
    .min(0)
    .max(64 * 1024 * 1024)
    .default(4 * 1024 * 1024)
    .describe('Answers larger than this are kept as a summary.'),
  durability: z
    .enum(['strict', 'relaxed'])
    .default('strict')
    .describe(
      'strict: an answer leaves when its row is committed, and calls are refused while rows cannot be written. relaxed: within 100 ms; what was lost is counted.',
    ),
  fsync: z.boolean().default(false).describe('true: rows survive power loss, not only a crash of the process.'),
  redact: z
    .array(redactRule)
    .default([])
    .describe('Keys and paths that are masked, hashed or dropped before anything is stored or shown.'),
  trace: z
    .enum(['refused', 'all', 'none'])
    .default('refused')
    .describe('Which rows keep the trace of every rule tried.'),
});
export type AuditConfig = z.output<typeof auditConfig>;
